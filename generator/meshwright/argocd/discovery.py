"""The Argo CD objects in a repository's files, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from meshwright.argocd.application import Application, is_kind
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding, NotSeen
from meshwright.manifests.activefiles import files_that_mention, is_active
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.manifestfile import named_documents, object_name, yaml_finding
from meshwright.manifests.templatefiles import unread_template
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import YamlFault

# Parse only files that may contain such objects: Argo CD's CRDs mention the group too, and are large.
_ARGO_CD_API_VERSION = re.compile(r"""apiVersion["']?\s*:\s*["']?argoproj\.io/""")


@dataclass
class ArgoCDDiscovery:
    """The active Argo CD objects, by kind."""

    applications: list[Application] = field(default_factory=list)
    sets: list[BuiltObject] = field(default_factory=list)
    projects: list[BuiltObject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_seen: list[NotSeen] = field(default_factory=list)

    @property
    def origins(self) -> set[str]:
        """The files that define them."""
        objects = [*(item.built for item in self.applications), *self.sets, *self.projects]
        return {built.origin.path or "" for built in objects}

    def add(self, files: RepositoryFiles, objects: Iterable[BuiltObject]) -> None:
        """Add the Argo CD objects among ``objects``."""
        for built in objects:
            if is_kind(built.data, "Application"):
                self.applications.append(Application(built, files))
            elif is_kind(built.data, "ApplicationSet"):
                self.sets.append(built)
            elif is_kind(built.data, "AppProject"):
                self.projects.append(built)


def discover(
    files: RepositoryFiles, index: KustomizationIndex, inputs_reader: BuildInputsReader
) -> ArgoCDDiscovery:
    """Read every file that mentions Argo CD, except files that no kustomization includes."""
    found = ArgoCDDiscovery()
    raw: list[BuiltObject] = []
    for path in files_that_mention(_ARGO_CD_API_VERSION, files, inputs_reader):
        with contained(found.findings, f"reading {path}", Position(path)):
            try:
                files.documents(path)
            except YamlFault as fault:
                template = unread_template(files, fault) if path not in inputs_reader.resources else None
                if template is not None:
                    found.not_seen.append(template)
                elif is_active(path, index, inputs_reader, set()):
                    found.findings.append(yaml_finding(fault))
            for _, _, data in named_documents(files, path):
                if object_name(data) and isinstance(data.get("spec"), dict):
                    raw.append(BuiltObject(data, Origin(path=path)))
    found.add(
        files, (built for built in raw if is_active(built.origin.path or "", index, inputs_reader, set()))
    )
    return found
