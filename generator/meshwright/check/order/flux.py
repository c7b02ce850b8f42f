"""Flux: a Kustomization starts once its dependencies are Ready, applies in stages, then waits to be Ready.

source: fluxcd kustomize-controller 1.9 and helm-controller 1.6 (dependsOn per kind, wait, healthChecks,
install.strategy; internal/reconcile/install.go); fluxcd/pkg ssa, which dry-runs a whole stage before it
applies it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import CONTROL_PLANE, INJECTOR, Item
from meshwright.check.model.repository import Root, RootKind
from meshwright.check.model.workloads import workload_of
from meshwright.check.order.graph import Because
from meshwright.check.order.startup import (
    ChartContent,
    Content,
    ManualWait,
    Moment,
    StartupModel,
    StartupUnit,
)
from meshwright.faults import contained
from meshwright.flux.kustomization import other_cluster, place_of

KUSTOMIZE, HELM = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"
_DEFAULT_NAMESPACE = "default"
# Retries without limit; the default strategy stops after the remediation's retries, by default none.
_UNLIMITED_RETRIES = "RetryOnFailure"
# A condition's status in a CEL expression.
_IS_TRUE = re.compile(r"==\s*['\"]True['\"]")
# Fewer retries may be used up before what a release needs is there.
ENOUGH_RETRIES = 20


def read_flux(startup: StartupModel) -> None:
    """Add every Kustomization and HelmRelease, and what is applied manually first."""
    model = startup.model
    by_root: dict[int, tuple[Root, list[Item]]] = {}
    for item in model.all_items():
        by_root.setdefault(id(item.root), (item.root, []))[1].append(item)
    for root in model.repository.roots:
        if root.kind is RootKind.FLUX and root.kustomization is not None:
            _add_kustomization(startup, root, by_root.get(id(root), (root, []))[1])
        elif _is_by_hand(startup, root):
            _add_by_hand(startup, root, by_root.get(id(root), (root, []))[1])
    # All units exist before their dependencies are read, also those that another repository defines.
    for item in (*model.items("Kustomization", KUSTOMIZE), *model.items("HelmRelease", HELM)):
        startup.unit(_unit(item))
    for root in model.repository.roots:
        if root.release is not None:
            _add_chart(startup, root, by_root.get(id(root), (root, []))[1])
    for item in model.items("Kustomization", KUSTOMIZE):
        with contained(model.faults, f"reading the order of {item.title}", item.at):
            _add_start(startup, item)
            _add_ready(startup, item)
    for item in model.items("HelmRelease", HELM):
        with contained(model.faults, f"reading the order of {item.title}", item.at):
            _add_start(startup, item)
            _add_installation(startup, item)


def _is_by_hand(startup: StartupModel, root: Root) -> bool:
    unapplied = root.path in startup.model.repository.unapplied
    return root.kind is not RootKind.CHART and root.application is None and not unapplied


def _unit(item: Item) -> StartupUnit:
    target = other_cluster(item.built)
    return StartupUnit(item.cluster, item.built.kind, item.namespace, item.name, item.at(), target)


def _add_kustomization(startup: StartupModel, root: Root, items: list[Item]) -> None:
    assert root.kustomization is not None
    built = root.kustomization.built
    namespace, target = built.namespace or _DEFAULT_NAMESPACE, other_cluster(built)
    unit = StartupUnit(root.hub, "Kustomization", namespace, built.name, root.position, target)
    events = startup.unit(unit)
    startup.contents.append(
        Content(
            unit,
            tuple(items),
            served=events[Moment.APPLIED],
            staged=events[Moment.STAGED],
            applied=events[Moment.APPLIED],
            up=events[Moment.UP],
        )
    )


def _add_chart(startup: StartupModel, root: Root, items: list[Item]) -> None:
    """Add the objects of a chart of this repository, which its HelmRelease applies."""
    assert root.release is not None
    events = startup.find(
        root.hub, "HelmRelease", root.release.namespace or _DEFAULT_NAMESPACE, root.release.name
    )
    if events is None:
        return
    unit, applied = startup.owner(events[Moment.APPLIED]), events[Moment.APPLIED]
    startup.contents.append(
        Content(unit, tuple(items), applied, events[Moment.STAGED], applied, events[Moment.UP])
    )


def _add_by_hand(startup: StartupModel, root: Root, items: list[Item]) -> None:
    unit = StartupUnit(root.cluster, "manual apply of", "", root.path, root.position)
    events = startup.unit(unit)
    applied = events[Moment.APPLIED]
    content = Content(
        unit, tuple(items), applied, events[Moment.STAGED], applied, events[Moment.UP], by_hand=True
    )
    startup.contents.append(content)


def owner_of(startup: StartupModel, item: Item) -> dict[Moment, int] | None:
    """The events of the unit that applies ``item``; None if it is an Application or unknown."""
    root = item.root
    if root.kind is RootKind.FLUX and root.kustomization is not None:
        built = root.kustomization.built
        return startup.find(root.hub, "Kustomization", built.namespace or _DEFAULT_NAMESPACE, built.name)
    if root.release is not None:
        home = root.release.namespace or _DEFAULT_NAMESPACE
        return startup.find(root.hub, "HelmRelease", home, root.release.name)
    return startup.find(root.cluster, "manual apply of", "", root.path)


def _add_start(startup: StartupModel, item: Item) -> None:
    """Let a unit start once it exists and its dependencies are Ready."""
    events = startup.unit(_unit(item))
    parent = owner_of(startup, item)
    # The Kustomization of `flux bootstrap` is in the folder that it applies, but does not create itself.
    if parent is not None and parent is not events:
        because = Because("part", "which creates it", item.at())
        startup.graph.before(parent[Moment.APPLIED], events[Moment.STARTED], because)
    kind = item.built.kind
    for number, entry in enumerate(item.list("spec", "dependsOn")):
        if not isinstance(entry, dict) or not entry.get("name"):
            continue
        name, namespace = str(entry["name"]), str(entry.get("namespace") or item.namespace)
        found = startup.find(item.cluster, kind, namespace, name)
        # A missing dependency has its own finding.
        if found is not None:
            because = Because("dependsOn", "dependsOn", item.at("spec", "dependsOn", number, "name"))
            moment = Moment.READY if checks_ready(entry.get("readyExpr")) else Moment.STARTED
            startup.graph.before(found[moment], events[Moment.STARTED], because)


def checks_ready(expression: Any) -> bool:
    """Whether a dependency must be Ready: with a readyExpr only if that asks for it.

    source: kustomize-controller 1.9 and helm-controller 1.6, checkDependencies: readyExpr replaces the check;
    finalizeStatus: observedGeneration follows the generation once a reconciliation has succeeded.
    """
    if not isinstance(expression, str):
        return True
    return "observedGeneration" in expression or ("Ready" in expression and bool(_IS_TRUE.search(expression)))


def _add_ready(startup: StartupModel, item: Item) -> None:
    """Let a Kustomization be Ready once everything that it waits for is."""
    events = startup.unit(_unit(item))
    waits = item.get("spec", "wait") is True
    for part, child in _children(startup, item):
        because = Because("health", "one of its objects", child.at())
        startup.graph.before(part[Moment.READY], events[Moment.UP], because)
        if waits:
            _wait_for_user(startup, item, child)
    if waits:
        because = Because("wait", "wait: true", item.at("spec", "wait"))
        startup.graph.before(events[Moment.UP], events[Moment.READY], because)
        return
    # Health checks look at the cluster that gets the objects.
    place = place_of(item.built, item.cluster)
    for number, entry in enumerate(item.list("spec", "healthChecks")):
        if not isinstance(entry, dict):
            continue
        kind, name = str(entry.get("kind")), str(entry.get("name"))
        namespace = str(entry.get("namespace") or item.namespace)
        found = startup.find(place, kind, namespace, name)
        if found is events:
            # source: kustomize-controller 1.9, checkHealth: "guard against deadlock (waiting on itself)".
            continue
        if found is not None and kind in ("Kustomization", "HelmRelease"):
            if (other := startup.model.find(place, kind, namespace, name)) is not None:
                _wait_for_user(startup, item, other)
            because = Because("healthChecks", "healthChecks", item.at("spec", "healthChecks", number))
            startup.graph.before(found[Moment.READY], events[Moment.READY], because)
        elif kind == "Deployment" and name == INJECTOR:
            because = Because("healthChecks", "healthChecks", item.at("spec", "healthChecks", number))
            for up in _injector(startup, place, namespace):
                startup.graph.before(up, events[Moment.READY], because)
        elif (checked := startup.model.find(place, kind, namespace, name)) is not None:
            because = Because("healthChecks", "healthChecks", item.at("spec", "healthChecks", number))
            for runs in _running(startup, checked):
                startup.graph.before(runs, events[Moment.READY], because)


def _wait_for_user(startup: StartupModel, item: Item, child: Item) -> None:
    """Note an object that health checks wait for, but Flux does not apply until a user resumes it.

    source: the CRDs of Kustomization and HelmRelease: status.observedGeneration is -1 before the first
    reconciliation, which kstatus takes for "in progress".
    """
    if child.get("spec", "suspend") is True and item.get("spec", "suspend") is not True:
        unit = startup.owner(startup.unit(_unit(item))[Moment.READY])
        at = child.at("spec", "suspend")
        startup.manual_waits.append(ManualWait(unit, "", child.title, at, "is suspended"))


def _running(startup: StartupModel, item: Item) -> Iterator[int]:
    """When the pods of a workload run."""
    owner = owner_of(startup, item)
    if workload_of(item) is None or owner is None:
        return
    if id(item.built) not in startup.running:
        event = startup.event(startup.owner(owner[Moment.APPLIED]), f"has {item.title} running")
        startup.graph.before(owner[Moment.APPLIED], event, Because("own", ""))
        startup.running[id(item.built)] = event
    yield startup.running[id(item.built)]


def _injector(startup: StartupModel, cluster: str, namespace: str) -> Iterator[int]:
    """When the injector's Deployment runs, if one unit is known to bring it."""
    model = startup.model
    deployment = model.find(cluster, "Deployment", namespace, INJECTOR)
    if deployment is not None:
        if owner := owner_of(startup, deployment):
            yield owner[Moment.UP]
        return
    releases = [one for one in model.charts(CONTROL_PLANE, cluster) if one.namespace == namespace]
    if len(releases) == 1 and (built := releases[0].built) is not None:
        found = startup.find(releases[0].hub, built.kind, built.namespace or _DEFAULT_NAMESPACE, built.name)
        if found is not None:
            yield found[Moment.UP]


