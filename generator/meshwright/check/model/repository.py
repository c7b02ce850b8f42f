"""A repository prepared for checking: its roots and every object that they build.

A check step is a function over this model that yields findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from meshwright.argocd.application import Application
from meshwright.argocd.chartsources import Release
from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen
from meshwright.flux.kustomization import FluxKustomization
from meshwright.flux.substitution import Variables
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.generated import generator_entry
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.manifests.values import ValuesLayer
from meshwright.tools import Tool


class RootKind(StrEnum):
    """What makes something a root."""

    FLUX = "flux"  # a Flux Kustomization builds it
    FOLDER = "folder"  # a folder with a kustomization that nothing includes
    FILE = "file"  # a file with objects of an engine that nothing includes: it is applied manually
    ARGOCD = "argocd"  # a source of an Argo CD Application builds it
    CHART = "chart"  # a chart of this repository that a HelmRelease installs


@dataclass(frozen=True)
class Root:
    """Something that is built on its own, with the result.

    ``built`` is false if a part of it could not be built; its objects are then those of the rest.
    ``complete`` is false if variables are only known in the cluster. ``unit`` is the build unit.
    """

    kind: RootKind
    path: str
    name: str
    cluster: str
    position: Position
    built: bool
    objects: tuple[BuiltObject, ...]
    complete: bool = True
    kustomization: FluxKustomization | None = None
    application: Application | None = None
    unit: BuildUnit | None = None
    # Findings that prevented building it or parts of it.
    faults: tuple[Finding, ...] = ()
    # From Flux's postBuild.
    variables: Variables | None = None
    # The HelmRelease that installs it, and the root that applies that.
    release: BuiltObject | None = None
    parent: Root | None = None
    # The cluster of its Kustomization, HelmRelease or Application, which may apply it to another one.
    home: str | None = None

    @property
    def hub(self) -> str:
        """The cluster that what applies it is on; its own if nothing does."""
        return self.cluster if self.home is None else self.home


@dataclass(frozen=True)
class LocalChart:
    """A chart in ``folder`` of this repository, as a HelmRelease (``built``, of ``root``) installs it.

    Without one, nothing in the repository installs it. ``complete`` is false if some values are not here.
    """

    name: str
    version: str
    folder: str
    release: str
    namespace: str
    title: str
    cluster: str
    position: Position
    layers: tuple[ValuesLayer, ...]
    complete: bool = True
    root: Root | None = None
    built: BuiltObject | None = None
    findings: tuple[Finding, ...] = ()


@dataclass
class Repository:
    """The input of all check steps; ``findings`` are those of the build itself."""

    files: RepositoryFiles
    index: KustomizationIndex
    roots: list[Root] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_seen: list[NotSeen] = field(default_factory=list)
    # Charts that Applications install themselves.
    releases: list[Release] = field(default_factory=list)
    # Charts of this repository, except those that Applications install.
    local_charts: list[LocalChart] = field(default_factory=list)
    # Files with Applications that nothing applies, though an Application builds a folder above them.
    dormant: set[str] = field(default_factory=set)
    # Files of the mesh that nothing applies.
    unapplied: set[str] = field(default_factory=set)
    # The helm that rendered charts, if any.
    helm: Tool | None = None

    def objects(self) -> Iterator[tuple[Root, BuiltObject]]:
        """Every object with the root that applies it."""
        return ((root, built) for root in self.roots for built in root.objects)

    def add_root(self, root: Root) -> None:
        """Add a root after objects were looked up."""
        self.roots.append(root)
        for name in ("by_name", "by_path", "by_kind"):
            self.__dict__.pop(name, None)

    @cached_property
    def by_name(self) -> dict[tuple[str, str, str], list[tuple[Root, BuiltObject]]]:
        """Objects by cluster, kind and name; a ConfigMap also by the name in its generator entry."""
        found: dict[tuple[str, str, str], list[tuple[Root, BuiltObject]]] = {}
        for root, built in self.objects():
            names = {built.name: None}
            if built.kind == "ConfigMap" and (entry := generator_entry(self.index, built)):
                names[str(entry.data.get("name"))] = None
            for name in names:
                found.setdefault((root.cluster, built.kind, name), []).append((root, built))
        return found

    @cached_property
    def by_path(self) -> dict[str, Root]:
        """The first root of each path."""
        found: dict[str, Root] = {}
        for root in self.roots:
            found.setdefault(root.path, root)
        return found

    @cached_property
    def by_kind(self) -> dict[str, list[tuple[Root, BuiltObject]]]:
        """Objects by kind."""
        found: dict[str, list[tuple[Root, BuiltObject]]] = {}
        for root, built in self.objects():
            found.setdefault(built.kind, []).append((root, built))
        return found
