"""Validates the answers of a generated repository against their schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.resources import schema_root
from meshwright.schemaproblems import Problem, problems
from meshwright.yaml import Document, YamlFault

ANSWERS = ".copier-answers.yml"
# The prefix of Copier's own keys, which the answers of every template have.
_COPIER_PREFIX = "_"


def answers_checks(files: RepositoryFiles) -> Iterator[Finding | SchemaCheck]:
    """The check of ``.copier-answers.yml``, unless it is missing or belongs to another template."""
    if not files.is_file(ANSWERS):
        return
    try:
        documents = files.documents(ANSWERS)
    except YamlFault as fault:
        yield yaml_finding(fault, "schema/yaml")
        return
    path = schema_root() / "answers.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    if not documents or not _is_ours(documents[0].data, schema):
        return
    answers = documents[0]
    given = _without_copier(answers.data)
    yield SchemaCheck(given, path, lambda _: _explain(answers, problems(schema, given)))


def has_our_answers(files: RepositoryFiles) -> bool:
    """Whether the answers can be read and are those of this template."""
    return bool(our_answers(files, ANSWERS))


def our_answers(files: RepositoryFiles, path: str) -> Document | None:
    """The answers of this template in a file; None if it is something else or cannot be read."""
    try:
        documents = files.documents(path)
    except YamlFault:
        return None
    schema = json.loads((schema_root() / "answers.schema.json").read_text(encoding="utf-8"))
    return documents[0] if documents and _is_ours(documents[0].data, schema) else None


def _explain(answers: Document, found: list[Problem]) -> Iterator[Finding]:
    for problem in found:
        unknown = problem.code == "unknown"
        text = f"unknown answer '{problem.text}'{problem.hint}" if unknown else f"answer {problem.text}"
        fix = "remove it, or run `copier update`" if unknown else ""
        yield Finding(f"schema/{problem.code}", answers.position(problem.pointer, key=unknown), text, fix)


def _is_ours(data: Any, schema: Mapping[str, Any]) -> bool:
    """Whether these are answers of this template, by its source or because most questions are known."""
    if not isinstance(data, dict):
        return False
    if "meshwright" in str(data.get("_src_path", "")).lower():
        return True
    questions = [key for key in data if not str(key).startswith(_COPIER_PREFIX)]
    known = [key for key in questions if key in schema.get("properties", {})]
    return len(known) > 2 and 2 * len(known) >= len(questions)


def _without_copier(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if not str(key).startswith(_COPIER_PREFIX)}
