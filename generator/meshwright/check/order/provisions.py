"""The providers of what others need: kinds, webhooks, namespaces, what pods name, and the injector."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from meshwright.check.model.index import CONTROL_PLANE, Item
from meshwright.check.model.unseen import Absence
from meshwright.check.order.chartfacts import CRDS_FOLDER, FACTS, GATEWAY, skips_crds
from meshwright.check.order.engineneeds import SOURCES
from meshwright.check.order.helmfile import charts_of_helmfiles
from meshwright.check.order.podneeds import CLUSTER_WIDE
from meshwright.check.order.startup import ChartContent, Content, Moment, StartupModel, StartupUnit
from meshwright.errors import Position


@dataclass(frozen=True)
class Provider:
    """``event`` of ``unit`` provides something; ``what`` is its source, such as ``chart cert-manager``.

    A user starts it if it is ``manual``, and applies it before all else if it is ``by_hand``.
    """

    event: int
    unit: StartupUnit
    what: str
    by_hand: bool = False
    manual: bool = False


_Key = tuple[str, ...]
# Objects that pods, claims or Flux need, by group and kind.
_PLAIN = frozenset(
    {
        *SOURCES,
        *(("", kind) for kind in ("Secret", "ConfigMap", "PersistentVolumeClaim", "ServiceAccount")),
        ("scheduling.k8s.io", "PriorityClass"),
        ("node.k8s.io", "RuntimeClass"),
        ("storage.k8s.io", "StorageClass"),
        ("", "PersistentVolume"),
        ("snapshot.storage.k8s.io", "VolumeSnapshot"),
        ("resource.k8s.io", "ResourceClaim"),
        ("resource.k8s.io", "ResourceClaimTemplate"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
    }
)
# How people name what installs Linkerd.
_MESH = re.compile(r"linkerd|\bl5d\b|service-?mesh", re.IGNORECASE)


@dataclass
class Provisions:
    """Providers by cluster and name."""

    # (cluster, group) for charts, (cluster, group, kind) for CRDs.
    kinds: dict[_Key, list[Provider]] = field(default_factory=dict)
    # (cluster, group) -> the providers whose webhook must answer.
    guards: dict[_Key, list[Provider]] = field(default_factory=dict)
    namespaces: dict[_Key, list[Provider]] = field(default_factory=dict)
    # (cluster, kind, namespace, name); the namespace is * for objects created in every namespace.
    mounts: dict[_Key, list[Provider]] = field(default_factory=dict)
    injectors: dict[str, list[Provider]] = field(default_factory=dict)
    # Units of other repositories that look like the control plane, and all that may contain it.
    unseen_injectors: dict[str, list[Provider]] = field(default_factory=dict)
    unseen: dict[str, list[Provider]] = field(default_factory=dict)
    cni: dict[str, list[Provider]] = field(default_factory=dict)

    def kinds_of(self, cluster: str, group: str, kind: str) -> list[Provider]:
        """The providers of a kind."""
        return [*self.kinds.get((cluster, group, kind), []), *self.kinds.get((cluster, group), [])]

    def mount(self, cluster: str, kind: str, namespace: str, name: str) -> list[Provider]:
        """The providers of an object that pods need."""
        exact = self.mounts.get((cluster, kind, namespace, name), [])
        return [*exact, *self.mounts.get((cluster, kind, "*", name), [])]


def read_provisions(startup: StartupModel) -> Provisions:
    """Everything that the units provide."""
    found = Provisions()
    for content in startup.contents:
        if content.makes_namespace:
            made = Provider(content.served, content.unit, content.unit.title, manual=content.manual)
            found.namespaces.setdefault((content.unit.place, content.makes_namespace), []).append(made)
        for item in content.items:
            _item(found, content, item)
    for chart in startup.charts:
        _chart(found, chart)
    _bootstrap(startup, found)
    _unseen(startup, found)
    return found


def _unseen(startup: StartupModel, found: Provisions) -> None:
    """Add the units whose content is in another repository, where no control plane is seen."""
    model = startup.model
    titles = {gap.subject: gap for gap in model.gaps if not gap.is_root}
    for item in (*model.items("Kustomization"), *model.items("Application", "argoproj.io")):
        gap = titles.get(item.title)
        namespace = item.built.namespace or ("argocd" if item.built.kind == "Application" else "default")
        events = startup.find(item.cluster, item.built.kind, namespace, item.name)
        if gap is None or events is None:
            continue
        cluster = startup.owner(events[Moment.UP]).place
        if cluster in found.injectors:
            continue
        # Its health checks are taken as a gate: they may be on the injector.
        moment = Moment.READY if item.list("spec", "healthChecks") else Moment.UP
        provider = Provider(events[moment], startup.owner(events[moment]), item.title)
        found.unseen.setdefault(cluster, []).append(provider)
        if gap.doubt(Absence(item.cluster, (), "linkerd")) and _MESH.search(f"{item.name} {item.spec}"):
            found.unseen_injectors.setdefault(cluster, []).append(provider)


def _bootstrap(startup: StartupModel, found: Provisions) -> None:
    """Add what is installed with helmfile before any engine runs, in every cluster."""
    installed = charts_of_helmfiles(startup.model.files)
    for cluster in startup.model.clusters if installed else ():
        unit = StartupUnit(cluster, "helmfile installation", "", "", Position("."))
        event = startup.unit(unit)[Moment.STARTED]
        for chart in sorted(installed & FACTS.keys()):
            provider = Provider(event, unit, f"chart {chart}", by_hand=True)
            for group in FACTS[chart].groups:
                found.kinds.setdefault((cluster, group), []).append(provider)
            for group in FACTS[chart].guards:
                found.guards.setdefault((cluster, group), []).append(provider)


def _item(found: Provisions, content: Content, item: Item) -> None:
    cluster = content.unit.place

    def provider(event: int) -> Provider:
        return Provider(event, content.unit, item.title, content.by_hand, content.manual)

    match item.built.kind:
        case "CustomResourceDefinition":
            names = item.mapping("spec", "names")
            key = (cluster, str(item.get("spec", "group")), str(names.get("kind")))
            found.kinds.setdefault(key, []).append(provider(content.staged))
        case "Namespace":
            found.namespaces.setdefault((cluster, item.name), []).append(provider(content.staged))
        case "Deployment" if item.name == "linkerd-proxy-injector":
            found.injectors.setdefault(cluster, []).append(provider(content.up))
        case _:
            for kind, namespace, name in _created(item):
                found.mounts.setdefault((cluster, kind, namespace, name), []).append(
                    provider(content.applied)
                )


def _created(item: Item) -> Iterator[tuple[str, str, str]]:
    """Kind, namespace and name of what a pod may need, if an object is it or creates it."""
    kind = item.built.kind
    if (item.built.group, kind) in _PLAIN:
        yield kind, "" if kind in CLUSTER_WIDE else item.namespace, item.name
    elif kind == "Certificate" and item.get("spec", "secretName"):
        yield "Secret", item.namespace, str(item.get("spec", "secretName"))
    elif kind == "SealedSecret":
        yield "Secret", item.namespace, str(item.get("spec", "template", "metadata", "name") or item.name)
    elif kind == "ExternalSecret":
        yield "Secret", item.namespace, str(item.get("spec", "target", "name") or item.name)
    elif kind == "Bundle" and item.built.group == "trust.cert-manager.io":
        target = "Secret" if item.mapping("spec", "target", "secret") else "ConfigMap"
        yield target, "*", item.name


def _chart(found: Provisions, chart: ChartContent) -> None:
    cluster, name = chart.unit.place, chart.release.chart.name
    facts = FACTS.get(name)
    applied = Provider(chart.applied, chart.unit, f"chart {name}")
    running = Provider(chart.up, chart.unit, f"chart {name}", manual=chart.manual)
    if facts is not None:
        if facts.with_kinds(chart.release) and not (name in CRDS_FOLDER and skips_crds(chart.release)):
            for group in facts.groups:
                found.kinds.setdefault((cluster, group), []).append(applied)
        for group in facts.guards:
            found.guards.setdefault((cluster, group), []).append(running)
    if name == "linkerd-crds" and chart.release.value("installGatewayAPI") is True:
        found.kinds.setdefault((cluster, GATEWAY), []).append(applied)
    if chart.makes_namespace and chart.release.namespace:
        found.namespaces.setdefault((cluster, chart.release.namespace), []).append(applied)
    if name == CONTROL_PLANE:
        found.injectors.setdefault(cluster, []).append(running)
    if name == "linkerd2-cni":
        found.cni.setdefault(cluster, []).append(running)
