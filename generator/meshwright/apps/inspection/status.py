"""Whether each workload of an application is meshed once its overlay is applied, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from meshwright.apps.injectability import INJECT, Verdict, namespace_facts, verdict
from meshwright.apps.model import App, AppsContext, Base, RepositorySettings
from meshwright.apps.overlay.annotationtargets import AnnotationTarget, choose_targets
from meshwright.apps.podowners import pod_owner
from meshwright.apps.podsecurity import forbidding_level
from meshwright.apps.spec import Inject, Scope
from meshwright.manifests.unit import BuiltObject, Origin


@dataclass(frozen=True)
class WorkloadStatus:
    """``meshed`` is None if it cannot be determined because a chart creates the workload."""

    kind: str
    name: str
    namespace: str
    meshed: bool | None
    reason: str


@dataclass(frozen=True)
class AppStatus:
    """An application in one line: ``meshed`` is yes, no, partly or unknown."""

    name: str
    namespace: str
    inject: str
    scope: str
    workloads: tuple[WorkloadStatus, ...]
    meshed: str
    why: str


def app_status(app: App, context: AppsContext) -> AppStatus:
    """The status of ``app`` with its overlay applied."""
    base, settings = context.bases[app.name], context.settings
    targets = {id(target.item): target for target in choose_targets(app, base, settings).chosen}
    namespaces = {item.name: item for item in _namespaces(context)}
    found = [
        _with_overlay(app, item, targets.get(id(item)), namespaces.get(item.namespace or app.spec.namespace))
        for item in base.objects
        if pod_owner(item)
    ]
    found += _of_charts(app, base)
    found = [_admitted(item, namespaces.get(item.namespace), settings) for item in found]
    return AppStatus(
        app.name,
        app.spec.namespace,
        str(app.spec.inject),
        str(app.spec.scope),
        tuple(found),
        _summary(found),
        next((item.reason for item in found if not item.meshed), "") if found else "it has no workloads",
    )


def plain_statuses(base: Base, namespace: str) -> list[WorkloadStatus]:
    """The injector's decision about the workloads of a base without an overlay."""
    named = {item.name: item for item in base.objects if item.kind == "Namespace"}
    found = []
    for item in base.objects:
        owner = pod_owner(item)
        if owner is not None:
            home = item.namespace or namespace
            outcome = verdict(item, owner, namespace_facts(home, named.get(home)))
            found.append(WorkloadStatus(item.kind, item.name, home, outcome.injected, outcome.reason))
    return found


def _namespaces(context: AppsContext) -> Iterator[BuiltObject]:
    for base in context.bases.values():
        yield from (item for item in base.objects if item.kind == "Namespace")


def _with_overlay(
    app: App, item: BuiltObject, target: AnnotationTarget | None, namespace: BuiltObject | None
) -> WorkloadStatus:
    owner = pod_owner(item)
    assert owner is not None
    home = item.namespace or app.spec.namespace
    facts = namespace_facts(home, namespace)
    outcome = verdict(item, owner, facts)
    if not facts.is_excluded and target is not None:
        value = target.annotations[INJECT]
        outcome = Verdict(value != Inject.DISABLED, f"its overlay sets {INJECT}: {value}")
    elif (
        app.spec.scope is Scope.NAMESPACE and app.spec.inject is not Inject.DISABLED and not facts.is_excluded
    ):
        outcome = verdict(item, owner, namespace_facts(home, _annotated(home, str(app.spec.inject))))
    return WorkloadStatus(item.kind, item.name, home, outcome.injected, outcome.reason)


def _admitted(
    status: WorkloadStatus, namespace: BuiltObject | None, settings: RepositorySettings
) -> WorkloadStatus:
    level = forbidding_level(namespace, settings)
    if not level or status.meshed is False:
        return status
    reason = f"Pod Security level {level} of namespace {status.namespace} rejects pods with linkerd-init"
    return replace(status, meshed=False, reason=reason)


def _annotated(name: str, inject: str) -> BuiltObject:
    data = {"kind": "Namespace", "metadata": {"name": name, "annotations": {INJECT: inject}}}
    return BuiltObject(data, Origin())


def _of_charts(app: App, base: Base) -> Iterator[WorkloadStatus]:
    for entry in app.spec.workloads:
        if entry.chart:
            inject = entry.inject or app.spec.inject
            reason = f"the overlay sets {INJECT}: {inject} when chart {entry.chart} is rendered"
            yield WorkloadStatus(
                entry.kind, entry.name, app.spec.namespace, inject is not Inject.DISABLED, reason
            )
    for chart in base.charts:
        if not any(entry.chart == chart for entry in app.spec.workloads):
            meshed = None if app.spec.inject is not Inject.DISABLED else False
            why = (
                "its workloads are not listed and not visible offline"
                if meshed is None
                else "inject is disabled"
            )
            yield WorkloadStatus("chart", chart, app.spec.namespace, meshed, why)


def _summary(found: Iterable[WorkloadStatus]) -> str:
    values = {item.meshed for item in found}
    if values == {True}:
        return "yes"
    if values <= {False}:
        return "no"
    return "partly" if True in values else "unknown"
