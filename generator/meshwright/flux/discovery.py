"""The Flux objects in a repository's files, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding, NotSeen
from meshwright.flux.kustomization import (
    GROUP,
    INSTANCE_GROUP,
    FluxKustomization,
    SourceReference,
    from_instance,
    is_instance,
    is_kustomization,
)
from meshwright.manifests.activefiles import files_that_mention, is_active
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.manifestfile import named_documents, object_name, yaml_finding
from meshwright.manifests.templatefiles import unread_template
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import YamlFault

_SOURCE_GROUP = "source.toolkit.fluxcd.io"
# Parse only files that may contain such objects: Flux's CRDs mention these groups too, and are large.
_FLUX_API_VERSION = re.compile(
    rf"""apiVersion["']?\s*:\s*["']?(?:{"|".join(map(re.escape, (GROUP, INSTANCE_GROUP, _SOURCE_GROUP)))})/"""
)


@dataclass
class FluxDiscovery:
    """The active Kustomizations, and the sources that the repository defines with their URLs.

    ``ignores`` holds the spec.ignore of each source that has one.
    """

    kustomizations: list[FluxKustomization] = field(default_factory=list)
    sources: dict[SourceReference, str] = field(default_factory=dict)
    ignores: dict[SourceReference, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    not_seen: list[NotSeen] = field(default_factory=list)


def discover(
    files: RepositoryFiles, index: KustomizationIndex, inputs_reader: BuildInputsReader
) -> FluxDiscovery:
    """Read every file that mentions Flux, except files that no kustomization includes."""
    found = FluxDiscovery()
    raw: list[FluxKustomization] = []
    broken: list[YamlFault] = []
    for path in files_that_mention(_FLUX_API_VERSION, files, inputs_reader):
        with contained(found.findings, f"reading {path}", Position(path)):
            try:
                files.documents(path)
            except YamlFault as fault:
                broken.append(fault)
            raw.extend(_read_file(files, path, found))
    generated = {item.path for item in raw if item.path not in index}
    for kustomization in raw:
        if is_active(kustomization.origin, index, inputs_reader, generated):
            found.kustomizations.append(kustomization)
    for item in broken:
        path = item.position.path
        if not is_active(path, index, inputs_reader, generated):
            continue
        template = unread_template(files, item) if path not in inputs_reader.resources else None
        if template is not None:
            found.not_seen.append(template)
        else:
            found.findings.append(yaml_finding(item))
    return found


def _read_file(files: RepositoryFiles, path: str, found: FluxDiscovery) -> Iterator[FluxKustomization]:
    for _, _, data in named_documents(files, path):
        built = BuiltObject(data, Origin(path=path))
        if is_kustomization(data) and isinstance(data.get("spec"), dict) and object_name(data):
            yield FluxKustomization(built, files)
        elif is_instance(data):
            yield from_instance(files, built)
        elif built.group == _SOURCE_GROUP and isinstance(data.get("spec"), dict):
            reference = SourceReference(built.kind, built.name)
            if isinstance(data["spec"].get("ignore"), str):
                found.ignores[reference] = data["spec"]["ignore"]
            found.sources[reference] = str(data["spec"].get("url") or data["spec"].get("bucketName") or "")
