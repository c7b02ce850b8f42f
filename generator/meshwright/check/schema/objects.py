"""Validates every built object against the schema of its kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.check.schema.schemas import Schemas
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding, NotSeen
from meshwright.flux.substitution import unresolved
from meshwright.manifests.generated import place_of
from meshwright.manifests.source import source_of
from meshwright.manifests.unit import BuiltObject
from meshwright.schemaproblems import Problem, problems
from meshwright.yaml.pointer import Pointer, value_at

_NOTIFICATION = "notification.toolkit.fluxcd.io"


def object_checks(repository: Repository, schemas: Schemas) -> Iterator[Finding | SchemaCheck]:
    """The checks of all distinct objects; an object without a schema is a finding, or not seen."""
    submitted: set[str] = set()
    for root, built in repository.objects():
        results: list[Finding | SchemaCheck] = []
        with contained(results, f"reading {built.title}", Position(root.position.path), built.title):
            schema = schemas.file(built)
            if schema is None:
                results.extend(_without_schema(repository, schemas, built))
            else:
                # Clusters that share a base also share its faults and their positions.
                identity = f"{root.complete} {built.origin} {json.dumps(built.data, default=str)}"
                if identity not in submitted:
                    submitted.add(identity)
                    results.append(_schema_check(repository, schemas, root, built, schema))
        yield from results


def _without_schema(repository: Repository, schemas: Schemas, built: BuiltObject) -> Iterator[Finding]:
    missing = schemas.missing(built)
    at = place_of(repository.files, repository.index, built, ("apiVersion",))
    if missing.is_fault:
        yield Finding("kubeconform/unknown-kind", at, missing.message, subject=built.title)
    else:
        repository.not_seen.append(NotSeen(built.title, missing.message, at))


def _schema_check(
    repository: Repository, schemas: Schemas, root: Root, built: BuiltObject, schema: Path
) -> SchemaCheck:
    def explain(message: str) -> Iterator[Finding]:
        found = problems(schemas.load(schema), built.data)
        nulls = set(_null_fields(repository, root, built, found))
        if nulls:
            found = list(problems(schemas.load(schema), _without(built.data, nulls)))
        for problem in found:
            if _is_open_list(built, problem):
                at = place_of(repository.files, repository.index, built, problem.pointer)
                reason = f"kind {problem.value} is not one of Flux's own, but may have been added to the CRD"
                repository.not_seen.append(NotSeen(built.title, reason, at))
            elif root.complete or not unresolved(problem.value):
                yield _finding(repository, built, problem)
        if not found and not nulls:
            at = place_of(repository.files, repository.index, built)
            yield Finding("kubeconform/invalid", at, f"{built.title}: {message}", subject=built.title)

    return SchemaCheck(built.data, schema, explain, is_object=True)


def _null_fields(
    repository: Repository, root: Root, built: BuiltObject, found: Iterable[Problem]
) -> Iterator[Pointer]:
    """The fields that are null where the schema refuses it: the API server drops them.

    source: apiextensions-apiserver pkg/apiserver/schema/defaulting/prune.go,
    PruneNonNullableNullsWithoutDefaults.
    """
    source = source_of(repository.files, built)
    for problem in found:
        if problem.code not in ("type", "value"):
            continue
        # kustomize writes "" for a null in flow style; a file that is applied as it is has the null.
        is_null = problem.value is None or (
            problem.value == ""
            and not _is_built_by_kustomize(root)
            and source is not None
            and source.holds(problem.pointer)
            and value_at(source.data, problem.pointer) is None
        )
        if is_null:
            yield problem.pointer


def _without(data: Any, fields: set[Pointer], pointer: Pointer = ()) -> Any:
    """``data`` without fields of mappings; items of lists stay."""
    if isinstance(data, Mapping):
        return {
            key: _without(value, fields, (*pointer, key))
            for key, value in data.items()
            if (*pointer, key) not in fields
        }
    if isinstance(data, list):
        return [_without(value, fields, (*pointer, number)) for number, value in enumerate(data)]
    return data


def _is_built_by_kustomize(root: Root) -> bool:
    if root.kind is RootKind.ARGOCD:
        return root.unit is None or root.unit.manifest is None
    return root.kind is not RootKind.FILE


def _is_open_list(built: BuiltObject, problem: Problem) -> bool:
    """Whether the value is an event source kind, which operators such as flux-operator add to Flux's CRDs."""
    kinds = built.group == _NOTIFICATION and problem.pointer[-1:] == ("kind",) and problem.code == "value"
    return kinds and "did you mean" not in problem.text


def _finding(repository: Repository, built: BuiltObject, problem: Problem) -> Finding:
    unknown = problem.code == "unknown"
    text = problem.text
    if unknown:
        text = f"unknown field '{text}': {built.kind} {built.api_version} has no such field{problem.hint}"
    if built.origin.is_chart:
        text += " (rendered by a chart)"
    source, fix = source_of(repository.files, built), problem.fix
    if source is not None and not source.holds(problem.pointer):
        text += " (set by a patch or transformer, not in this file)"
    elif source is not None and problem.value == "" and value_at(source.data, problem.pointer) is None:
        fix = "remove the key: kustomize turns a null in braces into ''"
    elif source is not None and problem.code == "type" and unresolved(value_at(source.data, problem.pointer)):
        text += "; its value comes from a Flux variable"
        if not isinstance(problem.value, str):
            fix = (
                "add quotes to the variable's value, such as '\"on\"': Flux removes the quotes around ${...}"
            )
    at = place_of(repository.files, repository.index, built, problem.pointer, key=unknown)
    code = "unknown-field" if unknown else problem.code
    return Finding(f"kubeconform/{code}", at, f"{built.title}: {text}", fix, built.title)
