"""The nouns that the parts of this package hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from meshwright.apps.spec import MeshSpec, PatchTarget
from meshwright.errors import Position
from meshwright.manifests.finding import Finding
from meshwright.manifests.pointer import Pointer
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import Document


@dataclass(frozen=True)
class App:
    """An application: its name is its folder's name below apps/."""

    name: str
    spec: MeshSpec
    document: Document

    @property
    def base_path(self) -> str:
        """Folder of its own manifests, from the top of the repository."""
        return self.spec.path or f"apps/{self.name}"

    @property
    def spec_path(self) -> str:
        """Its mesh.yaml, from the top of the repository."""
        return f"apps/{self.name}/mesh.yaml"

    @property
    def overlay_path(self) -> str:
        """Folder of its meshing overlay."""
        return f"mesh/apps/{self.name}"

    def at(self, *pointer: str | int, key: bool = False) -> Position:
        """Where a value of its mesh.yaml stands."""
        return self.document.position(pointer, key=key)


@dataclass(frozen=True)
class Base:
    """What an application's own manifests hold; ``objects`` know their places.

    ``charts`` are the release names of Helm charts in it (HelmReleases, or helmCharts of its
    kustomizations): their workloads cannot be seen here. ``not_seen`` says what else could not be
    read, such as a remote base; a patch on that is taken on trust. ``helm`` are the places of helmCharts.
    """

    path: str
    objects: tuple[BuiltObject, ...] = ()
    charts: tuple[str, ...] = ()
    not_seen: tuple[str, ...] = ()
    helm: tuple[Position, ...] = ()


@dataclass(frozen=True)
class RepositorySettings:
    """What of the repository the applications depend on; read once from its answers and its platform.

    ``linkerd_version`` is the chart's, such as 2026.8.3, empty when it cannot be told.
    ``default_opaque_ports`` is Linkerd's own list, which an annotation replaces.
    """

    cluster: str
    engine: str
    repository_url: str
    branch: str
    layers: frozenset[str]
    linkerd_version: str
    native_sidecars: bool
    cni: bool
    default_opaque_ports: str
    # Namespaces that layer namespaces makes, and with them those that every cluster has.
    made_namespaces: frozenset[str]
    platform_namespaces: frozenset[str]
    # Namespace and service account, None when there is none here.
    traefik: tuple[str, str] | None
    prometheus: tuple[str, str] | None
    prometheus_is_meshed: bool
    trust_domain: str = "cluster.local"
    # Component of mesh/components/ -> the targets of its patches.
    components: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class AppsContext:
    """Every application beside the one that is planned; ``bases`` by application's name."""

    apps: Mapping[str, App]
    bases: Mapping[str, Base]
    settings: RepositorySettings

    @cached_property
    def namespace_makers(self) -> dict[str, list[str]]:
        """Namespace -> the applications whose manifests or overlay bring it."""
        makers: dict[str, list[str]] = {}
        for name, app in self.apps.items():
            made = {item.name for item in self.bases[name].objects if item.kind == "Namespace"}
            if app.spec.create_namespace:
                made.add(app.spec.namespace)
            for namespace in sorted(made):
                makers.setdefault(namespace, []).append(name)
        return makers


@dataclass(frozen=True)
class Patch:
    """One change of one object: a strategic merge patch (without apiVersion, kind, name) or a JSON patch.

    ``chart`` is the release whose chart makes the object, empty for an object of the manifests.
    """

    target: PatchTarget
    body: Mapping[str, Any] | list[Any]
    chart: str = ""


@dataclass(frozen=True)
class HealthExpression:
    """CEL by which Flux tells the health of a kind whose status kstatus cannot read."""

    api_version: str
    kind: str
    current: str


@dataclass
class Overlay:
    """What an application's output is, but for its wiring.

    ``files`` is text by path from the top of the repository, without the header line; ``needs`` are the
    applications and layers that its wiring waits for, with the reason of each.
    """

    files: dict[str, str] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)
    expressions: list[HealthExpression] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    meshed: bool = False


@dataclass
class Part:
    """What one concern (ingress, policy) adds to an overlay."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    needs: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class PodOwner:
    """A kind whose objects make pods, and where in them the pods' annotations are."""

    kind: str
    group: str
    # To the pod template's metadata.annotations; a step "*" stands for each item of a list.
    annotations: Pointer
    # To the pod's spec, empty where the pod is made by an operator out of sight.
    pod_spec: Pointer = ()
    # Only an operator makes pods of it.
    operator: str = ""