def _children(startup: StartupModel, item: Item) -> Iterator[tuple[dict[Moment, int], Item]]:
    for child in startup.applied_by(startup.owner(startup.unit(_unit(item))[Moment.READY])):
        if child.built.group not in (KUSTOMIZE, HELM):
            continue
        found = startup.find(child.cluster, child.built.kind, child.namespace, child.name)
        if found is not None and found is not startup.unit(_unit(item)):
            yield found, child


def _add_installation(startup: StartupModel, item: Item) -> None:
    """Add a release: Helm applies it and, unless disabled, waits until its pods run."""
    events = startup.unit(_unit(item))
    if item.get("spec", "install", "disableWait") is not True:
        because = Because("wait", "Helm waits", item.at())
        startup.graph.before(events[Moment.UP], events[Moment.READY], because)
    retries = item.get("spec", "install", "remediation", "retries")
    strategy = item.get("spec", "install", "strategy", "name")
    startup.charts += (
        ChartContent(
            startup.owner(events[Moment.STARTED]),
            release,
            served=events[Moment.APPLIED],
            applied=events[Moment.APPLIED],
            up=events[Moment.UP],
            retried=strategy == _UNLIMITED_RETRIES
            or (isinstance(retries, int) and (retries < 0 or retries >= ENOUGH_RETRIES))
            or (strategy is None and startup.model.retries_by_default),
            makes_namespace=item.get("spec", "install", "createNamespace") is True,
            # Helm resolves kinds before it stores a release, and only a stored release counts as failed.
            waits_for_kinds=True,
        )
        for release in startup.releases_of(item)
    )
