"""Argo CD: a sync is dry-run as a whole, then runs phases and waves, each after the previous one is healthy.

source: argo-cd 3.5 gitops-engine pkg/sync (phases, waves, dry run, Degraded fails a sync), controller
autoSync (five retries by default, and a failed commit is not retried); kind Application has no health of
its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meshwright.argocd.application import Application, is_kind
from meshwright.argocd.syncphases import PHASES, SYNC, phase_and_wave
from meshwright.check.model.argocdconfig import health_script, settings
from meshwright.check.model.index import Item, Model
from meshwright.check.model.repository import Root, RootKind
from meshwright.check.order.flux import ENOUGH_RETRIES, owner_of
from meshwright.check.order.graph import Because
from meshwright.check.order.rollingsync import add_steps
from meshwright.check.order.startup import (
    ChartContent,
    Content,
    ManualWait,
    Moment,
    StartupModel,
    StartupUnit,
)
from meshwright.faults import contained
from meshwright.yaml.pointer import items_of, mapping_of

_GROUP = "argoproj.io"
_OPTIONS = "argocd.argoproj.io/sync-options"
_IGNORE_HEALTH = "argocd.argoproj.io/ignore-healthcheck"
_SKIP_DRY_RUN = "SkipDryRunOnMissingResource=true"
# The version in the URL of its manifests.
_ARGOCD = re.compile(r"argo-cd\b.*?[/=]v(\d+)\.(\d+)\.")


def read_argocd(startup: StartupModel, gates: bool | None) -> None:
    """Add every Application with its phases and waves; ``gates`` is the result of applications_gate."""
    model = startup.model
    applications: dict[StartupUnit, Application] = {}
    items: dict[StartupUnit, list[Item]] = {}
    by_root: dict[int, list[Item]] = {}
    for item in model.all_items():
        by_root.setdefault(id(item.root), []).append(item)
    for root in model.repository.roots:
        if (
            root.kind is RootKind.ARGOCD
            and root.application is not None
            and not _is_dormant(model, root.application)
        ):
            unit = _unit(root.hub, root.application)
            applications[unit] = root.application
            items.setdefault(unit, []).extend(by_root.get(id(root), []))
    for release in model.releases:
        if release.application is not None and not _is_dormant(model, release.application):
            applications.setdefault(_unit(release.hub, release.application), release.application)
    for item in model.items("Application", _GROUP):
        application = Application(item.built, item.files)
        if not _is_dormant(model, application):
            applications.setdefault(_unit(item.cluster, application), application)
    for unit in applications:
        startup.unit(unit)
    syncs = [
        _Sync(startup, unit, application, items.get(unit, []), gates)
        for unit, application in applications.items()
    ]
    # The wave that creates an Application is known once all waves are.
    for add in (_Sync.add_waves, _Sync.add_start):
        for sync in syncs:
            with contained(model.faults, f"reading the order of {sync.unit.title}", sync.unit.position):
                add(sync)
    add_steps(startup, applications)


def _is_dormant(model: Model, application: Application) -> bool:
    return application.origin in model.repository.dormant


def _unit(cluster: str, application: Application) -> StartupUnit:
    built = application.built
    namespace = built.namespace or "argocd"
    return StartupUnit(
        cluster, "Application", namespace, built.name, application.position(), application.target
    )


def applications_gate(startup: StartupModel) -> bool | None:
    """Whether a wave waits for its Applications; None if Argo CD's settings are not in the repository."""
    if any(_has_own_health(root) for root in startup.model.repository.roots):
        return True
    found = [one.data for one in settings(startup.model, "argocd-cm", "cm")]
    if not found:
        return None
    return any(_restores_health(data) for data in found)


def _has_own_health(root: Root) -> bool:
    """Whether a root installs an Argo CD before 1.8, which still had a health check for Applications."""
    entries = root.unit.inputs.remote if root.unit is not None else []
    versions = [_ARGOCD.search(entry) for entry, _ in entries]
    return any(found and (int(found[1]), int(found[2])) < (1, 8) for found in versions)


def _restores_health(data: Mapping[str, Any]) -> bool:
    # A script that never reads the Application gives the same health before its sync and after it.
    return "obj" in health_script(data)[1]


