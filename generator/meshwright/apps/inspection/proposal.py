"""Proposes a minimal mesh.yaml for an application, derived from its manifests."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshwright.apps.base.plain import CLUSTER_SCOPED
from meshwright.apps.injectability import INJECT, blocked, own_annotations
from meshwright.apps.inspection.ports import PROXY_PORTS, known_port, opaque_numbers
from meshwright.apps.model import Base, RepositorySettings
from meshwright.apps.podowners import JOB_KINDS, pod_owner
from meshwright.apps.podports import container_ports
from meshwright.apps.podsecurity import LEVEL, forbidding_level
from meshwright.apps.spec import Inject
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import dump
from meshwright.yaml.pointer import mapping_of

SCHEMA = "https://raw.githubusercontent.com/meshwright/meshwright/main/schema/mesh.schema.json"


@dataclass
class Proposal:
    """``data`` is valid by schema/mesh.schema.json; ``before`` are steps to do before generate accepts it."""

    data: dict[str, Any]
    before: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the file."""
        return f"# yaml-language-server: $schema={SCHEMA}\n{dump(self.data)}"


def propose(
    name: str,
    base: Base,
    settings: RepositorySettings,
    *,
    namespace: str | None = None,
    made: frozenset[str] = frozenset(),
    chart: str = "",
) -> Proposal:
    """The spec for application ``name``.

    ``namespace`` is set by the user; ``made`` are the namespaces that other applications create.
    ``chart`` is the release whose rendered objects are in ``base``, if any.
    """
    home = namespace or _namespace(base) or name
    data: dict[str, Any] = {"schema_version": 1, "namespace": home}
    own = {item.name for item in base.objects if item.kind == "Namespace"}
    if home not in own | made | settings.platform_namespaces:
        data["createNamespace"] = True
    if base.path != f"apps/{name}":
        data["source"] = {"path": base.path}
    data["inject"] = str(Inject.ENABLED)
    workloads = _workloads(base, chart)
    if (chart or base.charts) and not workloads:
        # Workloads that are not visible cannot be listed, so the whole namespace is meshed.
        if home in own or data.get("createNamespace"):
            data["scope"] = "namespace"
        else:
            data["inject"] = str(Inject.DISABLED)
    elif workloads:
        data["workloads"] = workloads
    if ports := _opaque(base, settings):
        data["opaquePorts"] = ports
    meshed = data["inject"] != Inject.DISABLED
    if meshed and not chart and settings.traefik is not None and any(map(_is_route, base.objects)):
        data["ingress"] = {}
    proposal = Proposal(data)
    if not chart:
        proposal.before += _missing_namespace(base, home)
    for item in base.objects if meshed else ():
        if item.kind == "Namespace" and item.name == home and forbidding_level(item, settings):
            proposal.before.append(f"set {LEVEL}: privileged on Namespace {home} ({item.origin.position})")
    return proposal


def _is_route(item: BuiltObject) -> bool:
    """Whether Traefik may serve it: an IngressRoute, or an Ingress that names no other controller."""
    if item.kind == "IngressRoute":
        return item.group == "traefik.io"
    named = mapping_of(item.data.get("spec")).get("ingressClassName")
    return item.kind == "Ingress" and item.group == "networking.k8s.io" and named in (None, "traefik")


def _namespace(base: Base) -> str:
    """The namespace of the workloads, if they all have the same."""
    owners = {item.namespace for item in base.objects if pod_owner(item) and item.namespace}
    named = {item.name for item in base.objects if item.kind == "Namespace"}
    return min(owners) if len(owners) == 1 else (min(named) if len(named) == 1 else "")


def _workloads(base: Base, chart: str) -> list[dict[str, Any]]:
    """Every workload if some opt out of the mesh, or if a chart creates them; else none."""
    owners = [(item, owner) for item in base.objects if (owner := pod_owner(item))]
    found = [(item, owner) for item, owner in owners if blocked(item, owner) is None]
    refused = [item for item, owner in found if own_annotations(item, owner).get(INJECT) == Inject.DISABLED]
    if not chart and not refused:
        return []
    entries = []
    for item, owner in found:
        entry: dict[str, Any] = {"kind": item.kind, "name": item.name}
        if chart:
            if owner.operator or item.kind in JOB_KINDS or item.kind == "Pod":
                continue
            entry["chart"] = chart
        if item in refused:
            entry["inject"] = str(Inject.DISABLED)
        entries.append(entry)
    return entries


def _opaque(base: Base, settings: RepositorySettings) -> list[int]:
    known = opaque_numbers(settings.default_opaque_ports)
    found: dict[int, None] = {}
    for item in base.objects:
        owner = pod_owner(item)
        for port in container_ports(item, owner) if owner else ():
            wanted = port.protocol == "TCP" and known_port(port.number) and port.number not in known
            if wanted and port.number not in PROXY_PORTS:
                found[port.number] = None
    return sorted(found)


def _missing_namespace(base: Base, home: str) -> list[str]:
    bare = [item for item in base.objects if not item.namespace and _is_namespaced(item.data)]
    if not bare:
        return []
    file = posixpath.join(base.path, "kustomization.yaml")
    return [f"set `namespace: {home}` in {file}: {bare[0].short_title} has no namespace"]


def _is_namespaced(data: Mapping[str, Any]) -> bool:
    group, slash, _ = str(data.get("apiVersion", "")).partition("/")
    return (group if slash else "", str(data.get("kind"))) not in CLUSTER_SCOPED
