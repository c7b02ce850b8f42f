"""The answers of the command line: ``-d KEY=VALUE`` and ``--data-file``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from meshwright.errors import MeshwrightError, together
from meshwright.words import did_you_mean
from meshwright.yaml import load_documents
from meshwright.yaml.yaml11 import load_yaml11


@dataclass(frozen=True)
class Given:
    """``answers`` as they were written, and where each was given, for messages."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


def read_given(pairs: Sequence[str], data_file: Path | None) -> Given:
    """Read both; ``-d`` takes precedence over the file. Raises MeshwrightError for every fault together."""
    answers, places = _read_file(data_file) if data_file else ({}, {})
    faults = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key.strip() or not equals:
            faults.append(f"-d {pair}: write -d KEY=VALUE, such as -d nodes=3")
            continue
        answers[key.strip()] = value
        places[key.strip()] = f"-d {pair}"
    if faults:
        raise together(faults)
    return Given(answers, places)


def refuse_unknown(given: Given, questions: Mapping[str, Any]) -> None:
    """Raise MeshwrightError for each answer to a question that does not exist, or that is computed.

    ``questions`` are those of copier.yml with their definitions; nothing is refused if it is empty.
    """
    if questions and (faults := list(_unknown(given, questions))):
        raise together(faults)


def _unknown(given: Given, questions: Mapping[str, Any]) -> Iterator[str]:
    asked = [name for name, details in questions.items() if not is_computed(details)]
    for name in given.answers:
        if name in asked:
            continue
        place = given.places[name]
        if name in questions:
            yield f"{place}: leave it out, because the template computes '{name}' from the other answers"
        else:
            yield f"{place}: there is no question '{name}'{did_you_mean(name, asked) or _all(asked)}"


def is_computed(details: Any) -> bool:
    """Whether a definition in copier.yml is a computed value, which is never asked."""
    return isinstance(details, Mapping) and details.get("when") is False


def _all(names: Iterable[str]) -> str:
    return f"; the questions are {', '.join(names)}"


def _read_file(file: Path) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise MeshwrightError(f"{file}: save it as UTF-8; it must be a YAML file with answers") from None
    except OSError as error:
        raise MeshwrightError(f"--data-file {file}: {error.strerror}") from None
    # For errors with an explanation.
    load_documents(text, str(file))
    try:
        # As Copier reads it, by YAML 1.1.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise MeshwrightError(f"{file}: this is not YAML: {error}") from None
    data = load_yaml11(text, str(file))
    if data is None:
        return {}, {}
    if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
        raise MeshwrightError(f"{file}:1:1: write one KEY: VALUE per line, such as nodes: 3")
    lines = {str(key.value): key.start_mark.line + 1 for key, _ in root.value}
    # An answers file of another repository serves too: Copier's own keys begin with an underscore.
    answers = {str(key): value for key, value in data.items() if not str(key).startswith("_")}
    return answers, {key: f"{file}:{lines.get(key, 1)}:1" for key in answers}
