"""The typed content of a mesh.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# A port, or a range such as "7000-7010".
Port = int | str
Ports = tuple[Port, ...]


class Inject(StrEnum):
    """Values of the annotation linkerd.io/inject; Linkerd silently treats any other value as disabled."""

    ENABLED = "enabled"
    INGRESS = "ingress"
    DISABLED = "disabled"


class Scope(StrEnum):
    """Where the annotations are set."""

    WORKLOADS = "workloads"
    NAMESPACE = "namespace"


class Jobs(StrEnum):
    """How Jobs and CronJobs are meshed."""

    NATIVE = "native"
    DISABLED = "disabled"
    AWAIT = "await"


@dataclass(frozen=True)
class Proxy:
    """Proxy settings; empty text and None keep Linkerd's defaults. CPU and memory are quantities."""

    cpu_request: str = ""
    cpu_limit: str = ""
    memory_request: str = ""
    memory_limit: str = ""
    log_level: str = ""
    native_sidecar: bool | None = None
    shutdown_grace_period: str = ""


@dataclass(frozen=True)
class WorkloadSpec:
    """One entry of ``workloads``; None means the same as the application."""

    kind: str
    name: str
    chart: str = ""
    inject: Inject | None = None
    opaque_ports: Ports | None = None
    skip_inbound_ports: Ports | None = None
    skip_outbound_ports: Ports | None = None
    proxy: Proxy | None = None


@dataclass(frozen=True)
class Route:
    """A route through Traefik."""

    host: str
    service: str
    port: int
    path: str = "/"
    entry_points: tuple[str, ...] = ("websecure",)
    tls_secret: str = ""


@dataclass(frozen=True)
class Ingress:
    """How Traefik reaches the application; ``override`` sets l5d-dst-override on each route."""

    override: bool = False
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class AllowFrom:
    """Clients that are allowed."""

    apps: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    traefik: bool = False
    prometheus: bool = False


@dataclass(frozen=True)
class Policy:
    """The policy: no Server without ``allow_from``; empty ``ports`` means every declared port."""

    default_inbound: str = ""
    ports: tuple[int | str, ...] = ()
    allow_from: AllowFrom | None = None


@dataclass(frozen=True)
class PatchTarget:
    """An object by kind and exact name."""

    kind: str
    name: str
    group: str | None = None
    version: str | None = None
    namespace: str | None = None


@dataclass(frozen=True)
class FreePatch:
    """A user's patch: a mapping (strategic merge) or a list (JSON patch). Never modify it."""

    target: PatchTarget
    patch: Mapping[str, Any] | list[Any]


@dataclass(frozen=True)
class Decryption:
    """How Flux decrypts SOPS files: a Secret with keys, or a service account of a cloud's key service."""

    secret: str = ""
    service_account: str = ""


@dataclass(frozen=True)
class Sync:
    """How the engine applies the application; empty and None keep what Meshwright generates.

    Lists and mappings are Flux' own fields. Never modify them.
    """

    interval: str = ""
    prune: bool | None = None
    suspend: bool | None = None
    wait: bool | None = None
    health_checks: tuple[Mapping[str, Any], ...] = ()
    health_expressions: tuple[Mapping[str, Any], ...] = ()
    post_build: Mapping[str, Any] = field(default_factory=dict)
    service_account: str = ""


@dataclass(frozen=True)
class MeshSpec:
    """A whole mesh.yaml; ``jobs`` and ``create_namespace`` are None if the file does not set them."""

    namespace: str
    inject: Inject
    path: str = ""
    create_namespace: bool | None = None
    scope: Scope = Scope.WORKLOADS
    workloads: tuple[WorkloadSpec, ...] = ()
    # Kind and name of the workloads that stay out of the mesh.
    excepted: tuple[tuple[str, str], ...] = ()
    depends_on: tuple[str, ...] = ()
    jobs: Jobs | None = None
    opaque_ports: Ports = ()
    skip_inbound_ports: Ports = ()
    skip_outbound_ports: Ports = ()
    proxy: Proxy = Proxy()
    ingress: Ingress | None = None
    policy: Policy | None = None
    # True for every Service, or the names of some.
    export: bool | tuple[str, ...] = False
    federated: bool | tuple[str, ...] = False
    pod_annotation_values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    components: tuple[str, ...] = ()
    patches: tuple[FreePatch, ...] = ()
    timeout: str = "10m"
    decryption: Decryption | None = None
    target_namespace: str = ""
    sync: Sync = Sync()
    wiring: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_meshed(self) -> bool:
        """Whether any of its pods should have a proxy."""
        if self.inject is not Inject.DISABLED:
            return True
        return any(entry.inject not in (None, Inject.DISABLED) for entry in self.workloads)