class _Sync:
    """The sync of one Application: its contents by phase and wave, in order."""

    def __init__(
        self,
        startup: StartupModel,
        unit: StartupUnit,
        application: Application,
        items: list[Item],
        gates: bool | None,
    ) -> None:
        self._startup = startup
        self.unit = unit
        self._application = application
        self._items = items
        # Unknown settings are assumed to be correct, so that only visible faults are reported.
        self._gates, self._known = gates is not False, gates is not None
        self._events = startup.unit(unit)
        self._policy: Mapping[str, Any] = mapping_of(application.spec.get("syncPolicy"))
        self._manual = application.is_manual

    def add_waves(self) -> None:
        """Add its waves, and its health after them."""
        waves: dict[tuple[int, int], list[Item]] = {}
        for item in self._items:
            place = phase_and_wave(item.annotations)
            if place is not None:
                waves.setdefault(place, []).append(item)
        charts = [release for release in self._startup.model.releases if self._has(release.application)]
        if charts or not waves:
            waves.setdefault((SYNC, 0), [])
        last: int | None = None
        for place in sorted(waves):
            final = place == max(waves)
            if not final:
                self._wait_for_users(place, waves[place])
            last = self._wave(place, waves[place], last, final=final)
            if place == (SYNC, 0):
                for release in charts:
                    self._chart(release)
        because = Because("health", "its health includes that of its parts")
        self._startup.graph.before(self._events[Moment.UP], self._events[Moment.READY], because)

    def _wait_for_users(self, place: tuple[int, int], items: list[Item]) -> None:
        """Note Applications that the next wave waits for, but only a user syncs."""
        for item in items:
            if (
                self._known
                and self._gates
                and is_kind(item.built.data, "Application")
                and Application(item.built, item.files).is_manual
            ):
                wait = ManualWait(self.unit, _wave_name(place), item.title, item.at("spec", "syncPolicy"))
                self._startup.manual_waits.append(wait)

    def _has(self, other: Application | None) -> bool:
        return other is not None and (
            other.built.name == self._application.built.name and other.origin == self._application.origin
        )

    def add_start(self) -> None:
        """It starts once its own object has been applied."""
        written = self._application.written or self._application.built
        graph, startup = self._startup.graph, self._startup
        for item in startup.model.items(written.kind, _GROUP):
            if (
                item.name != written.name
                or item.cluster != self.unit.cluster
                or item.built.namespace
                not in (
                    written.namespace,
                    "",
                )
            ):
                continue
            parent = startup.wave_of(item)
            if parent is None:
                owner = owner_of(startup, item)
                parent = owner[Moment.APPLIED] if owner else None
            if parent is not None and startup.owner(parent) != self.unit:
                because = Because("part", "which creates it", item.at())
                graph.before(parent, self._events[Moment.STARTED], because)
                return

    def _wave(self, place: tuple[int, int], items: list[Item], last: int | None, *, final: bool) -> int:
        """Add the events of one wave, applied and healthy; returns the latter. The last one is ``final``."""
        startup, events = self._startup, self._events
        name = _wave_name(place)
        applied = startup.event(self.unit, f"applies {name}")
        healthy = startup.event(self.unit, f"has {name} healthy")
        graph, own = startup.graph, Because("own", "")
        graph.before(events[Moment.STARTED], applied, own)
        if last is not None:
            graph.before(last, applied, Because("wave", "an earlier wave must be healthy"))
        graph.before(applied, healthy, own)
        graph.before(applied, events[Moment.APPLIED], own)
        graph.before(healthy, events[Moment.UP], own)
        for item in items:
            startup.waves[id(item.built)] = applied
            child = startup.find(item.cluster, "Application", item.built.namespace or "argocd", item.name)
            # An Application that applies itself waits for itself only if Applications surely have health.
            itself = child is self._events and not self._known
            if child is not None and self._gates and not itself and is_kind(item.built.data, "Application"):
                because = Because("health", "the wave waits for its health", item.at())
                graph.before(child[Moment.READY], healthy, because)
        groups: dict[tuple[bool, bool], list[Item]] = {(False, False): []}
        for item in items:
            # source: argo-cd controller/health.go: the Application's health leaves it out, a sync does not.
            unwatched = final and str(item.annotations.get(_IGNORE_HEALTH)) == "true"
            groups.setdefault((self._skips(item), unwatched), []).append(item)
        for (skips, unwatched), group in groups.items():
            up = healthy
            if unwatched:
                up = startup.event(self.unit, f"has all of {name} healthy")
                graph.before(applied, up, own)
            startup.contents.append(
                Content(
                    self.unit,
                    tuple(group),
                    served=applied if skips else events[Moment.STARTED],
                    staged=applied,
                    applied=applied,
                    up=up,
                    retried=self._retried(),
                    manual=self._manual,
                    makes_namespace=self._created_namespace(),
                )
            )
        self._applied, self._healthy = applied, healthy
        return healthy

    def _chart(self, release: Any) -> None:
        self._startup.charts.append(
            ChartContent(
                self.unit,
                release,
                served=self._applied if self._skips(None) else self._events[Moment.STARTED],
                applied=self._applied,
                up=self._healthy,
                retried=self._retried(),
                makes_namespace="CreateNamespace=true" in self._options(),
                manual=self._manual,
            )
        )

    def _created_namespace(self) -> str:
        """The namespace that the sync creates before its dry run; empty if it creates none."""
        if "CreateNamespace=true" not in self._options():
            return ""
        return str(self._application.destination.get("namespace") or "")

    def _options(self) -> list[Any]:
        return items_of(self._policy.get("syncOptions"))

    def _skips(self, item: Item | None) -> bool:
        """Whether the dry run skips kinds that the cluster does not know yet."""
        own = str(item.annotations.get(_OPTIONS, "")) if item is not None else ""
        return _SKIP_DRY_RUN in own or _SKIP_DRY_RUN in self._options()

    def _retried(self) -> bool:
        """Whether a failed sync is retried long enough; a manual sync is repeated by the user."""
        if self._manual:
            return True
        retry = self._policy.get("retry")
        limit = retry.get("limit") if isinstance(retry, Mapping) else None
        return isinstance(limit, int) and (limit < 0 or limit >= ENOUGH_RETRIES)


def _wave_name(place: tuple[int, int]) -> str:
    return f"wave {place[1]}" if place[0] == SYNC else f"{_phase_name(place[0])} wave {place[1]}"


def _phase_name(phase: int) -> str:
    return next((name for name, number in PHASES.items() if number == phase), "Sync")
