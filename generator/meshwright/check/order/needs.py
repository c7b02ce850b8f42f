"""Adds what each object and chart needs to the graph, and collects soft dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from meshwright.check.model.index import CONTROL_PLANE, Item
from meshwright.check.model.injection import inject_mode
from meshwright.check.model.workloads import Workload, workload_of
from meshwright.check.order.chartfacts import FACTS, GATEWAY
from meshwright.check.order.chartpods import is_meshed
from meshwright.check.order.engineneeds import EngineNeed, engine_needs, source_of
from meshwright.check.order.flux import HELM, KUSTOMIZE, owner_of
from meshwright.check.order.graph import Because
from meshwright.check.order.podneeds import (
    CLUSTER_WIDE,
    PodNeed,
    is_awaited,
    is_gate,
    needs_of_claim,
    needs_of_pods,
)
from meshwright.check.order.provisions import Provider, Provisions
from meshwright.check.order.startup import (
    ChartContent,
    Content,
    Moment,
    SoftDependency,
    StartupModel,
    StartupUnit,
)
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.linkerd.injection import INJECT

# Namespaces that are excluded from Linkerd's injector, or are Linkerd's own.
_EXCLUDED = frozenset({"kube-system", "cert-manager", "linkerd", "linkerd-cni", "flux-system"})
# Namespaces that every cluster with an engine has.
_EXISTING = frozenset({"default", "kube-system", "kube-public", "kube-node-lease", "flux-system", "argocd"})
_WEBHOOKS = {
    "proxyInjector": "linkerd-proxy-injector-k8s-tls",
    "profileValidator": "linkerd-sp-validator-k8s-tls",
    "policyValidator": "linkerd-policy-validator-k8s-tls",
}


def add_needs(startup: StartupModel, provisions: Provisions) -> None:
    """Add the needs of every event, and record its soft dependencies."""
    needs = _Needs(startup, provisions)
    for content in startup.contents:
        if not content.by_hand:
            with _contained(startup, content.unit):
                needs.of_content(content)
    needs.of_engine()
    for chart in startup.charts:
        with _contained(startup, chart.unit):
            needs.of_chart(chart)


def _contained(startup: StartupModel, unit: StartupUnit) -> AbstractContextManager[None]:
    return contained(startup.model.faults, f"reading what {unit.title} needs", unit.position)


class _Needs:
    def __init__(self, startup: StartupModel, provisions: Provisions) -> None:
        self._startup = startup
        self._provisions = provisions

    def of_content(self, content: Content) -> None:
        """Add kinds, webhooks, namespaces and mounted Secrets of the objects, and a proxy for meshed pods."""
        cluster, provisions = content.unit.place, self._provisions
        kinds: dict[tuple[str, str], Item] = {}
        namespaces: dict[str, Item] = {}
        for item in content.items:
            if "." in item.built.group:
                kinds.setdefault((item.built.group, item.built.kind), item)
            if item.built.namespace and item.built.namespace not in (*_EXISTING, content.makes_namespace):
                namespaces.setdefault(item.built.namespace, item)
        for (group, kind), item in kinds.items():
            providers = provisions.kinds_of(cluster, group, kind)
            self._kind(content, item, providers, f"kind {kind}")
            guards = provisions.guards.get((cluster, group), [])
            # A webhook that only this apply brings is not registered yet, and then it blocks nothing.
            if any(self._startup.is_created_by(guard.unit, content.unit) for guard in guards):
                guards = []
            self._require(content, content.served, item, guards, "webhook", f"the webhook for {group}")
        for namespace, item in namespaces.items():
            makers = provisions.namespaces.get((cluster, namespace), [])
            if not any(maker.unit == content.unit and maker.event == content.staged for maker in makers):
                what = f"namespace {namespace}"
                self._require(content, content.applied, item, makers, "namespace", what)
        self._pods(content)

    def _kind(self, content: Content, item: Item, providers: list[Provider], what: str) -> None:
        own = [provider for provider in providers if provider.unit == content.unit]
        if not own:
            self._require(content, content.served, item, providers, "kind", what)
        elif not any(provider.event == content.staged for provider in own):
            # The dry run knows kinds from the same sync; the API server knows them once they are applied.
            self._require(content, content.applied, item, providers, "kind", what)

    def of_engine(self) -> None:
        """Add the sources, credentials and variables that Flux reads before it applies anything."""
        model, startup = self._startup.model, self._startup
        for item in (*model.items("Kustomization", KUSTOMIZE), *model.items("HelmRelease", HELM)):
            events = startup.find(item.cluster, item.built.kind, item.namespace, item.name)
            if events is None:
                continue
            unit, owner = startup.owner(events[Moment.STARTED]), owner_of(startup, item)
            place = startup.owner(owner[Moment.APPLIED]).place if owner else item.cluster
            for need in engine_needs(model, item):
                providers = self._provisions.mount(place, need.kind, need.namespace, need.name)
                # What a unit reads before it applies that very object was there before, as after a bootstrap.
                if not any(unit == one.unit or self._reads_too(need, one.unit) for one in providers):
                    at = item.at(*need.pointer)
                    self._need(events[Moment.STARTED], providers, need.edge, need.text, at)

    def _reads_too(self, need: EngineNeed, unit: StartupUnit) -> bool:
        """Whether a unit that applies a source reads the same one."""
        item = self._startup.model.find(unit.cluster, unit.kind, unit.namespace, unit.name)
        same = (need.kind, need.namespace, need.name)
        sources = source_of(item) if item is not None else ()
        return any((other.kind, other.namespace, other.name) == same for other in sources)

    def _require(
        self, content: Content, event: int, item: Item, providers: list[Provider], kind: str, what: str
    ) -> None:
        text = f"{item.title} needs {what}"
        self._need(event, providers, kind, text, item.at(), without_retry=not content.retried)
        if not content.retried and _may_be_missing(providers):
            wanted = tuple(provider.event for provider in providers)
            self._startup.without_retry.append(
                SoftDependency(event, wanted, kind, item.title, what, item.at())
            )

    def _need(
        self,
        event: int,
        providers: list[Provider],
        kind: str,
        text: str,
        at: Position,
        *,
        without_retry: bool = False,
    ) -> None:
        pairs = [
            (provider.event, Because(kind, f"{text}, from {provider.what}", at)) for provider in providers
        ]
        # Manually applied objects exist before any engine starts.
        if not any(provider.by_hand for provider in providers):
            self._startup.graph.need(event, pairs, without_retry=without_retry)

    def _pods(self, content: Content) -> None:
        injectors = self._injectors(content)
        for item in content.items:
            workload = workload_of(item)
            if workload is None:
                self._objects(content, item, needs_of_claim(item))
                continue
            if is_awaited(workload):
                self._objects(content, item, needs_of_pods(workload))
            if is_gate(workload):
                self._need(content.up, injectors, "gate", "it succeeds only with a proxy", item.at())
            elif self._is_meshed(workload):
                at = item.at(*workload.template, "metadata", "annotations", INJECT)
                self._before_pods(content, item.title, at)

    def _objects(self, content: Content, item: Item, needs: Iterable[PodNeed]) -> None:
        """Let the unit, and a health check of this object, wait for what keeps its pods from starting."""
        for need in needs:
            namespace = "" if need.kind in CLUSTER_WIDE else item.namespace
            providers = self._provisions.mount(content.unit.place, need.kind, namespace, need.name)
            text = f"{item.title} {need.verb} {need.kind} {need.name}"
            for event in (content.up, self._startup.running.get(id(item.built))):
                if event is not None:
                    self._need(event, providers, "mount", text, item.at())

    def _before_pods(self, content: Content | ChartContent, subject: str, at: Position) -> None:
        """The injector should run before meshed pods; one of another repository only if it looks like it."""
        cluster, soft = content.unit.place, self._startup.soft_dependencies
        if injectors := self._injectors(content):
            events = tuple(provider.event for provider in injectors)
            soft.append(
                SoftDependency(content.applied, events, "injector", subject, injectors[0].unit.title, at)
            )
        elif likely := self._provisions.unseen_injectors.get(cluster):
            events = tuple(provider.event for provider in self._provisions.unseen[cluster])
            what = f"{likely[0].unit.title}, which another repository defines"
            soft.append(SoftDependency(content.applied, events, "unseen-injector", subject, what, at))

    def _injectors(self, content: Content | ChartContent) -> list[Provider]:
        """The providers of the injector; none if it is installed manually, before everything else.

        Where a user starts the syncs of one of the two, only what one sync orders counts.
        """
        found = self._provisions.injectors.get(content.unit.place, [])
        if any(provider.by_hand for provider in found):
            return []
        if content.manual or any(provider.manual for provider in found):
            return [provider for provider in found if provider.unit == content.unit]
        return found

    def _is_meshed(self, workload: Workload) -> bool:
        own = workload.item.namespace in _EXCLUDED
        return not own and inject_mode(self._startup.model, workload) is not None

    def of_chart(self, chart: ChartContent) -> None:
        """Add what a chart's own objects and pods need."""
        release, provisions, cluster = chart.release, self._provisions, chart.unit.place
        title, at = chart.release.title, release.position
        if release.namespace not in ("", *_EXISTING) and not chart.makes_namespace:
            makers = provisions.namespaces.get((cluster, release.namespace), [])
            self._require_for_chart(
                chart, chart.applied, makers, "namespace", f"namespace {release.namespace}"
            )
        facts = FACTS.get(release.chart.name)
        for group in facts.uses(release) if facts else ():
            kinds = _distinct(provisions.kinds.get((cluster, group), []))
            self._require_for_chart(chart, chart.served, kinds, "kind", f"the kinds of {group}")
            guards = provisions.guards.get((cluster, group), [])
            self._require_for_chart(chart, chart.served, guards, "webhook", f"the webhook for {group}")
        if release.chart.name == CONTROL_PLANE:
            self._control_plane(chart)
        elif is_meshed(self._startup.model, release, excluded=release.namespace in _EXCLUDED):
            self._before_pods(chart, title, at)

    def _require_for_chart(
        self, chart: ChartContent, event: int, providers: list[Provider], kind: str, what: str
    ) -> None:
        # Argo CD applies a wave by kind: objects of its other sources come before the chart's pods.
        if any(provider.unit == chart.unit and provider.event == chart.applied for provider in providers):
            return
        release = chart.release
        text = f"chart {release.chart.name} needs {what}"
        without_retry = not chart.retried and not (kind == "kind" and chart.waits_for_kinds)
        self._need(event, providers, kind, text, release.position, without_retry=without_retry)
        if without_retry and _may_be_missing(providers):
            wanted = tuple(provider.event for provider in providers)
            soft = SoftDependency(event, wanted, kind, release.title, what, release.position)
            self._startup.without_retry.append(soft)

    def _control_plane(self, chart: ChartContent) -> None:
        release, cluster = chart.release, chart.unit.place
        for kind, name, pointer in _control_plane_mounts(chart):
            providers = self._provisions.mount(cluster, kind, release.namespace, name)
            text = f"chart {CONTROL_PLANE} mounts {kind} {name}"
            self._need(
                chart.up, providers, "mount", text, release.at(*pointer), without_retry=not chart.retried
            )
            if not chart.retried and _may_be_missing(providers):
                wanted = tuple(provider.event for provider in providers)
                what = f"{kind} {name}"
                soft = SoftDependency(chart.up, wanted, "mount", release.title, what, release.at(*pointer))
                self._startup.without_retry.append(soft)
        if release.value("cniEnabled") is True:
            cni = self._provisions.cni.get(cluster, [])
            self._need(chart.up, cni, "cni", "its pods need linkerd2-cni on their node", release.position)
        crds = self._provisions.kinds.get((cluster, "policy.linkerd.io"), [])
        self._need(chart.up, crds, "kind", "its controllers read Linkerd's kinds", release.position)
        gateway = [
            provider
            for key, providers in self._provisions.kinds.items()
            if key[:2] == (cluster, GATEWAY) and key[2:] in ((), ("HTTPRoute",))
            for provider in providers
            if not provider.by_hand
        ]
        if gateway:
            events = tuple(provider.event for provider in gateway)
            what = gateway[0].unit.title
            soft = SoftDependency(chart.applied, events, "gateway", release.title, what, release.position)
            self._startup.soft_dependencies.append(soft)
        # Whatever brings both is said once.
        known = {provider.event for provider in gateway}
        if crds and not any(one.by_hand or one.unit == chart.unit or one.event in known for one in crds):
            events, what = tuple(provider.event for provider in crds), crds[0].unit.title
            soft = SoftDependency(chart.applied, events, "crds", release.title, what, release.position)
            self._startup.soft_dependencies.append(soft)


def _may_be_missing(providers: list[Provider]) -> bool:
    """Whether no provider is guaranteed to come first."""
    return bool(providers) and not any(provider.by_hand for provider in providers)


def _distinct(providers: Iterable[Provider]) -> list[Provider]:
    return list({provider.event: provider for provider in providers}.values())


def _control_plane_mounts(chart: ChartContent) -> Iterator[tuple[str, str, Sequence[str]]]:
    """source: linkerd2 charts/linkerd-control-plane/templates: volumes of identity, destination, injector."""
    release = chart.release
    if release.value("identity", "issuer", "scheme") == "kubernetes.io/tls":
        yield "Secret", "linkerd-identity-issuer", ("identity", "issuer", "scheme")
    if release.value("identity", "externalCA") is True:
        yield "ConfigMap", "linkerd-identity-trust-roots", ("identity", "externalCA")
    for name, secret in _WEBHOOKS.items():
        if release.value(name, "externalSecret") is True:
            yield "Secret", secret, (name, "externalSecret")
