"""Which Components of mesh/components/ an overlay uses: the scaffold's automatically, others by the spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.apps.injectability import INJECT
from meshwright.apps.model import App, AppsContext, Base
from meshwright.apps.overlay.annotationtargets import AnnotationTarget, Targets
from meshwright.apps.spec import Inject, Scope
from meshwright.finding import Finding
from meshwright.words import did_you_mean

FOLDER = "mesh/components"
# Component of the scaffold -> the kinds of which it patches every object.
INJECT_WORKLOADS, INJECT_JOBS, JOBS_OPT_OUT = "inject-workloads", "inject-jobs", "jobs-opt-out"
_KINDS = {
    INJECT_WORKLOADS: frozenset({"Deployment", "StatefulSet", "DaemonSet"}),
    INJECT_JOBS: frozenset({"Job", "CronJob"}),
    JOBS_OPT_OUT: frozenset({"Job", "CronJob"}),
}


def components_folder(cluster: str) -> str:
    """The folder with a cluster's Components: the scaffold's, and the user's for this cluster alone."""
    return f"{FOLDER}/{cluster}"


@dataclass(frozen=True)
class Chosen:
    """Components by name, and the workloads (kind, name) that they patch."""

    names: tuple[str, ...] = ()
    covered: frozenset[tuple[str, str]] = frozenset()


def choose_components(app: App, base: Base, targets: Targets, *, has_gate: bool) -> Chosen:
    """Choose Components, each of which patches every object of its kinds, if that is the wanted result.

    ``has_gate`` means that the overlay contains the gate Job, which no Component may patch.
    """
    names: list[str] = []
    covered: set[tuple[str, str]] = set()
    wanted = {
        INJECT_WORKLOADS: {INJECT: str(Inject.ENABLED)},
        INJECT_JOBS: {INJECT: str(Inject.ENABLED)},
        JOBS_OPT_OUT: {INJECT: str(Inject.DISABLED)},
    }
    # With Argo CD the same kustomization renders a chart's workloads, which are not visible here.
    if base.charts or base.not_seen:
        return Chosen()
    for name, given in wanted.items():
        if name == INJECT_WORKLOADS and app.spec.scope is Scope.NAMESPACE:
            continue
        if name != INJECT_WORKLOADS and has_gate:
            continue
        every = [item for item in base.objects if item.kind in _KINDS[name]]
        matched = [target for target in targets.chosen if _matches(target, name, given)]
        if every and len(matched) == len(every):
            names.append(name)
            covered |= {(item.kind, item.name) for item in every}
    return Chosen(tuple(names), frozenset(covered))


def _matches(target: AnnotationTarget, component: str, given: Mapping[str, str]) -> bool:
    return target.item.kind in _KINDS[component] and dict(target.annotations) == dict(given)


def own_components(app: App, context: AppsContext) -> tuple[list[str], list[Finding]]:
    """The folders of the Components that the spec names; each must exist and patch an object of the base."""
    folders: list[str] = []
    findings: list[Finding] = []
    base, known = context.bases[app.name], context.settings.components
    for number, name in enumerate(app.spec.components):
        at = app.at("components", number)
        if name not in known:
            text = f"components names '{name}', which is not in {FOLDER}/{did_you_mean(name, known)}"
            findings.append(Finding("mesh/component", at, text))
            continue
        folders.append(known[name].path)
        missed = [target for target in known[name].targets if not _matches_any(target, base)]
        if missed and not base.charts and not base.not_seen:
            shown = ", ".join(sorted({_describe(target) for target in missed}))
            text = f"Component '{name}' patches {shown}, but '{app.base_path}' has none"
            if len(missed) == len(known[name].targets):
                fix = "remove it: kustomize would silently ignore it"
                findings.append(Finding("mesh/component", at, text, fix))
    return folders, findings


def _matches_any(target: Mapping[str, Any], base: Base) -> bool:
    return any(
        all(
            not target.get(key) or target[key] == value
            for key, value in (("kind", item.kind), ("name", item.name), ("namespace", item.namespace))
        )
        for item in base.objects
    )


def _describe(target: Mapping[str, Any]) -> str:
    return " ".join(str(target[key]) for key in ("kind", "name") if target.get(key)) or "anything"
