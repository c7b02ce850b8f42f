"""What an Application's path builds: the folder's kustomization with the source's options, or its files.

source: argo-cd v3.5.1, reposerver/repository/repository.go and util/kustomize/kustomize.go.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from meshwright.argocd.application import ApplicationSource
from meshwright.argocd.glob import matches
from meshwright.argocd.options import merge
from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.entry import EntryPoint
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import (
    FILE_NAMES,
    Expected,
    KustomizationIndex,
    join,
    misspelled,
    rename_fix,
)
from meshwright.manifests.manifestfile import has_generated_names, manifest_findings
from meshwright.manifests.nearpath import near_path
from meshwright.manifests.unit import BuildUnit
from meshwright.yaml import YamlFault
from meshwright.yaml.canonicaltext import identity
from meshwright.yaml.pointer import items_of, mapping_of

_MANIFEST_FILE = re.compile(r".*\.(?:yaml|yml|json|jsonnet)\Z")
_SKIP_MARKER = "+argocd:skip-file-rendering"


class SourceKind(StrEnum):
    """The tool with which Argo CD generates a source's manifests."""

    HELM = "helm"
    KUSTOMIZE = "kustomize"
    DIRECTORY = "directory"
    PLUGIN = "plugin"


class SourceUnitMaker:
    """Makes the build unit of a source that reads a path of this repository."""

    def __init__(
        self, files: RepositoryFiles, index: KustomizationIndex, inputs_reader: BuildInputsReader
    ) -> None:
        self._files = files
        self._index = index
        self._inputs = inputs_reader

    def kind(self, source: ApplicationSource) -> SourceKind:
        """The kind set by a field of that name, else the kind detected from the folder's files."""
        for kind in SourceKind:
            if isinstance(source.data.get(kind.value), Mapping):
                return kind
        if source.chart or self._files.is_file(join(source.path, "Chart.yaml")):
            return SourceKind.HELM
        return SourceKind.KUSTOMIZE if source.path in self._index else SourceKind.DIRECTORY

    def path_finding(self, source: ApplicationSource) -> Finding | None:
        """The finding for a path that cannot be built, or None."""
        path, title = source.path, source.application.title
        if not source.data.get("path"):
            text, fix = f"{title} has a source without path, chart or ref", "add a path"
        elif self._files.holds_files(path):
            if self.kind(source) is not SourceKind.KUSTOMIZE or path in self._index:
                return None
            text, fix = f"{title} builds folder '{path}', which has no kustomization.yaml", "add one"
        elif self._files.is_file(path):
            text, fix = f"{title} builds '{path}', which is a file", "name its folder"
        elif self._files.is_folder(path):
            text = f"{title} builds folder '{path}', which is empty: Git does not track empty folders"
            fix = "put a manifest into it"
        else:
            near = near_path(self._files, path)
            text = f"{title} builds folder '{path}', which does not exist{near}"
            fix = "" if near else "restore it from Git, or correct the path"
        return Finding("build/missing-path", source.position, text, fix, title)

    def unit(self, source: ApplicationSource, cluster: str) -> BuildUnit:
        """The build unit of a kustomize or directory source; units with equal keys have equal results."""
        if self.kind(source) is SourceKind.DIRECTORY:
            return self._directory(source, cluster)
        folder, at = source.path, source.position
        options = mapping_of(source.data.get("kustomize"))
        own = self._index.get(folder)
        data = own.data if own else {}
        extra = list(self._components(source, options))
        inputs = self._inputs.read([EntryPoint(folder, at), *extra])
        merged = merge(data, options, [posixpath.relpath(entry.path, folder) for entry in extra])
        changed = merged != data
        inputs.renames |= bool(merged.get("namePrefix") or merged.get("nameSuffix"))
        return BuildUnit(
            identity(["argocd", folder, cluster if changed else "", options]),
            folder,
            inputs,
            at,
            merged if changed else None,
            bool(own and own.is_empty and not changed),
            inputs.blocked,
            cluster,
            own.path if own else "",
        )

    def not_seen(self, source: ApplicationSource) -> Iterator[NotSeen]:
        """Files of a directory source that cannot be evaluated offline."""
        if self.kind(source) is SourceKind.DIRECTORY:
            for path in self.selected_files(source):
                if path.endswith(".jsonnet"):
                    reason = f"'{path}' is Jsonnet, which is not evaluated offline"
                    yield NotSeen(source.application.title, reason, source.position)

    def _directory(self, source: ApplicationSource, cluster: str) -> BuildUnit:
        folder, at = source.path, source.position
        inputs, valid, plain = BuildInputs(), [], []
        for path in self.selected_files(source):
            if path.endswith(".jsonnet"):
                continue
            findings = list(self._file_findings(path, source))
            inputs.absorb(self._inputs.read([EntryPoint(path, Position(path))]))
            inputs.findings.extend(findings)
            # A faulty file is reported; the rest is still built and validated.
            if not findings and has_generated_names(self._files, path):
                plain.append(path)
            elif not findings:
                valid.append(posixpath.relpath(path, folder))
        key = json.dumps(["argocd-directory", folder, valid, *plain])
        file = source.application.origin
        manifest = {"resources": valid}
        return BuildUnit(
            key, folder, inputs, at, manifest, not valid, False, cluster, file, plain=tuple(plain)
        )

    def _file_findings(self, path: str, source: ApplicationSource) -> Iterator[Finding]:
        why = f"{source.application.title} applies every manifest file in '{source.path}'"
        fix = "move the file, or list it in the source's directory.exclude"
        if posixpath.basename(path) in FILE_NAMES:
            text = f"a kustomization is not a Kubernetes object; {why}"
            yield Finding("build/not-a-manifest", Position(path), text, fix)
        else:
            if misspelled([posixpath.basename(path)]):
                fix = rename_fix(*posixpath.split(path))
            yield from manifest_findings(self._files, path, why, fix)

    def selected_files(self, source: ApplicationSource) -> Iterator[str]:
        """The files that Argo CD reads; include and exclude match paths relative to the folder."""
        options = mapping_of(source.data.get("directory"))
        include, exclude = str(options.get("include") or ""), str(options.get("exclude") or "")
        folder = source.path
        for path in self._files.below(folder):
            inner = path if folder == "." else path[len(folder) + 1 :]
            if not _MANIFEST_FILE.match(path) or ("/" in inner and options.get("recurse") is not True):
                continue
            if (exclude and matches(exclude, inner)) or (include and not matches(include, inner)):
                continue
            try:
                skipped = _SKIP_MARKER in self._files.text(path)
            except YamlFault:
                skipped = False
            if not skipped:
                yield path

    def _components(self, source: ApplicationSource, options: Mapping[str, Any]) -> Iterator[EntryPoint]:
        ignore_missing = options.get("ignoreMissingComponents") is True
        for number, component in enumerate(items_of(options.get("components"))):
            path = join(source.path, str(component))
            if not (ignore_missing and not self._files.is_folder(path)):
                yield EntryPoint(path, source.at("kustomize", "components", number), Expected.COMPONENT)
