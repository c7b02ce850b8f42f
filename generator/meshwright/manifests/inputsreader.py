"""Everything that a build reads, and the faults that are visible before kustomize runs.

kustomize stops at its first error. Reading the kustomizations directly finds every missing entry, cycle
and unknown field at once, each with its line.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.canonical import doubled_keys
from meshwright.manifests.configured import ConfigurationReader
from meshwright.manifests.entry import EntryPoint, entry_problem
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import (
    FIELDS,
    Expected,
    KustomizationFile,
    KustomizationIndex,
    Reference,
    hashes_names,
    join,
)
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.manifests.remote import is_remote
from meshwright.words import did_you_mean
from meshwright.yaml import YamlFault, limit_of
from meshwright.yaml.pointer import Pointer, items_of

_OBJECT_FIELDS = frozenset({"resources", "bases", "components"})
# Fields whose files kustomize includes without parsing them.
_RAW = frozenset({"configMapGenerator", "secretGenerator"})
_RENAMING = ("generators", "namePrefix", "nameSuffix")
# Nested kustomizations; kustomize itself continues until its stack overflows.
_MAX_DEPTH = 100


class BuildInputsReader:
    """Follows the entries of kustomizations from a starting point."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex) -> None:
        self._files = files
        self._index = index
        self._own: dict[str, tuple[BuildInputs, list[EntryPoint]]] = {}
        self._configurations = ConfigurationReader(files, index)

    def read(self, entries: Iterable[EntryPoint]) -> BuildInputs:
        """The inputs of ``entries``."""
        inputs = BuildInputs()
        for entry in entries:
            self._follow(entry, inputs, [])
            own = self._index.get(entry.path)
            if entry.expected is Expected.RESOURCE and own is not None and own.fault is not None:
                inputs.blocked = True
        return inputs

    @cached_property
    def resources(self) -> frozenset[str]:
        """Files and folders from which a kustomization of the repository includes objects."""
        return frozenset(self._named(lambda reference: reference.field in _OBJECT_FIELDS))

    @cached_property
    def ingredients(self) -> frozenset[str]:
        """Files that a kustomization uses in another way, such as patches."""
        return frozenset(self._named(lambda reference: reference.field not in _OBJECT_FIELDS))

    def _named(self, wanted: Callable[[Reference], bool]) -> Iterator[str]:
        for folder in self._index.folders:
            kustomization = self._index.get(folder)
            for reference in kustomization.references if kustomization else ():
                if wanted(reference) and not is_remote(reference.entry):
                    yield join(folder, reference.entry)

    def _follow(self, entry: EntryPoint, inputs: BuildInputs, stack: list[str]) -> None:
        path = entry.path
        if problem := entry_problem(self._files, self._index, entry):
            inputs.findings.append(problem)
        elif path in self._index:
            self._follow_folder(entry, inputs, stack)
        elif limit := self._files.limit_of(path):
            inputs.findings.append(yaml_finding(limit))
        elif entry.expected is Expected.RESOURCE:
            inputs.files.add(path)

    def _follow_folder(self, entry: EntryPoint, inputs: BuildInputs, stack: list[str]) -> None:
        folder = entry.path
        if folder in stack:
            cycle = " -> ".join([*stack[stack.index(folder) :], folder])
            inputs.findings.append(
                Finding(
                    "build/cycle",
                    entry.position,
                    f"kustomizations form a cycle: {cycle}",
                    "remove one of these entries",
                )
            )
            inputs.blocked = True
            return
        if len(stack) > _MAX_DEPTH:
            problem = f"'{folder}' is nested more than {_MAX_DEPTH} kustomizations deep and is not read"
            inputs.findings.append(Finding("limit/depth", entry.position, problem))
            inputs.blocked = True
            return
        if folder in inputs.folders:
            return
        inputs.folders.add(folder)
        own, further = self._read_folder(folder)
        inputs.absorb(own)
        for following in further:
            self._follow(following, inputs, [*stack, folder])

    def _read_folder(self, folder: str) -> tuple[BuildInputs, list[EntryPoint]]:
        if folder not in self._own:
            own = BuildInputs()
            further: list[EntryPoint] = []
            if kustomization := self._index.get(folder):
                own.findings.extend(self._file_findings(kustomization))
                own.uses_vars = bool(kustomization.data.get("vars"))
                own.renames = _renames(kustomization.data)
                if helm := kustomization.helm_field:
                    own.helm.append((helm, kustomization.position((helm,), key=True)))
                for reference in kustomization.references:
                    self._read_reference(kustomization, reference, own, further)
                self._configurations.read(kustomization, own)
            self._own[folder] = own, further
        return self._own[folder]

    def _read_reference(
        self,
        kustomization: KustomizationFile,
        reference: Reference,
        own: BuildInputs,
        further: list[EntryPoint],
    ) -> None:
        position = kustomization.position(reference.pointer)
        if is_remote(reference.entry):
            own.remote.append((reference.entry, position))
            return
        path = join(kustomization.folder, reference.entry)
        entry = EntryPoint(path, position, reference.expected)
        if reference.expected is not Expected.FILE:
            further.append(entry)
        elif problem := entry_problem(self._files, self._index, entry):
            own.findings.append(problem)
        elif reference.field not in _RAW and (limit := self._files.limit_of(path)):
            own.findings.append(yaml_finding(limit))
        elif reference.field in ("configurations", "crds"):
            own.settings.add(self._settings(path))

    def _settings(self, path: str) -> str:
        try:
            lines = self._files.text(path).splitlines()
        except YamlFault:
            return path
        return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))

    def _file_findings(self, kustomization: KustomizationFile) -> Iterator[Finding]:
        paths = self._index.paths(kustomization.folder)
        if len(paths) > 1:
            names = " and ".join(posixpath.basename(path) for path in sorted(paths))
            yield Finding(
                "build/kustomization",
                Position(kustomization.path),
                f"folder {kustomization.folder} has {names}, but kustomize allows only one",
                "keep only kustomization.yaml",
            )
        if fault := kustomization.fault:
            yield yaml_finding(fault)
        for pointer, problem in doubled_keys(kustomization.spelling):
            yield Finding(
                "build/kustomization", kustomization.position(pointer, key=True), problem, "keep one"
            )
        for pointer, text in _inline(kustomization.data):
            if limit := limit_of(text, kustomization.path):
                yield Finding("build/yaml", kustomization.position(pointer), limit.problem)
        for name in kustomization.unknown_fields:
            hint = did_you_mean(name, FIELDS)
            yield Finding(
                "build/unknown-field",
                kustomization.position((name,), key=True),
                f"unknown field '{name}' in a kustomization{hint}",
                "" if hint else "correct its spelling, or remove it",
            )


def _inline(data: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Inline texts of a kustomization that kustomize parses as YAML."""
    for name in ("patches", "patchesJson6902"):
        for number, item in enumerate(items_of(data.get(name))):
            if isinstance(item, dict) and isinstance(item.get("patch"), str):
                yield (name, number, "patch"), item["patch"]
    for name in ("patchesStrategicMerge", "generators", "transformers", "validators"):
        for number, item in enumerate(items_of(data.get(name))):
            if isinstance(item, str):
                yield (name, number), item


def _renames(data: Mapping[str, Any]) -> bool:
    """Whether a kustomization changes the name of an object."""
    if any(data.get(name) for name in _RENAMING):
        return True
    if not hashes_names(data.get("generatorOptions")):
        return False
    entries = [*items_of(data.get("configMapGenerator")), *items_of(data.get("secretGenerator"))]
    return any(isinstance(entry, dict) and hashes_names(entry.get("options")) for entry in entries)
