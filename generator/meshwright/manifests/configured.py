"""Checks the configurations of generators, transformers and validators before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.entry import EntryPoint, entry_problem
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inline import inline_objects
from meshwright.manifests.kustomization import (
    PLUGIN_FIELDS,
    Expected,
    KustomizationFile,
    KustomizationIndex,
    join,
)
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.manifests.plugins import (
    ModifiedConfiguration,
    configuration_files,
    is_helm,
    problem_of,
    references_in,
)
from meshwright.manifests.remote import is_remote
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of


class ConfigurationReader:
    """Adds the files and findings of a kustomization's plugin fields to build inputs."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex) -> None:
        self._files = files
        self._index = index

    def read(self, kustomization: KustomizationFile, inputs: BuildInputs) -> None:
        """Check every entry of the plugin fields of ``kustomization``."""
        for field in PLUGIN_FIELDS:
            for number, entry in enumerate(items_of(kustomization.data.get(field))):
                at = kustomization.position((field, number))
                if not isinstance(entry, str) or is_remote(entry):
                    continue
                objects = inline_objects(entry)
                if objects is None:
                    objects = self._objects_of(join(kustomization.folder, entry), entry, at, inputs)
                for item in objects:
                    self._check(kustomization.folder, item, field, at, inputs)

    def _objects_of(self, path: str, entry: str, at: Position, inputs: BuildInputs) -> Sequence[Any]:
        if entry_problem(self._files, self._index, EntryPoint(path, at)):
            # Reported with the other entries.
            return ()
        try:
            files = configuration_files(path, self._files, self._index)
            return [item for file in files if self._files.is_file(file) for item in self._documents(file)]
        except ModifiedConfiguration as error:
            reason = f"{error}, so the plugin configurations cannot be checked before they run"
            inputs.withheld.append((entry, reason, at))
        except YamlFault as fault:
            inputs.findings.append(yaml_finding(fault))
        return ()

    def _documents(self, path: str) -> list[Any]:
        return [document.data for document in self._files.documents(path)]

    def _check(self, folder: str, config: Any, field: str, at: Position, inputs: BuildInputs) -> None:
        if isinstance(config, Mapping) and is_helm(config):
            inputs.helm.append((field, at))
        elif problem := problem_of(config):
            text = f"{field} cannot be run: {problem}"
            inputs.findings.append(Finding("build/plugin", at, text, "commit its output instead"))
        else:
            for reference in references_in(config):
                path = join(folder, reference.entry)
                if is_remote(reference.entry):
                    inputs.remote.append((reference.entry, at))
                elif fault := entry_problem(self._files, self._index, EntryPoint(path, at, Expected.FILE)):
                    inputs.findings.append(fault)
