"""Determines the effect of a change on the pods of a workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshwright.difference.model import ChangeKind, Effect, Path
from meshwright.yaml.pointer import mapping_of

_TEMPLATES: dict[tuple[str, str], Path] = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("argoproj.io", "Rollout"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}


def effect_of(change: ChangeKind, data: Mapping[str, Any], changed: Iterable[Path]) -> Effect | None:
    """The effect of ``change`` on the pods of an object; None if there is none.

    ``data`` is the new object, or the old one if it is removed; ``changed`` are the paths that differ.
    """
    template = template_of(data)
    if not template:
        return None
    if change is ChangeKind.ADDED:
        return Effect.STARTS
    if change is ChangeKind.REMOVED:
        return Effect.STOPS
    if not any(path[: len(template)] == template or template[: len(path)] == path for path in changed):
        return None
    kind = data.get("kind")
    if kind == "CronJob":
        return Effect.NEXT_RUN
    if kind == "Job":
        return Effect.RUNS_AGAIN if _is_replaced(data) else Effect.IMMUTABLE
    spec = mapping_of(data.get("spec"))
    if mapping_of(spec.get("updateStrategy")).get("type") == "OnDelete":
        return Effect.ON_DELETE
    # A paused Deployment accepts the template but keeps its pods.
    return None if kind == "Deployment" and spec.get("paused") is True else Effect.RESTARTS


def template_of(data: Mapping[str, Any]) -> Path:
    """The path of a workload's pod template; empty for other objects."""
    group = str(data.get("apiVersion") or "").rpartition("/")[0]
    return _TEMPLATES.get((group, str(data.get("kind") or "")), ())


def _is_replaced(data: Mapping[str, Any]) -> bool:
    """Whether the engine replaces an object that cannot be changed.

    source: kustomize-controller docs, force; argo-cd docs, sync-options Force and resource hooks.
    """
    annotations = mapping_of(mapping_of(data.get("metadata")).get("annotations"))
    if str(annotations.get("kustomize.toolkit.fluxcd.io/force")).lower() == "enabled":
        return True
    options = str(annotations.get("argocd.argoproj.io/sync-options") or "")
    return "Force=true" in options or "argocd.argoproj.io/hook" in annotations
