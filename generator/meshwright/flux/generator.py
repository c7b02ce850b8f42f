"""What a Flux Kustomization builds: the folder's kustomization, or one generated from its YAML files.

kustomize-controller writes a kustomization.yaml before it builds: the folder's own with the fields of
the spec merged in, or a list of all YAML below the folder (github.com/fluxcd/pkg/kustomize v1.35.6,
kustomize_generator.go). Here the result is a value; nothing is written to the repository.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.flux.kustomization import FluxKustomization, SourceReference
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.entry import EntryPoint
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import (
    Expected,
    KustomizationIndex,
    join,
    misspelled,
    rename_fix,
)
from meshwright.manifests.manifestfile import manifest_findings
from meshwright.manifests.nearpath import near_path
from meshwright.manifests.unit import BuildUnit
from meshwright.yaml.canonicaltext import identity
from meshwright.yaml.pointer import items_of

_MERGED = ("targetNamespace", "namePrefix", "nameSuffix", "patches", "components", "images")
_IMAGE_FIELDS = ("name", "newName", "newTag", "digest")


class KustomizationUnitMaker:
    """Makes the build unit of a Flux Kustomization."""

    def __init__(
        self,
        files: RepositoryFiles,
        index: KustomizationIndex,
        inputs_reader: BuildInputsReader,
        ignored: Callable[[SourceReference], Callable[[str], bool]],
    ) -> None:
        self._files = files
        self._index = index
        self._inputs = inputs_reader
        self._ignored = ignored
        self._units: dict[tuple[str, ...], BuildUnit] = {}

    def path_finding(self, kustomization: FluxKustomization) -> Finding | None:
        """The finding for a path that cannot be built, or None."""
        path, at, title = kustomization.path, kustomization.path_position, kustomization.title
        if self._files.holds_files(path):
            return None
        if self._files.is_file(path):
            return Finding(
                "build/missing-path",
                at,
                f"{title} builds '{path}', which is a file",
                "name its folder",
                title,
            )
        if self._files.is_folder(path):
            return Finding(
                "build/missing-path",
                at,
                f"{title} builds folder '{path}', which is empty: Git does not track empty folders",
                "put a kustomization.yaml into it",
                title,
            )
        near = near_path(self._files, path)
        fix = "" if near else "restore it from Git, or correct the path"
        return Finding(
            "build/missing-path",
            at,
            f"{title} builds folder '{path}', which does not exist{near}",
            fix,
            title,
        )

    def unit(self, kustomization: FluxKustomization, cluster: str) -> BuildUnit:
        """The build unit; units with equal keys have equal results."""
        spec = kustomization.spec
        merged = {name: spec[name] for name in _MERGED if spec.get(name)}
        key = identity([kustomization.path, merged])
        # The same Kustomization is seen twice: as written in its file, and as applied.
        known = (key, cluster, kustomization.title, kustomization.origin)
        if known not in self._units:
            self._units[known] = self._unit(kustomization, key, merged, cluster)
        return self._units[known]

    def _unit(
        self, kustomization: FluxKustomization, key: str, merged: Mapping[str, Any], cluster: str
    ) -> BuildUnit:
        folder = kustomization.path
        ignored = self._ignored(kustomization.source)
        own = self._index.get(folder)
        if own is None or ignored(own.path):
            return self._generated(kustomization, key, merged, cluster)
        at = kustomization.path_position
        if not merged:
            inputs = self._inputs.read([EntryPoint(folder, at)])
            return BuildUnit(key, folder, inputs, at, None, own.is_empty, inputs.blocked, cluster)
        extra = [*self._components(kustomization)]
        inputs = self._inputs.read([EntryPoint(folder, at), *extra])
        manifest = merge(own.data, merged, [posixpath.relpath(entry.path, folder) for entry in extra])
        inputs.renames |= bool(manifest.get("namePrefix") or manifest.get("nameSuffix"))
        return BuildUnit(key, folder, inputs, at, manifest, False, inputs.blocked, cluster, own.path)

    def _generated(
        self, kustomization: FluxKustomization, key: str, merged: Mapping[str, Any], cluster: str
    ) -> BuildUnit:
        folder, at = kustomization.path, kustomization.path_position
        inputs, valid = BuildInputs(), []
        scanned = list(self._scan(folder, self._ignored(kustomization.source)))
        # Sources of the same folder may ignore different files.
        key = identity([key, scanned])
        for path in scanned:
            entry = self._entry_inputs(path, kustomization)
            inputs.absorb(entry)
            # A faulty file is reported; the rest is still built and validated.
            if (path in self._index and not entry.blocked) or not entry.findings:
                valid.append(path)
        extra = [*self._components(kustomization)]
        reusable = self._inputs.read(extra)
        inputs.absorb(reusable)
        resources = [posixpath.relpath(path, folder) for path in valid]
        components = [posixpath.relpath(entry.path, folder) for entry in extra]
        manifest = merge({"resources": resources}, merged, components)
        inputs.renames |= bool(manifest.get("namePrefix") or manifest.get("nameSuffix"))
        is_empty = not valid and not extra
        blocked, file = reusable.blocked, kustomization.origin
        return BuildUnit(key, folder, inputs, at, manifest, is_empty, blocked, cluster, file)

    def _entry_inputs(self, path: str, kustomization: FluxKustomization) -> BuildInputs:
        inner = self._index.get(path)
        inputs = self._inputs.read([EntryPoint(path, Position(inner.path if inner else path))])
        if path in inputs.files:
            why = f"{kustomization.title} applies every YAML file below '{kustomization.path}'"
            fix = "add a kustomization.yaml there, move the file, or list it in .sourceignore"
            if misspelled([posixpath.basename(path)]):
                fix = rename_fix(*posixpath.split(path))
            inputs.findings.extend(manifest_findings(self._files, path, why, fix))
        return inputs

    def _scan(self, folder: str, ignored: Callable[[str], bool]) -> Iterator[str]:
        """Files and folders that a generated kustomization lists; a folder with its own counts as one."""
        # Paths are sorted, so all paths below one folder are adjacent.
        listed = ""
        for path in self._files.below(folder):
            if listed and path.startswith(f"{listed}/"):
                continue
            if own := self._kustomization_above(path, folder, ignored):
                listed = own
                yield own
            elif path.endswith((".yaml", ".yml")) and not ignored(path):
                yield path

    def _kustomization_above(self, path: str, folder: str, ignored: Callable[[str], bool]) -> str | None:
        """The outermost folder with a kustomization between ``folder`` and ``path``."""
        inner = path if folder == "." else path[len(folder) + 1 :]
        above = "" if folder == "." else folder
        for part in inner.split("/")[:-1]:
            above = f"{above}/{part}" if above else part
            own = self._index.get(above)
            if own is not None and not ignored(own.path):
                return above
        return None

    def _components(self, kustomization: FluxKustomization) -> Iterator[EntryPoint]:
        ignore_missing = kustomization.spec.get("ignoreMissingComponents") is True
        for number, component in enumerate(items_of(kustomization.spec.get("components"))):
            path = join(kustomization.path, str(component))
            if not (ignore_missing and not self._files.is_folder(path)):
                at = kustomization.position("spec", "components", number)
                yield EntryPoint(path, at, Expected.COMPONENT)


def merge(own: Mapping[str, Any], spec: Mapping[str, Any], components: list[str]) -> dict[str, Any]:
    """Merge a Flux Kustomization's spec into the kustomization ``own``, as kustomize-controller does."""
    manifest = dict(own)
    for name, field in (("targetNamespace", "namespace"), ("namePrefix",) * 2, ("nameSuffix",) * 2):
        if spec.get(name):
            manifest[field] = spec[name]
    if patches := _mappings(spec.get("patches")):
        added = [{name: patch[name] for name in ("patch", "target") if patch.get(name)} for patch in patches]
        manifest["patches"] = [*items_of(manifest.get("patches")), *added]
    if components:
        manifest["components"] = [*items_of(manifest.get("components")), *components]
    if images := _mappings(spec.get("images")):
        manifest["images"] = _merge_images(_mappings(manifest.get("images")), images)
    return manifest


def _merge_images(own: list[dict[str, Any]], spec: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge images by name; a new tag or digest replaces both."""
    merged = [dict(image) for image in own]
    for image in spec:
        wanted = {name: image[name] for name in _IMAGE_FIELDS if image.get(name)}
        same = next((entry for entry in merged if entry.get("name") == wanted.get("name")), None)
        if same is None:
            merged.append(wanted)
            continue
        if "newTag" in wanted or "digest" in wanted:
            same.pop("newTag", None)
            same.pop("digest", None)
        same.update(wanted)
    return merged


def _mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings in a list; schema validation reports anything else."""
    return [item for item in items_of(value) if isinstance(item, dict)]
