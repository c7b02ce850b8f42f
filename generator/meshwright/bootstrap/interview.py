"""Asks all questions in the terminal, shows the answers, and lets any of them be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.bootstrap.given import Given, is_computed
from meshwright.bootstrap.prompts import DEFAULT, INDENT, ask, choose, shown, wrapped
from meshwright.bootstrap.questions import Kind, Question, Questionnaire, RefusedAnswer
from meshwright.deadline import lift
from meshwright.inert import printable
from meshwright.printing import in_colour, tell

_BOLD, _RED, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[0m"
# In these kinds, picking the default counts as accepting it.
_PICKED = (Kind.ONE, Kind.MANY, Kind.YES_NO)
_NO, _YES, _STOP = "no", "yes", "stop"


class Interview:
    """One conversation. An accepted default is computed again when the answers that it depends on change."""

    def __init__(self, questionnaire: Questionnaire, given: Given, goal: str) -> None:
        """``goal`` is what will be written, for the summary."""
        self._questionnaire = questionnaire
        self._goal = goal
        self._given = dict(given.answers)
        self._taken: set[str] = set()
        self._again: str | None = None
        self._asked_any = False
        self._shown: dict[str, str] = {}
        self._names = [
            name for name, details in questionnaire.definitions.items() if not is_computed(details)
        ]

    def hold(self) -> Mapping[str, Any]:
        """Ask, and show the answers until the user accepts them. Returns those that are not defaults.

        Raises EOFError if the user stops.
        """
        open_questions = [name for name in self._names if name not in self._given]
        if open_questions:
            tell(
                wrapped(
                    "Enter takes the default, Tab edits it, Ctrl-C stops. Nothing is written before the end.",
                    indent="",
                )
            )
        # A person may think for as long as they like.
        lift()
        while True:
            self._shown = {}
            self._questionnaire.walk(self._answer, self._given)
            if not self._asked_any:
                return self._given
            self._summarize()
            decision = choose(
                "Change any?",
                [
                    (f"No, write {self._goal}", _NO),
                    ("Yes, choose the answer to change", _YES),
                    ("Stop, and write nothing", _STOP),
                ],
            )
            if decision == _STOP:
                raise EOFError
            if decision == _NO:
                return self._given
            self._again = choose(
                "Which one?", [(f"{name}: {value}", name) for name, value in self._shown.items()]
            )

    def _answer(self, question: Question) -> Any:
        name = question.name
        reason = None
        try:
            answer = self._standing(question)
        except RefusedAnswer as refusal:
            answer, reason = DEFAULT, refusal
        if answer is DEFAULT:
            self._asked_any = True
            answer = self._ask(question, reason)
        self._shown[name] = "***" if question.kind is Kind.SECRET else shown(answer) or '""'
        return answer

    def _standing(self, question: Question) -> Any:
        """An answer that need not be asked for, or DEFAULT. Raises RefusedAnswer if it no longer fits."""
        name = question.name
        if name == self._again:
            return DEFAULT
        if name in self._given:
            return question.accept(self._given[name])
        return question.default if name in self._taken and question.has_default else DEFAULT

    def _ask(self, question: Question, reason: RefusedAnswer | None) -> Any:
        name = question.name
        self._introduce(question)
        if reason is not None:
            self._complain(question, reason, self._given.get(name))
        text = ""
        while True:
            current, is_default = self._current(question)
            raw = ask(question, text=text, current=current)
            try:
                if raw is DEFAULT:
                    answer = current
                elif is_default and question.kind in _PICKED and raw == current:
                    answer, raw = current, DEFAULT
                else:
                    answer = question.accept(raw)
            except RefusedAnswer as refusal:
                self._complain(question, refusal, raw)
                text = raw if isinstance(raw, str) and question.kind is Kind.TEXT else ""
                continue
            if raw is not DEFAULT:
                self._given[name] = raw
                self._taken.discard(name)
            elif is_default:
                self._given.pop(name, None)
                self._taken.add(name)
            self._again = None if self._again == name else self._again
            value = "***" if question.kind is Kind.SECRET else shown(answer)
            tell(wrapped(f"{name}: {value}"))
            return answer

    def _current(self, question: Question) -> tuple[Any, bool]:
        """What Enter takes, and whether that is the template's default."""
        name = question.name
        try:
            if name in self._given:
                return question.accept(self._given[name]), False
        except RefusedAnswer:
            pass
        try:
            return (question.default, True) if question.has_default else (None, False)
        except RefusedAnswer:
            return None, False

    def _introduce(self, question: Question) -> None:
        number = f"{self._names.index(question.name) + 1}/{len(self._names)}"
        lines = wrapped(question.help or question.name, first=number.ljust(len(INDENT))).splitlines()
        if in_colour():
            lines = [f"{_BOLD}{line}{_PLAIN}" for line in lines]
        tell("\n" + "\n".join(lines) + "\n", colour=in_colour())

    def _complain(self, question: Question, refusal: RefusedAnswer, raw: Any = None) -> None:
        """The whole reason, wrapped: a line below the prompt would be cut where the terminal ends."""
        if raw and question.kind is not Kind.SECRET:
            tell(wrapped(f"{question.name}: {shown(raw)}"))
        text = wrapped(str(refusal), indent=INDENT + "  ", first=INDENT + "! ").rstrip("\n")
        if in_colour():
            text = "\n".join(f"{_RED}{line}{_PLAIN}" for line in text.splitlines())
        tell(f"{text}\n", colour=in_colour())

    def _summarize(self) -> None:
        column = max(map(len, self._shown), default=0) + 2
        tell("\nYour answers:\n\n")
        for name, value in self._shown.items():
            begin = f"  {name.ljust(column)}"
            tell(wrapped(printable(value), indent=" " * len(begin), first=begin))
        tell("\n")
