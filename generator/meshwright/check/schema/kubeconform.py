"""One kubeconform process over everything that was submitted."""

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
from meshwright.manifests.finding import Finding
from meshwright.manifests.words import plural
from meshwright.tools import Tool, locate
from meshwright.yaml import flow

# A laptop judges a thousand objects in a second; a busy machine gets a hundred times as long.
_SECONDS, _A_SECOND = 60, 10
_MEMORY = 2 * 2**30
# As much of kubeconform's own words as a line about them needs.
_WORDS = 200
# What is no Kubernetes object travels as the only field of one, with a schema that points to its own.
_WRAPPER = "meshwright.wrapped/v1"

# kubeconform names a document by file, kind, name and version; to open a file costs more than to judge ten.
_A_FILE = 100
_Identity = tuple[str, str, str]


@dataclass(frozen=True)
class _Document:
    """A check as text for kubeconform; None when it cannot be written."""

    item: SchemaCheck
    text: str | None
    verdict: str = ""


@dataclass
class _Answers:
    """What kubeconform said about which document, and what it said about none of those it was given."""

    refused: list[tuple[_Document, str]] = field(default_factory=list)
    unclear: list[_Document] = field(default_factory=list)
    # Why there is no answer at all, and for how many.
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
        """Findings about everything that was refused, and the tool if it was needed.

        Where kubeconform itself fails, a finding says so. Raises MeshwrightError when it is missing.
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
            # Told apart by their files: one document a file.
            again = self._ask(tool, answers.unclear, alone=True)
            answers.refused += again.refused
            answers.failure = answers.failure or again.failure
        answers.refused += [(item, "it cannot be written as YAML") for item in waiting if item.text is None]
        for document, said in answers.refused:
            words = " ".join(said.split())
            with contained(findings, f"saying what kubeconform means by: {words[:_WORDS]}"):
                findings.extend(document.item.explain(words))
        if answers.failure:
            fix = "run the check again, and report it if it stays so"
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
            # A key that is a date, or a circle: YAML has both, JSON has neither.
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
        for file, identity, document in _arranged(documents, alone=alone):
            places[file, identity] = document
            members.setdefault(file, []).append(document)
        for file, together in members.items():
            text = "\n---\n".join(self._text(document) for document in together)
            (folder / f"{file}.yaml").write_text(text, encoding="utf-8")
        unclear: dict[str, list[_Document]] = {}
        for result in self._results(tool, folder, len(documents), answers):
            file = Path(str(result.get("filename"))).stem
            here = (str(result.get("kind")), str(result.get("name")), str(result.get("version")))
            meant = places.get((file, here), places.get((file, None)))
            if meant is not None:
                answers.refused.append((meant, str(result.get("msg", ""))))
            elif file in members:
                unclear[file] = members[file]
        # What was refused by name in such a file is known already.
        told = {id(document) for document, _ in answers.refused}
        answers.unclear = [item for items in unclear.values() for item in items if id(item) not in told]
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
        """What kubeconform printed; why it printed nothing goes into ``answers``."""
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
                seconds=_SECONDS + count / _A_SECOND,
                network=False,
                bounds=programs.Bounds(memory=_MEMORY),
            )
        except (OSError, programs.ProgramTimeout) as error:
            answers.failure = f"{error}: {lost}"
            return []
        try:
            found = json.loads(ended.output)["resources"]
            return [item for item in found if isinstance(item, Mapping)]
        except (ValueError, KeyError, TypeError, RecursionError):
            said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            why = said[0] if said else f"status {ended.status}"
            answers.failure = f"kubeconform gave no result ({why}): {lost}"
            return []


def _arranged(
    documents: Sequence[_Document], *, alone: bool
) -> Iterable[tuple[str, _Identity | None, _Document]]:
    """Each document with its file, and with its identity unless it is the only one there."""
    # The same identity twice, as in two namespaces, must not meet in one file.
    met: dict[_Identity, int] = {}
    sizes: dict[int, int] = {}
    for number, document in enumerate(documents):
        identity = None if alone else _identity(document.item)
        if identity is None:
            yield f"alone-{number}", None, document
            continue
        turn = met[identity] = met.get(identity, -1) + 1
        sizes[turn] = sizes.get(turn, -1) + 1
        yield f"{turn}-{sizes[turn] // _A_FILE}", identity, document


def _identity(item: SchemaCheck) -> _Identity | None:
    """As kubeconform names an object; None for what it might name otherwise."""
    if not item.is_object or not isinstance(item.data, Mapping):
        return None
    metadata = item.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    found = (item.data.get("kind"), name, item.data.get("apiVersion"))
    if all(isinstance(part, str) and part.isprintable() and part for part in found):
        return (str(found[0]), str(found[1]), str(found[2]))
    return None
