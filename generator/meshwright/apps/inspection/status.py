"""Whether each workload of an application is meshed once its overlay is applied, and why not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from meshwright.apps.injectability import INJECT, Verdict, namespace_facts, verdict
from meshwright.apps.model import App, AppsContext, Base, PodOwner, RepositorySettings
from meshwright.apps.overlay.annotations import pod_annotations
from meshwright.apps.overlay.annotationtargets import choose_targets
from meshwright.apps.overlay.namespaces import home_of
from meshwright.apps.podmakers import unknown_makers
from meshwright.apps.podowners import pod_owner
from meshwright.apps.podsecurity import forbidding_level
from meshwright.apps.spec import Inject, Scope
from meshwright.linkerd.injection import Namespace
from meshwright.manifests.unit import BuiltObject


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


def app_status(
    app: App, context: AppsContext, built: Mapping[str, tuple[BuiltObject, ...]] | None = None
) -> AppStatus:
    """The status of ``app`` with its overlay applied.

    ``built`` are the objects of overlays that were built, by application. A patch of the user may change
    whatever the overlay sets, so nothing is known of an application with patches that is not in ``built``.
    Without ``built``, all is judged as before the user's patches.
    """
    base, settings = context.bases[app.name], context.settings
    objects = (built or {}).get(app.name)
    targets = {id(target.item): target for target in choose_targets(app, base, settings).chosen}
    namespaces = {item.name: item for item in (*_namespaces(context), *_made(objects or (), "Namespace"))}
    created = _created(app, namespaces, settings)
    found = []
    for item in base.objects if objects is None else objects:
        owner = pod_owner(item)
        if owner is None:
            continue
        home = home_of(app, item)
        facts = created if home == created.name else namespace_facts(home, namespaces.get(home), settings)
        target = targets.get(id(item))
        if target is not None:
            item = _annotated(item, owner, target.annotations)
        outcome = verdict(item, owner, facts, settings.injector, base.objects)
        if target is not None and outcome.reason.startswith("its pods'"):
            outcome = replace(outcome, reason=f"its overlay sets {INJECT}: {target.annotations[INJECT]}")
        if built is not None and objects is None and is_patched(app):
            outcome = Verdict(None, "its overlay cannot be built; `meshwright check` says why")
        found.append(WorkloadStatus(item.kind, item.name, home, outcome.injected, outcome.reason))
    found += _of_unknown(base, app.spec.namespace)
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


def is_patched(app: App) -> bool:
    """Whether patches or components of the user may change what the overlay sets."""
    return bool(app.spec.patches or app.spec.components)


def plain_statuses(base: Base, namespace: str, settings: RepositorySettings) -> list[WorkloadStatus]:
    """The injector's decision about the workloads of a base without an overlay."""
    named = {item.name: item for item in base.objects if item.kind == "Namespace"}
    found = []
    for item in base.objects:
        owner = pod_owner(item)
        if owner is not None:
            home = item.namespace or namespace
            facts = namespace_facts(home, named.get(home), settings)
            outcome = verdict(item, owner, facts, settings.injector, base.objects)
            found.append(WorkloadStatus(item.kind, item.name, home, outcome.injected, outcome.reason))
    return [*found, *_of_unknown(base, namespace)]


def _of_unknown(base: Base, namespace: str) -> Iterator[WorkloadStatus]:
    for item in unknown_makers(base.objects):
        why = f"whether and how {item.api_version.partition('/')[0]} creates pods from it is not known here"
        yield WorkloadStatus(item.kind, item.name, item.namespace or namespace, None, why)


def _namespaces(context: AppsContext) -> Iterator[BuiltObject]:
    for base in context.bases.values():
        yield from _made(base.objects, "Namespace")


def _made(objects: Iterable[BuiltObject], kind: str) -> Iterator[BuiltObject]:
    return (item for item in objects if item.kind == kind)


def _created(app: App, namespaces: Mapping[str, BuiltObject], settings: RepositorySettings) -> Namespace:
    """The application's namespace with what its overlay sets on it."""
    facts = namespace_facts(app.spec.namespace, namespaces.get(app.spec.namespace), settings)
    if app.spec.scope is not Scope.NAMESPACE:
        return facts
    own = pod_annotations(app.spec, None, settings)
    return replace(facts, annotations={**facts.annotations, **own})


def _annotated(item: BuiltObject, owner: PodOwner, annotations: Mapping[str, str]) -> BuiltObject:
    """A copy of a workload with annotations on its pods; in a list, on those of the first item."""
    data = json.loads(json.dumps(item.data, default=str))
    at = data
    for step in owner.annotations:
        if step == "*":
            if not isinstance(at, list) or not at:
                return item
            at = at[0]
            continue
        if not isinstance(at, dict):
            # No API server takes it; the finding about its type says so.
            return item
        if not at.get(step):
            at[step] = {}
        at = at[step]
    if isinstance(at, dict):
        at.update(annotations)
    return replace(item, data=data)


def _admitted(
    status: WorkloadStatus, namespace: BuiltObject | None, settings: RepositorySettings
) -> WorkloadStatus:
    level = forbidding_level(namespace, settings)
    if not level or status.meshed is False:
        return status
    reason = f"Pod Security level {level} of namespace {status.namespace} rejects pods with linkerd-init"
    return replace(status, meshed=False, reason=reason)


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
