"""The files that kustomize reads for a build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationIndex, join, references_of
from meshwright.manifests.unit import BuildUnit

_PLUGINS = ("generators", "transformers", "validators")


def referenced(unit: BuildUnit, index: KustomizationIndex) -> Iterator[str]:
    """Every path that the kustomizations of a unit reference."""
    for folder in unit.inputs.folders:
        kustomization = index.get(folder)
        for reference in kustomization.references if kustomization else ():
            yield join(folder, reference.entry)
    for folder, manifest in unit.copies.items():
        for reference in references_of(manifest):
            yield join(folder, reference.entry)
    for reference in references_of(unit.manifest or {}):
        yield join(unit.folder, reference.entry)


def files_of(unit: BuildUnit, files: RepositoryFiles, index: KustomizationIndex) -> list[str]:
    """Every file that a unit references, sorted."""
    paths = {*unit.inputs.files, *referenced(unit, index)}
    paths |= {path for folder in {*unit.inputs.folders, unit.folder} for path in index.paths(folder)}
    return sorted(path for path in paths if files.is_listed(path) and not files.holds_files(path))


def is_opaque(unit: BuildUnit, index: KustomizationIndex) -> bool:
    """Whether kustomize may read other files too: charts and plugin configurations reference their own."""
    kustomizations = [index.get(folder) for folder in unit.inputs.folders]
    plugins = any(item.data.get(name) for item in kustomizations if item for name in _PLUGINS)
    return bool(plugins or unit.inputs.helm or unit.needs_helm)


def read_by(unit: BuildUnit, files: RepositoryFiles, index: KustomizationIndex) -> Iterable[str]:
    """Every file that kustomize may read for a unit."""
    return files.paths if is_opaque(unit, index) else files_of(unit, files, index)
