"""Runs one kubeconform process for all schema checks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.check.cache.buildcache import BuildCache
from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.check.schema.schemas import Schemas
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding
from meshwright.jsontext import parse_json
from meshwright.tools import Tool, locate
from meshwright.words import plural
from meshwright.yaml import flow

# A laptop validates a thousand objects per second; a busy machine gets a hundred times as long.
_BASE_SECONDS, _OBJECTS_PER_SECOND = 60, 10
_MEMORY = 2 * 2**30
# The length to which kubeconform's message is cut in an internal error.
_MAX_MESSAGE = 200
# Other data is wrapped in a Kubernetes object as its only field, with a schema that refers to its own.
_WRAPPER = "meshwright.wrapped/v1"

# kubeconform reports documents by file, kind, name and version. Opening a file costs more than ten documents.
_DOCUMENTS_PER_FILE = 100
_Identity = tuple[str, str, str]


@dataclass(frozen=True)
class _Document:
    """A check as text for kubeconform; the text is None if the data cannot be converted to JSON."""

    item: SchemaCheck
    text: str | None
    verdict: str = ""


@dataclass
class _Answers:
    """kubeconform's results by document, and results that could not be assigned to a document."""

    refused: list[tuple[_Document, str]] = field(default_factory=list)
    unclear: list[_Document] = field(default_factory=list)
    # Why there is no result at all, and for how many objects.
    failure: str = ""


