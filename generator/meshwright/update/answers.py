"""The answers file: Copier writes it, an update reads and replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from meshwright.errors import MeshwrightError
from meshwright.yaml import conflict_in, load_documents
from meshwright.yaml.yaml11 import load_yaml11

FILE = ".copier-answers.yml"
SOURCE = "_src_path"
COMMIT = "_commit"


@dataclass(frozen=True)
class Answers:
    """``commit`` and ``source`` as recorded; ``given`` contains every other answer.

    ``lines`` maps each key to its line, from 1; ``name`` is the file's path for messages.
    """

    name: str
    commit: str
    source: str
    given: Mapping[str, Any]
    lines: Mapping[str, int]

    def place(self, key: str) -> str:
        """The position of an answer as file:line:column."""
        return f"{self.name}:{self.lines[key]}:1" if key in self.lines else self.name


def read_answers(name: str, text: str) -> Answers:
    """Answers from the text of an answers file.

    Raises MeshwrightError if it is not YAML, contains conflict markers, or lacks the template or its version.
    """
    if conflict := conflict_in(text):
        raise MeshwrightError(
            f"{name}:{conflict.line}:1: {conflict.problem}; keep one side completely, and pass the "
            "answers of the other side with `meshwright update --answers`"
        )
    # Only for errors with positions; the values are read below by YAML 1.1, as Copier reads them.
    load_documents(text, name)
    data = load_yaml11(text, name)
    if not isinstance(data, dict):
        raise MeshwrightError(f"{name}: not the answers of a `copier copy`: it is not a mapping")
    for key, what in ((SOURCE, "the template's location"), (COMMIT, "the template's version")):
        if not isinstance(data.get(key), str) or not data[key]:
            raise MeshwrightError(
                f"{name}: no {key}, which records {what}; "
                "only a `copier copy` from a Git repository can be updated, not one from a plain folder"
            )
    return Answers(name, data[COMMIT], data[SOURCE], given_in(data), _lines(text))


def given_in(data: Mapping[Any, Any]) -> dict[str, Any]:
    """The answers in an answers file, without Copier's own keys, which begin with an underscore."""
    return {str(key): value for key, value in data.items() if not str(key).startswith("_")}


def as_recorded(given: Mapping[str, Any], text: str) -> dict[str, Any]:
    """``given`` with the values and types that Copier recorded for them in ``text``, an answers file."""
    recorded = given_in(load_yaml11(text, "the recorded answers") or {})
    return {question: recorded.get(question, value) for question, value in given.items()}


def with_source(text: str, replacement: str) -> str:
    """``text`` with the value of ``_src_path`` replaced by ``replacement``, a YAML scalar with its quotes."""
    node = _value(text, SOURCE)
    if node is None:
        return text
    return text[: node.start_mark.index] + replacement + text[node.end_mark.index :]


def source_as_written(text: str) -> str | None:
    """The value of ``_src_path`` as written in its file, with quotes; None if there is none."""
    node = _value(text, SOURCE)
    return None if node is None else text[node.start_mark.index : node.end_mark.index]


def _value(text: str, key: str) -> yaml.Node | None:
    # Not the C parser: its marks count bytes, and Python indexes characters.
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    return next((value for name, value in root.value if name.value == key), None)


def _lines(text: str) -> dict[str, int]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    return {str(name.value): name.start_mark.line + 1 for name, _ in pairs}
