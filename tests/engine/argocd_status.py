"""What an Application's status says, and what waits for what by waves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.api import Object

TRACKED, WAVE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/sync-wave"
# After so many, what still differs holds no wave (template/includes/argocd/health/application.lua).
HEALS = 4
# Why an Application cannot go on, in Argo CD's words.
COMPLAINTS = ("ComparisonError", "InvalidSpecError", "SyncError", "UnknownError")


def lets_go_on(application: Mapping[str, Any], revision: str = "") -> bool:
    """Whether the repository's health check lets the waves behind an Application begin."""
    operation = (application.get("status") or {}).get("operationState", {}).get("operation", {})
    healed = operation.get("sync", {}).get("autoHealAttemptsCount", 0) >= HEALS
    return is_ready(application, revision, drifted=healed)


def is_ready(application: Mapping[str, Any], revision: str = "", drifted: bool = False) -> bool:
    """Whether an Application's status says that its source (at a commit) is on the cluster and well."""
    status = application.get("status") or {}
    sync, state = status.get("sync") or {}, status.get("operationState") or {}
    return (
        (drifted or sync.get("status") == "Synced")
        and str(sync.get("revision", "")).endswith(revision)
        and state.get("phase") == "Succeeded"
        # Its health is of before the sync until Argo CD has looked again.
        and status.get("reconciledAt", "") >= state.get("finishedAt", "")
        and (status.get("health") or {}).get("status") == "Healthy"
    )


def needs(applications: Iterable[Object]) -> dict[str, list[str]]:
    """What each Application waits for: those of the same parent in earlier waves."""
    parents: dict[str, dict[str, int]] = {}
    for one in applications:
        annotations = one["metadata"].get("annotations", {})
        if TRACKED in annotations:
            parent = annotations[TRACKED].partition(":")[0]
            parents.setdefault(parent, {})[one["metadata"]["name"]] = int(annotations.get(WAVE, 0))
    return {
        name: [other for other, earlier in waves.items() if earlier < wave]
        for waves in parents.values()
        for name, wave in waves.items()
    }


def told(application: Object) -> str:
    """Why an Application is not there yet, in one line."""
    status = application.get("status", {})
    state = status.get("operationState", {})
    said = [
        f"sync {status.get('sync', {}).get('status', 'unknown')}",
        f"health {status.get('health', {}).get('status', 'unknown')}",
        f"operation {state.get('phase', 'none')}: {state.get('message', '')}",
        *(one["message"] for one in status.get("conditions", []) if one["type"] in COMPLAINTS),
    ]
    return "; ".join(said)
