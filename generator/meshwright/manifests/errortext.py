"""Turns kustomize's error messages into findings with the position of the fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationFile, KustomizationIndex, join
from meshwright.manifests.manifestfile import manifest_findings, named_documents, object_name
from meshwright.manifests.patchselectors import refused_patterns
from meshwright.manifests.unit import BuildResult, BuildUnit
from meshwright.manifests.workspace import Workspace
from meshwright.yaml import YamlFault, parse_all
from meshwright.yaml.pointer import items_of, keys_named

_PATH = re.compile(r"path '([^']+)'")
_UNKNOWN = re.compile(r'json: unknown field "([^"]+)"')
_TYPE = re.compile(r"cannot unmarshal (\w+) into Go struct field (\S+) of type (\S+)")
_PATTERN = re.compile(r"error parsing regexp: .*")
_NO_TARGET = re.compile(r'(?:no resource matches strategic merge patch "|no matches for Id )([^"\s;]+)')
_COLLISION = re.compile(
    r"already registered id: (\S+?)'?(?::|$)|id resid\.ResId\{.*?Kind:\"(\w+)\".*?Name:\"([^\"]+)\""
)
# How kustomize reports a failed helm call: helm's message, then the whole command.
_HELM = re.compile(
    r"(?:.*: )??Error: (?P<message>.*?)\s*: unable to run: '\S*helm\S* template (?P<call>[^']*)'", re.DOTALL
)
_WARNING = re.compile(r"^# Warning:.*$", re.MULTILINE)
_GO_TYPES = {
    "bool": "a boolean",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "a mapping",
}


class ErrorText:
    """Explains kustomize's errors with the repository's files."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex, workspace: Workspace) -> None:
        self._files = files
        self._index = index
        self._workspace = workspace

    def explain(self, unit: BuildUnit, error: str) -> BuildResult:
        """The findings for ``error``: unreadable manifests if there are any, else kustomize's message."""
        findings = [
            finding for file in sorted(unit.inputs.files) for finding in manifest_findings(self._files, file)
        ]
        return BuildResult(findings=findings or list(self._from_text(unit, error)))

    def _from_text(self, unit: BuildUnit, error: str) -> Iterator[Finding]:
        text = self._in_repository(_WARNING.sub("", error).strip().removeprefix("Error: "))
        kustomization = self._index.get(self._deepest_folder(text) or unit.folder)
        tail = self._tail(text)
        at = Position(kustomization.path) if kustomization else unit.requested_at
        if kustomization and (match := _UNKNOWN.search(text)):
            where = next(keys_named(kustomization.data, match[1]), None)
            yield Finding(
                "build/unknown-field",
                kustomization.position(where, key=True) if where else at,
                f"unknown field '{match[1]}': kustomize does not support it here",
            )
        elif match := _HELM.search(text):
            yield self._helm_failure(unit, kustomization, match)
        elif kustomization and (match := _TYPE.search(text)):
            yield self._wrong_type(kustomization, match)
        elif match := _PATTERN.search(text):
            yield from refused_patterns(unit, kustomization) or [Finding("build/kustomize", at, match[0])]
        elif match := _NO_TARGET.search(text):
            kind, name = _identity(match[1])
            yield Finding(
                "build/patch-target",
                self._patch_position(kustomization, kind, name) if kustomization else at,
                f"a patch targets {kind} '{name}', but this kustomization builds no such object",
                "correct its kind and name, or remove the patch",
            )
        elif match := _COLLISION.search(text):
            kind, name = _identity(match[1]) if match[1] else (match[2], match[3])
            yield self._collision(unit, kind, name, at)
        else:
            yield Finding("build/kustomize", at, tail)

    def _in_repository(self, text: str) -> str:
        """Replace the paths of copies in ``text`` with the repository's paths."""
        text = text.replace(f"{self._workspace.stage.root}/", f"{self._files.root}/")
        text = text.replace(f"'{self._workspace.stage.root}'", f"'{self._files.root}'")
        for copied, original in self._workspace.originals.items():
            folder = self._files.root / original
            text = re.sub(rf"{re.escape(str(Path(copied).parent))}(?![\w-])", str(folder.parent), text)
        return text

    def _deepest_folder(self, text: str) -> str | None:
        for whole in reversed(_PATH.findall(text)):
            path = Path(whole)
            if path.is_relative_to(self._files.root):
                return path.relative_to(self._files.root).as_posix()
        return None

    def _tail(self, text: str) -> str:
        """The last part of kustomize's chain of causes, in one line and without temporary folders."""
        paths = list(_PATH.finditer(text))
        tail = text[paths[-1].end() :].lstrip("': ") if paths else text
        tail = tail.replace(f"{self._files.root}/", "").replace(f"{self._workspace.root}/", "")
        return " ".join(tail.split()) or " ".join(text.split())

    def _helm_failure(
        self, unit: BuildUnit, kustomization: KustomizationFile | None, match: re.Match[str]
    ) -> Finding:
        words = re.sub(r"Use --debug flag.*", "", match["message"], flags=re.DOTALL)
        at, name = unit.requested_at, ""
        data = kustomization.data if kustomization else unit.manifest or {}
        for number, entry in enumerate(items_of(data.get("helmCharts"))):
            if isinstance(entry, dict) and f"/{entry.get('name')} " in f"{match['call']} ":
                name = str(entry.get("name"))
                at = kustomization.position(("helmCharts", number)) if kustomization else at
        text = f"chart {name} cannot be rendered: {' '.join(words.split())}".replace("chart  ", "the chart ")
        return Finding("build/helm", at, text.replace(f"{self._files.root}/", ""))

    def _wrong_type(self, kustomization: KustomizationFile, match: re.Match[str]) -> Finding:
        parts = match[2].split(".")[1:]
        field = parts[-1]
        where = next(keys_named(kustomization.data, field), None)
        wanted = match[3].lstrip("*")
        wanted = "a list" if wanted.startswith("[]") else _GO_TYPES.get(wanted, f"a {wanted}")
        actual = _GO_TYPES.get(match[1], match[1])
        return Finding(
            "build/wrong-type",
            kustomization.position(where) if where else Position(kustomization.path),
            f"field '{'.'.join(parts)}' is {actual}, but kustomize expects {wanted}",
            {"a string": "quote it", "a list": "write each entry in a line of its own with '- '"}.get(
                wanted, ""
            ),
        )

    def _patch_position(self, kustomization: KustomizationFile, kind: str, name: str) -> Position:
        for index, patch in enumerate(items_of(kustomization.data.get("patches"))):
            if isinstance(patch, dict) and self._is_for(kustomization.folder, patch, kind, name):
                return kustomization.position(("patches", index))
        for index, patch in enumerate(items_of(kustomization.data.get("patchesStrategicMerge"))):
            as_patch = {"path": patch} if "\n" not in str(patch) else {"patch": patch}
            if self._is_for(kustomization.folder, as_patch, kind, name):
                return kustomization.position(("patchesStrategicMerge", index))
        return kustomization.position(("patches",), key=True)

    def _is_for(self, folder: str, patch: dict[str, Any], kind: str, name: str) -> bool:
        try:
            if isinstance(patch.get("patch"), str):
                documents = parse_all(patch["patch"])
            else:
                found = self._files.documents(join(folder, str(patch.get("path"))))
                documents = [document.data for document in found]
        except YamlFault:
            return False
        return any(
            isinstance(data, dict) and data.get("kind") == kind and object_name(data) == name
            for data in documents
        )

    def _collision(self, unit: BuildUnit, kind: str, name: str, at: Position) -> Finding:
        places = [
            document.position((*pointer, "metadata", "name"))
            for file in sorted(unit.inputs.files)
            for document, pointer, data in named_documents(self._files, file)
            if data.get("kind") == kind and object_name(data) == name
        ]
        message = f"'{unit.folder}' builds {kind} '{name}' twice"
        if len(places) > 1:
            return Finding("build/same-identity", places[1], f"{message}, first at {places[0]}", "remove one")
        return Finding("build/same-identity", at, message, "remove one, or give them different namespaces")


def _identity(text: str) -> tuple[str, str]:
    """Kind and name from kustomize's form ``Kind.version.group/name.namespace``."""
    left, _, right = text.partition("/")
    return left.partition(".")[0], right.rpartition(".")[0]