class Kubeconform:
    """Writes checks to files, many objects to one, and maps the results back."""

    def __init__(self, schemas: Schemas, workspace: Path, memory: BuildCache | None = None) -> None:
        self._memory = memory
        self._schemas = schemas
        self._workspace = workspace
        self._wrappers = workspace / "wrappers"
        self._kinds: dict[Path, str] = {}
        self._runs = 0

    def judge(self, checks: Iterable[SchemaCheck]) -> tuple[list[Finding], Tool | None]:
        """Findings for everything that was refused, and the tool if it was needed.

        If kubeconform itself fails, there is a finding. Raises MeshwrightError if it is missing.
        """
        documents = [self._document(item) for item in checks]
        if not documents:
            return [], None
        tool = locate("kubeconform")
        waiting = [document for document in documents if not self._is_known(document)]
        if not waiting:
            return [], tool
        findings: list[Finding] = []
        self._wrappers.mkdir()
        written = [document for document in waiting if document.text is not None]
        answers = self._ask(tool, written)
        if answers.unclear:
            # Identify them by their files, with one document per file.
            again = self._ask(tool, answers.unclear, alone=True)
            answers.refused += again.refused
            answers.failure = answers.failure or again.failure
        answers.refused += [(item, "it cannot be written as YAML") for item in waiting if item.text is None]
        for document, text in answers.refused:
            message = " ".join(text.split())
            with contained(findings, f"explaining kubeconform's message: {message[:_MAX_MESSAGE]}"):
                findings.extend(document.item.explain(message))
        if answers.failure:
            fix = "run the check again, and report a bug if this persists"
            findings.append(Finding("kubeconform/no-answer", Position("."), answers.failure, fix))
        elif self._memory is not None:
            refused = {id(document) for document, _ in answers.refused}
            for document in waiting:
                if id(document) not in refused:
                    self._memory.keep_valid(document.verdict)
        return findings, tool

    def _document(self, item: SchemaCheck) -> _Document:
        try:
            text = flow(item.data, default=str)
        except (TypeError, ValueError, RecursionError):
            # YAML allows keys that are dates, and cycles; JSON does not.
            return _Document(item, None)
        verdict = self._memory.verdict(item.schema, text) if self._memory is not None else ""
        return _Document(item, text, verdict)

    def _is_known(self, document: _Document) -> bool:
        memory = self._memory
        return memory is not None and document.text is not None and memory.was_valid(document.verdict)

    def _ask(self, tool: Tool, documents: Sequence[_Document], *, alone: bool = False) -> _Answers:
        folder = self._workspace / f"submitted{self._runs}"
        self._runs += 1
        folder.mkdir()
        answers = _Answers()
        places: dict[tuple[str, _Identity | None], _Document] = {}
        members: dict[str, list[_Document]] = {}
        for file, identity, document in _assign_files(documents, alone=alone):
            places[file, identity] = document
            members.setdefault(file, []).append(document)
        for file, together in members.items():
            text = "\n---\n".join(self._text(document) for document in together)
            (folder / f"{file}.yaml").write_text(text, encoding="utf-8")
        unclear: dict[str, list[_Document]] = {}
        for result in self._results(tool, folder, len(documents), answers):
            file = Path(str(result.get("filename"))).stem
            here = (str(result.get("kind")), str(result.get("name")), str(result.get("version")))
            refused = places.get((file, here), places.get((file, None)))
            if refused is not None:
                answers.refused.append((refused, str(result.get("msg", ""))))
            elif file in members:
                unclear[file] = members[file]
        # Documents in such a file that were identified by name are already known.
        known = {id(document) for document, _ in answers.refused}
        answers.unclear = [item for items in unclear.values() for item in items if id(item) not in known]
        return answers

    def _text(self, document: _Document) -> str:
        item = document.item
        if item.is_object:
            return document.text or ""
        kind = self._kinds.get(item.schema)
        if kind is None:
            kind = self._kinds[item.schema] = f"schema{len(self._kinds)}"
            wrapper = {"type": "object", "properties": {"data": {"$ref": item.schema.as_uri()}}}
            (self._wrappers / f"{kind}.json").write_text(json.dumps(wrapper), encoding="utf-8")
        return f'{{"apiVersion": "{_WRAPPER}", "kind": "{kind}", "data": {document.text}}}'

    def _results(self, tool: Tool, folder: Path, count: int, answers: _Answers) -> list[Mapping[str, Any]]:
        """kubeconform's results; if there are none, ``answers.failure`` says why."""
        from meshwright import programs

        lost = f"{plural(count, 'object')} not validated"
        command = [str(tool.path), "-strict", "-output", "json", "-n", str(os.cpu_count() or 1)]
        command += ["-kubernetes-version", f"{self._schemas.minor}.0"]
        for location in (*self._schemas.locations, f"{self._wrappers}/{{{{.ResourceKind}}}}.json"):
            command += ["-schema-location", location]
        try:
            ended = programs.run(
                [*command, str(folder)],
                folder=self._workspace,
                environment=programs.bare_environment(self._workspace),
                seconds=_BASE_SECONDS + count / _OBJECTS_PER_SECOND,
                network=False,
                bounds=programs.Bounds(memory=_MEMORY),
            )
        except (OSError, programs.ProgramTimeout) as error:
            answers.failure = f"{error}: {lost}"
            return []
        try:
            found = parse_json(ended.output)["resources"]
            return [item for item in found if isinstance(item, Mapping)]
        except (ValueError, KeyError, TypeError):
            lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            why = lines[0] if lines else f"status {ended.status}"
            answers.failure = f"kubeconform gave no result ({why}): {lost}"
            return []


def _assign_files(
    documents: Sequence[_Document], *, alone: bool
) -> Iterable[tuple[str, _Identity | None, _Document]]:
    """Each document with its file, and with its identity unless it is alone in the file."""
    # Two documents with the same identity, for example in two namespaces, must not share a file.
    met: dict[_Identity, int] = {}
    sizes: dict[int, int] = {}
    for number, document in enumerate(documents):
        identity = None if alone else _identity(document.item)
        if identity is None:
            yield f"alone-{number}", None, document
            continue
        turn = met[identity] = met.get(identity, -1) + 1
        sizes[turn] = sizes.get(turn, -1) + 1
        yield f"{turn}-{sizes[turn] // _DOCUMENTS_PER_FILE}", identity, document


def _identity(item: SchemaCheck) -> _Identity | None:
    """The identity by which kubeconform reports an object; None if it may report another."""
    if not item.is_object or not isinstance(item.data, Mapping):
        return None
    metadata = item.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    found = (item.data.get("kind"), name, item.data.get("apiVersion"))
    if all(isinstance(part, str) and part.isprintable() and part for part in found):
        return (str(found[0]), str(found[1]), str(found[2]))
    return None
