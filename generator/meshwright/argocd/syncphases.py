"""The phase and the wave of a sync in which Argo CD applies an object.

source: argo-cd 3.5 gitops-engine pkg/sync: sync_phase.go, hook/hook.go, hook/helm and syncwaves/waves.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

WAVE = "argocd.argoproj.io/sync-wave"
PHASES = {"PreSync": 0, "Sync": 1, "PostSync": 2}
SYNC = PHASES["Sync"]
_HOOK, _HELM_HOOK, _HELM_WEIGHT = "argocd.argoproj.io/hook", "helm.sh/hook", "helm.sh/hook-weight"
_TYPES = frozenset({*PHASES, "SyncFail", "Skip", "PreDelete", "PostDelete"})
_HELM_TYPES = {
    "pre-install": "PreSync",
    "pre-upgrade": "PreSync",
    "post-install": "PostSync",
    "post-upgrade": "PostSync",
}
_NUMBER = re.compile(r"[+-]?[0-9]+")


def is_hook(annotations: Mapping[str, Any]) -> bool:
    """Whether an object is a hook, of Argo CD or of Helm: each manifest may have Helm's annotation."""
    if _HOOK in annotations:
        return _types(annotations) != ["Skip"]
    return annotations.get(_HELM_HOOK) not in (None, "crd-install")


def phase_and_wave(annotations: Mapping[str, Any]) -> tuple[int, int] | None:
    """The first phase of an object, and its wave; None if a sync does not apply it."""
    types = _types(annotations)
    if types == ["Skip"]:
        return None
    if not is_hook(annotations):
        return SYNC, _wave(annotations)
    phases = [PHASES[name] for name in types if name in PHASES]
    return (min(phases), _wave(annotations)) if phases else None


def _types(annotations: Mapping[str, Any]) -> list[str]:
    own = [name for name in _names(annotations.get(_HOOK)) if name in _TYPES]
    return own or [_HELM_TYPES[name] for name in _names(annotations.get(_HELM_HOOK)) if name in _HELM_TYPES]


def _names(value: Any) -> list[str]:
    return [name.strip() for name in str(value or "").split(",") if name.strip()]


def _wave(annotations: Mapping[str, Any]) -> int:
    for key in (WAVE, _HELM_WEIGHT):
        if _NUMBER.fullmatch(str(annotations.get(key, ""))):
            return int(str(annotations[key]))
    return 0
