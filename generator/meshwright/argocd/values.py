"""The values that an Application passes to its chart, merged like in Argo CD and Helm.

Values files come first, each overriding those before it, then valuesObject or values, then parameters.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.argocd.application import ApplicationSource
from meshwright.argocd.sources import OwnRepository
from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import join
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.manifests.nearpath import near_path
from meshwright.manifests.remote import is_remote
from meshwright.manifests.values import ChartReference, ValuesLayer, at_path
from meshwright.yaml import Document, YamlFault, load_documents, parse
from meshwright.yaml.pointer import items_of, mapping_of


class ValuesReader:
    """Reads the layers of values of one source; ``findings`` and ``not_seen`` collect the problems."""

    def __init__(self, files: RepositoryFiles, own: OwnRepository, source: ApplicationSource) -> None:
        self._files = files
        self._own = own
        self._source = source
        self._helm = mapping_of(source.data.get("helm"))
        self.findings: list[Finding] = []
        self.not_seen: list[NotSeen] = []

    def chart(self) -> ChartReference:
        """The chart from a Helm repository, or the one in the source's folder."""
        if self._source.chart:
            folder = posixpath.dirname(str(self._source.data["chart"]).strip("/"))
            source = self._source.repository
            return ChartReference(
                self._source.chart, self._source.revision, f"{source}/{folder}" if folder else source
            )
        try:
            documents = self._files.documents(join(self._source.path, "Chart.yaml"))
        except YamlFault as fault:
            self.findings.append(yaml_finding(fault))
            return ChartReference("")
        data = mapping_of(documents[0].data) if documents else {}
        return ChartReference(str(data.get("name") or ""), str(data.get("version") or ""))

    def layers(self) -> list[ValuesLayer]:
        """Every layer, lowest precedence first."""
        layers = [layer for number, file in self._files_named() for layer in self._file(number, file)]
        inline = self._helm.get("valuesObject")
        if isinstance(inline, dict) and inline:
            layers.append(ValuesLayer(inline, lambda p, key: self._at("valuesObject", *p, key=key)))
        elif isinstance(self._helm.get("values"), str):
            layers.extend(self._text(self._helm["values"]))
        for number, parameter in enumerate(items_of(self._helm.get("parameters"))):
            layers.extend(self._parameter(number, mapping_of(parameter)))
        return layers

    def _files_named(self) -> Iterator[tuple[int, str]]:
        for number, file in enumerate(items_of(self._helm.get("valueFiles"))):
            if isinstance(file, str):
                yield number, file

    def _file(self, number: int, file: str) -> Iterator[ValuesLayer]:
        at = self._at("valueFiles", number)
        path = self._path(file, at)
        if path is None:
            return
        if path.startswith(".."):
            text = f"{self._title} reads values file '{path}', which is outside the repository"
            fix = "name a file of this repository"
            self.findings.append(Finding("values/missing-file", at, text, fix, self._title))
            return
        if not self._files.is_file(path):
            if self._helm.get("ignoreMissingValueFiles") is not True:
                near = near_path(self._files, path)
                text = f"{self._title} reads values file '{path}', which does not exist{near}"
                fix = "" if near else "restore it from Git, or remove the entry"
                self.findings.append(Finding("values/missing-file", at, text, fix, self._title))
            return
        try:
            documents = self._files.documents(path)
        except YamlFault as fault:
            self._fault(fault.position, fault.problem, fault.fix)
            return
        yield from self._layer(documents, Position(path, 1, 1))

    def _path(self, file: str, at: Position) -> str | None:
        """The path of a values file; None if it is not in this repository."""
        if is_remote(file) or any(char in file for char in "*?["):
            why = "is on the network" if is_remote(file) else "is a pattern, which is not expanded offline"
            self.not_seen.append(NotSeen(self._title, f"its values file '{file}' {why}", at))
            return None
        if file.startswith("$"):
            name, _, inner = file[1:].partition("/")
            others = self._source.application.sources
            other = next((source for source in others if source.reference == name), None)
            if other is None:
                text = f"{self._title} reads '{file}', but none of its sources has ref '{name}'"
                fix = f"add ref: {name} to the source with the file"
                self.findings.append(Finding("values/missing-ref", at, text, fix, self._title))
                return None
            if other.repository not in self._own:
                reason = f"its values file '{file}' is in {other.repository}, which is not this repository"
                self.not_seen.append(NotSeen(self._title, reason, at))
                return None
            return join(".", inner)
        if self._source.chart:
            reason = f"its values file '{file}' is inside the chart"
            self.not_seen.append(NotSeen(self._title, reason, at))
            return None
        return join(".", file.lstrip("/")) if file.startswith("/") else join(self._source.path, file)

    def _text(self, text: str) -> Iterator[ValuesLayer]:
        start = self._at("values")
        try:
            documents = load_documents(text, start.path)
        except YamlFault as fault:
            inside = fault.moved(self._inside(start, fault.position))
            self._fault(inside.position, inside.problem, inside.fix)
            return
        for layer in self._layer(documents, start):
            yield ValuesLayer(layer.data, lambda p, k, of=layer: self._inside(start, of.locate(p, k)))  # type: ignore[misc]

    def _inside(self, start: Position, inner: Position) -> Position:
        """Map a position in a block of text to a position in the file."""
        lines = self._files.text(start.path).splitlines()
        if not lines[start.line - 1][start.column - 1 :].startswith("|"):
            return start
        first = next((line for line in lines[start.line :] if line.strip()), "")
        indent = len(first) - len(first.lstrip())
        return Position(start.path, start.line + inner.line, indent + inner.column)

    def _layer(self, documents: list[Document], start: Position) -> Iterator[ValuesLayer]:
        if not documents:
            return
        document = documents[0]
        if not isinstance(document.data, dict):
            self._fault(start, "values must be a mapping")
            return
        yield ValuesLayer(document.data, lambda pointer, key: document.position(pointer, key=key))

    def _parameter(self, number: int, parameter: Mapping[str, Any]) -> Iterator[ValuesLayer]:
        value: Any = str(parameter.get("value") or "")
        if parameter.get("forceString") is not True and "\n" not in value:
            try:
                value = parse(value)
            except YamlFault:
                value = str(value)
        if added := at_path(str(parameter.get("name") or ""), value):
            at = self._at("parameters", number)
            yield ValuesLayer(added, lambda _pointer, _key: at)

    def _fault(self, at: Position, problem: str, fix: str = "") -> None:
        self.findings.append(Finding("values/yaml", at, problem, fix, self._title))

    @property
    def _title(self) -> str:
        return self._source.application.title

    def _at(self, *pointer: str | int, key: bool = False) -> Position:
        return self._source.at("helm", *pointer, key=key)
