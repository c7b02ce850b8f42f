"""The data types that the modules of this package share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from meshwright.apps.existing import overlays_folder
from meshwright.apps.spec import MeshSpec, PatchTarget
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.linkerd.injection import DEFAULT_INJECTOR, Injector
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import Document
from meshwright.yaml.pointer import Pointer


@dataclass(frozen=True)
class App:
    """An application on one cluster, named after its folder below apps/."""

    name: str
    cluster: str
    spec: MeshSpec
    document: Document

    @property
    def base_path(self) -> str:
        """The folder of its own manifests, relative to the repository root."""
        return self.spec.path or f"apps/{self.name}"

    @property
    def spec_path(self) -> str:
        """Its mesh.yaml, relative to the repository root."""
        return f"apps/{self.name}/mesh.yaml"

    @property
    def overlay_path(self) -> str:
        """The folder of its overlay."""
        return f"{overlays_folder(self.cluster)}/{self.name}"

    def at(self, *pointer: str | int, key: bool = False) -> Position:
        """The position of a value in its mesh.yaml."""
        return self.document.position(pointer, key=key)


@dataclass(frozen=True)
class HelmEntry:
    """An entry of helmCharts in the kustomization of ``folder``.

    ``namespace`` is that of its pods, as far as kustomizations set it.
    """

    data: Mapping[str, Any]
    folder: str
    namespace: str
    position: Position


@dataclass(frozen=True)
class Base:
    """The objects of an application's own manifests, with their positions.

    ``charts`` are the release names of its Helm charts (HelmReleases, or helmCharts of its kustomizations),
    whose workloads are not visible here. ``not_seen`` is what else could not be read, such as a remote base;
    patches for it are not verified. ``helm`` are the positions of helmCharts, ``entries`` its entries.
    """

    path: str
    objects: tuple[BuiltObject, ...] = ()
    charts: tuple[str, ...] = ()
    not_seen: tuple[str, ...] = ()
    helm: tuple[Position, ...] = ()
    entries: tuple[HelmEntry, ...] = ()


@dataclass(frozen=True)
class Component:
    """A Component below mesh/components/: its folder, and the targets of its patches."""

    path: str
    targets: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class RepositorySettings:
    """The settings of a repository that applications depend on, from its answers and its platform.

    ``linkerd_version`` is the chart's version, such as 2026.8.3; empty if it is unknown.
    ``default_opaque_ports`` is Linkerd's default list, which an annotation replaces.
    """

    cluster: str
    answers_file: str
    engine: str
    repository_url: str
    branch: str
    layers: frozenset[str]
    linkerd_version: str
    native_sidecars: bool
    cni: bool
    default_opaque_ports: str
    # Namespaces of the layer namespaces, without and with those that every cluster has.
    created_namespaces: frozenset[str]
    platform_namespaces: frozenset[str]
    # Namespace and service account, or None.
    traefik: tuple[str, str] | None
    prometheus: tuple[str, str] | None
    prometheus_is_meshed: bool
    trust_domain: str = "cluster.local"
    # Whether it has linked clusters, whether one of them reaches its pods directly, and the identity of the
    # gateway by which they reach this one.
    is_linked: bool = False
    has_flat_link: bool = False
    gateway: tuple[str, str] | None = None
    # The Secret with the key that Flux decrypts SOPS files with; empty if the repository has none.
    sops_secret: str = ""
    # The metadata of the namespaces that the platform creates.
    namespaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    injector: Injector = DEFAULT_INJECTOR
    components: Mapping[str, Component] = field(default_factory=dict)


@dataclass(frozen=True)
class AppsContext:
    """All applications of the repository; ``bases`` by application name.

    ``unread`` are applications whose manifests cannot be read, so that it is unknown what they create.
    """

    apps: Mapping[str, App]
    bases: Mapping[str, Base]
    settings: RepositorySettings
    unread: frozenset[str] = frozenset()

    @cached_property
    def namespace_creators(self) -> dict[str, list[str]]:
        """Namespace -> the applications whose manifests or overlay create it."""
        creators: dict[str, list[str]] = {}
        for name, app in self.apps.items():
            made = {item.name for item in self.bases[name].objects if item.kind == "Namespace"}
            if made and app.spec.target_namespace:
                made = {app.spec.target_namespace}
            if app.spec.create_namespace:
                made.add(app.spec.namespace)
            for namespace in sorted(made):
                creators.setdefault(namespace, []).append(name)
        return creators


@dataclass(frozen=True)
class Patch:
    """A patch of one object: a strategic merge patch (without apiVersion, kind, name) or a JSON patch.

    ``chart`` is the release whose chart contains the object; empty for an object of the manifests.
    """

    target: PatchTarget
    body: Mapping[str, Any] | list[Any]
    chart: str = ""


@dataclass(frozen=True)
class HealthExpression:
    """A CEL expression for the health of a kind whose status kstatus does not support."""

    api_version: str
    kind: str
    current: str


@dataclass
class Overlay:
    """The output of an application, except its wiring.

    ``files`` are texts by path relative to the repository root, without the header line; ``needs`` are the
    applications and layers that its wiring waits for, each with the reason.
    """

    files: dict[str, str] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)
    expressions: list[HealthExpression] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    meshed: bool = False


@dataclass
class Part:
    """The contribution of one feature (ingress, policy) to an overlay."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    needs: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class PodOwner:
    """A kind whose objects create pods, with the location of the pods' annotations."""

    kind: str
    group: str
    # The path to the pod template's metadata.annotations; "*" stands for each item of a list.
    annotations: Pointer
    # The path to the pod spec; empty if an operator creates the pods.
    pod_spec: Pointer = ()
    # The operator that creates the pods, if any, and the ports that they open.
    operator: str = ""
    ports: tuple[int, ...] = ()
