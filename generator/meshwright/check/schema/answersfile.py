"""Validates the answers files of a generated repository: each by the schema, and all against each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meshwright.apps.clusters import ANSWERS, ClusterAnswers, cluster_files, is_answers, mismatches
from meshwright.check.schema.recordedtemplate import recorded_template
from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.resources import schema_root
from meshwright.schemaproblems import Problem, problems
from meshwright.yaml import Document, YamlFault

# The prefix of Copier's own keys, which the answers of every template have.
_COPIER_PREFIX = "_"


def answers_checks(files: RepositoryFiles) -> Iterator[Finding | SchemaCheck]:
    """The checks of every answers file in the root that belongs to this template."""
    path = schema_root() / "answers.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    found: dict[str, Document] = {}
    for name in [ANSWERS, *cluster_files(files.siblings(ANSWERS))]:
        if not files.is_file(name):
            continue
        try:
            documents = files.documents(name)
        except YamlFault as fault:
            yield yaml_finding(fault, "schema/yaml")
            continue
        if documents and _is_ours(documents[0].data, schema):
            found[name] = documents[0]
            yield _check(documents[0], schema, path)
            yield from recorded_template(documents[0])
    if ANSWERS in found:
        yield from _between(found)


def _check(answers: Document, schema: Mapping[str, Any], path: Path) -> SchemaCheck:
    given = _without_copier(answers.data)
    return SchemaCheck(given, path, lambda _: _explain(answers, problems(schema, given)))


def _between(found: Mapping[str, Document]) -> Iterator[Finding]:
    """What does not fit together in several answers files."""
    answers = [
        ClusterAnswers(name, document.data) for name, document in found.items() if is_answers(document.data)
    ]
    if answers and answers[0].file == ANSWERS:
        for fault in mismatches(answers):
            at = found[fault.file].position((fault.key,))
            yield Finding("schema/clusters", at, fault.text, fault.fix)


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
        fix = "remove it, or run `copier update`" if unknown else problem.fix
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
