"""Selects the workloads of a base to annotate, and says which are left out and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from meshwright.apps.injectability import INJECT, blocked, own_annotations
from meshwright.apps.model import App, Base, PodOwner, RepositorySettings
from meshwright.apps.overlay.annotations import (
    ADMIN_SHUTDOWN,
    native_sidecar_name,
    pod_annotations,
)
from meshwright.apps.podowners import JOB_KINDS, pod_owner
from meshwright.apps.podports import containers
from meshwright.apps.spec import Inject, Jobs, Scope, WorkloadSpec
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import items_of


@dataclass(frozen=True)
class AnnotationTarget:
    """A workload with the annotations for its pods; ``entry`` is its own entry in the spec."""

    item: BuiltObject
    owner: PodOwner
    annotations: Mapping[str, str]
    entry: WorkloadSpec | None

    @property
    def is_meshed(self) -> bool:
        """Whether its pods get a proxy."""
        return self.annotations.get(INJECT, Inject.ENABLED) != Inject.DISABLED

    @property
    def is_job(self) -> bool:
        """Whether its pods run to completion."""
        return self.item.kind in JOB_KINDS


@dataclass
class Targets:
    """The selected workloads.

    ``owners`` are all that create pods, ``skipped`` those that the injector cannot inject, with the reason.
    """

    owners: list[BuiltObject] = field(default_factory=list)
    chosen: list[AnnotationTarget] = field(default_factory=list)
    skipped: list[tuple[BuiltObject, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    jobs: Jobs = Jobs.NATIVE

    @property
    def has_jobs(self) -> bool:
        """Whether a Job or CronJob is among the chosen."""
        return any(target.is_job for target in self.chosen)


def choose_targets(app: App, base: Base, settings: RepositorySettings) -> Targets:
    """The workloads of ``base`` that the overlay of ``app`` annotates.

    With scope namespace they inherit from the Namespace, and only those that differ are annotated.
    """
    found = Targets(jobs=jobs_mode(app, settings))
    entries = {(entry.kind, entry.name): entry for entry in app.spec.workloads if not entry.chart}
    excepted = dict.fromkeys(app.spec.excepted)
    owners = [(item, owner) for item in base.objects if (owner := pod_owner(item))]
    found.owners = [item for item, _ in owners]
    for item, owner in owners:
        entry = entries.pop((item.kind, item.name), None)
        if (item.kind, item.name) in app.spec.excepted:
            excepted.pop((item.kind, item.name), None)
            _leave_out(app, item, owner, settings, found)
            continue
        if app.spec.scope is Scope.NAMESPACE:
            is_job = item.kind in JOB_KINDS and app.spec.is_meshed
            own = is_job and (_needs_own(found.jobs, settings) or runs_await(item, owner))
            differs = entry is not None or own
            if not differs:
                if reason := blocked(item, owner):
                    found.skipped.append((item, reason))
                continue
        elif any(not listed.chart for listed in app.spec.workloads) and entry is None:
            continue
        _choose(app, item, owner, entry, settings, found)
    if not base.not_seen:
        found.findings += _unknown(app, base, entries)
        found.findings += _unknown_exceptions(app, base, excepted)
    return found


def _leave_out(
    app: App, item: BuiltObject, owner: PodOwner, settings: RepositorySettings, found: Targets
) -> None:
    """A workload under ``except``: only one that could be injected needs an annotation."""
    if reason := blocked(item, owner):
        found.skipped.append((item, reason))
    else:
        entry = WorkloadSpec(item.kind, item.name, inject=Inject.DISABLED)
        found.chosen.append(AnnotationTarget(item, owner, pod_annotations(app.spec, entry, settings), None))


def jobs_mode(app: App, settings: RepositorySettings) -> Jobs:
    """How Jobs are meshed: by the spec, or else by what the control plane supports."""
    if app.spec.jobs is not None:
        return app.spec.jobs
    return Jobs.NATIVE if settings.native_sidecars else Jobs.DISABLED


def _needs_own(jobs: Jobs, settings: RepositorySettings) -> bool:
    """Whether Jobs need an annotation in addition to the Namespace's."""
    return jobs is not Jobs.NATIVE or not settings.native_sidecars


