"""What the answers of the command line leave open, found without asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meshwright.bootstrap.given import Given
from meshwright.bootstrap.questions import Question, Questionnaire, RefusedAnswer
from meshwright.errors import MeshwrightError


@dataclass(frozen=True)
class Survey:
    """``faults`` are the refused answers, one line each; ``missing`` the questions without an answer.

    ``required`` are those of the missing ones that have no default.
    """

    faults: tuple[str, ...]
    missing: tuple[str, ...]
    required: tuple[str, ...]


def survey(questionnaire: Questionnaire, given: Given) -> Survey:
    """Go through all questions with the given answers, and with defaults for the others."""
    faults: list[str] = []
    missing: list[str] = []
    required: list[str] = []

    def answer(question: Question) -> Any:
        name = question.name
        if name in given.answers:
            try:
                return question.accept(given.answers[name])
            except RefusedAnswer as refusal:
                faults.append(f"{given.places[name]}: {refusal}")
        else:
            missing.append(name)
        if not question.has_default:
            if name not in given.answers:
                required.append(name)
            return None
        try:
            return question.default
        except RefusedAnswer as refusal:
            if name not in given.answers:
                faults.append(f"-d {name}=VALUE: give an answer, because the default does not fit: {refusal}")
            return None

    try:
        questionnaire.walk(answer, given.answers)
    except MeshwrightError:
        # The template computes with the answers, and a refused one may be missing there.
        if not faults:
            raise
    return Survey(tuple(faults), tuple(missing), tuple(required))
