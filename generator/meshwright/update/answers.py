"""The answers file: what it records, and where; Copier writes it, an update reads and replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from meshwright.errors import MeshwrightError
from meshwright.yaml import load_documents

FILE = ".copier-answers.yml"
SOURCE = "_src_path"
COMMIT = "_commit"


@dataclass(frozen=True)
class Answers:
    """``commit`` and ``source`` as they are recorded; ``given`` every other answer.

    ``lines`` gives the line on which a key stands, from 1; ``name`` is the file's path for messages.
    """

    name: str
    commit: str
    source: str
    given: Mapping[str, Any]
    lines: Mapping[str, int]

    def place(self, key: str) -> str:
        """Where an answer stands, as file:line:column."""
        return f"{self.name}:{self.lines[key]}:1" if key in self.lines else self.name


def read_answers(name: str, text: str) -> Answers:
    """Answers from the text of an answers file.

    Raises MeshwrightError when it is no YAML, a conflict was left in it, or it names no template and version.
    """
    if any(line.startswith("<<<<<<< ") for line in text.splitlines()):
        raise MeshwrightError(
            f"{name}: a merge left conflict markers in it; take one side whole, and give what the other "
            "side had with `meshwright update --answers`"
        )
    # For its faults with their place; the values are read below as Copier reads them, by YAML 1.1.
    load_documents(text, name)
    data = yaml.safe_load(text)
    if not isinstance(data, dict):
        raise MeshwrightError(f"{name}: not the answers of a `copier copy`: it holds no mapping")
    for key, what in ((SOURCE, "where its template is"), (COMMIT, "from which version of it")):
        if not isinstance(data.get(key), str) or not data[key]:
            raise MeshwrightError(
                f"{name}: no {key}: it does not say {what}; "
                "a copy from a folder without Git cannot be updated, `copier copy` from a URL can"
            )
    return Answers(name, data[COMMIT], data[SOURCE], given_in(data), _lines(text))


def given_in(data: Mapping[Any, Any]) -> dict[str, Any]:
    """The answers among what an answers file holds; Copier's own keys begin with an underscore."""
    return {str(key): value for key, value in data.items() if not str(key).startswith("_")}


def with_source(text: str, replacement: str) -> str:
    """``text`` with the value of ``_src_path`` written as ``replacement``, a scalar of YAML as it stands."""
    node = _value(text, SOURCE)
    if node is None:
        return text
    return text[: node.start_mark.index] + replacement + text[node.end_mark.index :]


def source_as_written(text: str) -> str | None:
    """The value of ``_src_path`` as its file writes it, quotes and all; None when there is none."""
    node = _value(text, SOURCE)
    return None if node is None else text[node.start_mark.index : node.end_mark.index]


def _value(text: str, key: str) -> yaml.Node | None:
    # The C parser counts bytes beyond ASCII otherwise than Python counts characters.
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    return next((value for name, value in root.value if name.value == key), None)


def _lines(text: str) -> dict[str, int]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    return {str(name.value): name.start_mark.line + 1 for name, _ in pairs}