def _choose(
    app: App,
    item: BuiltObject,
    owner: PodOwner,
    entry: WorkloadSpec | None,
    settings: RepositorySettings,
    found: Targets,
) -> None:
    annotations = pod_annotations(app.spec, entry, settings)
    meshed = annotations[INJECT] != Inject.DISABLED
    if meshed and item.kind in JOB_KINDS:
        annotations = _job_annotations(app, item, owner, annotations, settings, found)
        meshed = annotations[INJECT] != Inject.DISABLED
    if meshed and (reason := blocked(item, owner)):
        if entry is None:
            found.skipped.append((item, reason))
            return
        text = f"{item.short_title} ({item.origin.position}) cannot be meshed: {reason}"
        at = app.at("workloads", app.spec.workloads.index(entry))
        found.findings.append(Finding("mesh/injectable", at, text, "remove it from workloads"))
        return
    own = own_annotations(item, owner).get(INJECT)
    if meshed and entry is None and own == Inject.DISABLED:
        own_value = f"{item.short_title} sets inject 'disabled' itself ({item.origin.position})"
        text = f"{own_value}, but inject here is '{app.spec.inject}'"
        fix = "list it under workloads with the value you want, or remove its annotation"
        found.findings.append(Finding("mesh/inject", app.at("inject"), text, fix))
    found.chosen.append(AnnotationTarget(item, owner, annotations, entry))


def _job_annotations(
    app: App,
    item: BuiltObject,
    owner: PodOwner,
    annotations: dict[str, str],
    settings: RepositorySettings,
    found: Targets,
) -> dict[str, str]:
    if found.jobs is Jobs.DISABLED:
        return {INJECT: str(Inject.DISABLED)}
    if runs_await(item, owner):
        # Without it, the proxy refuses what linkerd-await --shutdown asks for.
        annotations = {**annotations, ADMIN_SHUTDOWN: "enabled"}
    elif found.jobs is Jobs.AWAIT:
        where = f"{item.short_title} ({item.origin.position})"
        text = f"jobs is 'await', but no container of {where} runs linkerd-await"
        fix = "run its command with `linkerd-await --shutdown --`, or set jobs to native"
        found.findings.append(Finding("mesh/jobs", app.at("jobs"), text, fix))
    if found.jobs is Jobs.NATIVE and not settings.native_sidecars:
        return {**annotations, native_sidecar_name(settings): "true"}
    return annotations


def runs_await(item: BuiltObject, owner: PodOwner) -> bool:
    """Whether a container of ``item`` is started with linkerd-await."""
    for container in containers(item, owner):
        words = [*items_of(container.get("command")), *items_of(container.get("args"))]
        if any("linkerd-await" in str(word) for word in words):
            return True
    return False


def _unknown(app: App, base: Base, entries: Mapping[tuple[str, str], WorkloadSpec]) -> list[Finding]:
    names = {item.name: item for item in base.objects if pod_owner(item)}
    found = []
    for (kind, name), entry in entries.items():
        at = app.at("workloads", app.spec.workloads.index(entry), "name")
        other = next((item for item in base.objects if (item.kind, item.name) == (kind, name)), None)
        if other is not None:
            text = f"{kind} '{name}' ({other.origin.position}) creates no pods that Meshwright knows of"
            found.append(Finding("mesh/workload", at, text, "patch it under patches"))
            continue
        hint = did_you_mean(name, names)
        fix = f"if its chart creates it, add `chart: {base.charts[0]}`" if base.charts else ""
        text = f"workloads names {kind} '{name}', which is not in '{app.base_path}'{hint}"
        if name in names:
            text = f"workloads names {kind} '{name}', but in '{app.base_path}' it is a {names[name].kind}"
        found.append(Finding("mesh/workload", at, text, fix))
    return found


def _unknown_exceptions(app: App, base: Base, excepted: Mapping[tuple[str, str], None]) -> Iterator[Finding]:
    names = {item.name: item for item in base.objects if pod_owner(item)}
    for kind, name in excepted:
        at = app.at("except", app.spec.excepted.index((kind, name)), "name")
        text = f"except names {kind} '{name}', which is not in '{app.base_path}'{did_you_mean(name, names)}"
        if name in names:
            text = f"except names {kind} '{name}', but in '{app.base_path}' it is a {names[name].kind}"
        yield Finding(
            "mesh/workload", at, text, "a chart's workload is listed under workloads, with its chart"
        )
