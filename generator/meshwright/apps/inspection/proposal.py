"""Proposes a minimal mesh.yaml for an application, derived from its manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshwright.apps.ingress import is_gateway_route
from meshwright.apps.injectability import INJECT, blocked, is_excluded, own_annotations
from meshwright.apps.inspection.chartview import ChartView, Known
from meshwright.apps.inspection.homes import home_namespace
from meshwright.apps.inspection.ports import PROXY_PORTS, known_port, opaque_numbers
from meshwright.apps.kindscopes import can_be_moved, without_namespace
from meshwright.apps.model import Base, RepositorySettings
from meshwright.apps.overlay.engines import is_encrypted
from meshwright.apps.podmakers import unknown_makers
from meshwright.apps.podowners import JOB_KINDS, pod_owner
from meshwright.apps.podports import open_ports
from meshwright.apps.podsecurity import LEVEL, forbidding_level
from meshwright.apps.settings import SOPS_SECRET
from meshwright.apps.spec import Inject
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import dump
from meshwright.yaml.pointer import mapping_of

SCHEMA = "https://raw.githubusercontent.com/meshwright/meshwright/main/schema/mesh.schema.json"


@dataclass
class Proposal:
    """``data`` is valid by schema/mesh.schema.json; ``before`` are steps to do before generate accepts it.

    ``notes`` give reasons for what is proposed.
    """

    data: dict[str, Any]
    before: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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
    views: Sequence[ChartView] = (),
    target: str = "",
    encrypted: str = "",
    otherwise: str = "",
) -> Proposal:
    """The spec for application ``name``.

    ``namespace`` is set by the user; ``made`` are the namespaces that other applications create.
    ``chart`` is the release whose rendered objects are in ``base``, if any; ``views`` are those that the
    manifests install. ``target`` is the namespace to which the engine moves every object, if it does.
    ``encrypted`` is a file of a generator that SOPS encrypted. ``otherwise`` is the namespace if no manifest
    says it; by default the application's name. Raises MeshwrightError if the manifests do not have one
    namespace.
    """
    releases = [view.release for view in views]
    home = target or (namespace if chart else home_namespace(base, releases, namespace)) or otherwise or name
    data: dict[str, Any] = {"schema_version": 1, "namespace": home}
    proposal = Proposal(data)
    own = {item.name for item in base.objects if item.kind == "Namespace"}
    if home not in own | made | settings.platform_namespaces:
        data["createNamespace"] = True
    if base.path != f"apps/{name}":
        data["source"] = {"path": base.path}
    if target:
        data["targetNamespace"] = target
    elif not chart and settings.engine == "flux" and without_namespace(base.objects):
        if can_be_moved(base.objects, home):
            data["targetNamespace"] = home
        else:
            first = without_namespace(base.objects)[0]
            proposal.before.append(
                f"write `namespace: {home}` under metadata of {first.short_title} ({first.origin.position})"
            )
    objects = [*base.objects, *(item for view in views for item in view.objects)]
    ours = home in own or data.get("createNamespace", False)
    data["inject"] = str(Inject.ENABLED)
    if reason := _unmeshable(base, objects, views, home, settings, ours=ours, chart=chart):
        data["inject"] = str(Inject.DISABLED)
        proposal.notes.append(f"inject: disabled is proposed, because {reason}")
    else:
        if entries := _entries(base, views, chart, ours=ours):
            data["workloads"] = entries
        elif chart or base.charts:
            # Workloads that are not visible cannot be listed, so the whole namespace is meshed.
            data["scope"] = "namespace"
        if not chart and "workloads" not in data and (excepted := list(_exceptions(base.objects))):
            data["except"] = excepted
    meshed = data["inject"] != Inject.DISABLED
    if meshed and (ports := _opaque(objects, settings)):
        data["opaquePorts"] = ports
    if meshed and not chart and settings.traefik is not None and any(map(_is_route, base.objects)):
        data["ingress"] = {}
    if not settings.sops_secret and (encrypted or any(map(is_encrypted, base.objects))):
        data["decryption"] = {"provider": "sops", "secretRef": {"name": SOPS_SECRET}}
        proposal.before.append(f"create Secret {SOPS_SECRET} with your key in namespace flux-system")
    for item in base.objects if meshed else ():
        if item.kind == "Namespace" and item.name == home and forbidding_level(item, settings):
            proposal.before.append(f"set {LEVEL}: privileged on Namespace {home} ({item.origin.position})")
    return proposal


def _unmeshable(
    base: Base,
    objects: Sequence[BuiltObject],
    views: Sequence[ChartView],
    home: str,
    settings: RepositorySettings,
    *,
    ours: bool,
    chart: str,
) -> str:
    """Why no pod of the application can be meshed by what is known; empty if one can."""
    named = next((item for item in base.objects if (item.kind, item.name) == ("Namespace", home)), None)
    if is_excluded(home, named, settings):
        return f"Linkerd's injector ignores namespace '{home}'"
    unseen = [view.release for view in views if not view.is_whole]
    guessed = [item for view in views if view.is_partial for item in view.objects]
    owners = [(item, owner) for item in objects if item not in guessed and (owner := pod_owner(item))]
    if any(blocked(item, owner) is None for item, owner in owners):
        return ""
    if unseen and not ours:
        extent = "all " if guessed else ""
        return (
            f"the workloads of {unseen[0].title} are not {extent}visible, and namespace '{home}' is not the "
            "application's own; list them under workloads, with their chart"
        )
    if unseen or chart or base.not_seen or any(unknown_makers(tuple(objects))):
        return ""
    if owners:
        item, owner = owners[0]
        more = f" and {len(owners) - 1} more" if len(owners) > 1 else ""
        return f"nothing can be meshed: {item.short_title}{more}: {blocked(item, owner)}"
    return "no object creates pods" if base.objects else ""


def _is_route(item: BuiltObject) -> bool:
    """Whether Traefik may serve it: its own kind, one of the Gateway API, or an Ingress of no other class."""
    if item.kind == "IngressRoute":
        return item.group == "traefik.io"
    if is_gateway_route(item):
        return True
    named = mapping_of(item.data.get("spec")).get("ingressClassName")
    return item.kind == "Ingress" and item.group == "networking.k8s.io" and named in (None, "traefik")


def _entries(base: Base, views: Sequence[ChartView], chart: str, *, ours: bool) -> list[dict[str, Any]]:
    """Every workload if some opt out of the mesh, or if a chart creates them; else none.

    Names that only a chart's values give are not listed where the Namespace can carry the annotation.
    """
    refused = any(map(_opts_out, base.objects))
    entries = [_entry(item, chart) for item in _listable(base.objects, chart)] if chart or refused else []
    known = [view for view in views if view.is_whole]
    if len(known) < len(views) or (ours and any(view.known is Known.PREDICTED for view in known)):
        return entries if not views else []
    for view in known:
        entries += [_entry(item, view.release.name) for item in _listable(view.objects, view.release.name)]
    return entries


def _exceptions(objects: Iterable[BuiltObject]) -> Iterator[dict[str, Any]]:
    """The workloads that the injector cannot inject."""
    for item in objects:
        owner = pod_owner(item)
        if owner is not None and blocked(item, owner) is not None:
            yield {"kind": item.kind, "name": item.name}


def _listable(objects: Iterable[BuiltObject], chart: str) -> Iterator[BuiltObject]:
    for item in objects:
        owner = pod_owner(item)
        if owner is None or blocked(item, owner) is not None:
            continue
        if chart and (owner.operator or item.kind in JOB_KINDS or item.kind == "Pod"):
            continue
        yield item


def _opts_out(item: BuiltObject) -> bool:
    owner = pod_owner(item)
    if owner is None or blocked(item, owner) is not None:
        return False
    return own_annotations(item, owner).get(INJECT) == Inject.DISABLED


def _entry(item: BuiltObject, chart: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": item.kind, "name": item.name}
    if chart:
        entry["chart"] = chart
    if _opts_out(item):
        entry["inject"] = str(Inject.DISABLED)
    return entry


def _opaque(objects: Iterable[BuiltObject], settings: RepositorySettings) -> list[int]:
    known = opaque_numbers(settings.default_opaque_ports)
    found: dict[int, None] = {}
    for item in objects:
        owner = pod_owner(item)
        for port in open_ports(item, owner) if owner else ():
            wanted = port.protocol == "TCP" and known_port(port) and port.number not in known
            if wanted and port.number not in PROXY_PORTS:
                found[port.number] = None
    return sorted(found)
