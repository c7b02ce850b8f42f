"""Which mode the pods of a chart run in: by its values, its postRenderers, and the namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.model.injection import injector, namespace_of
from meshwright.check.model.postrenderers import patched_annotations
from meshwright.check.model.releases import ChartRelease
from meshwright.linkerd.injection import INJECT, Pod, verdict
from meshwright.linkerd.proxysettings import ProxySettings
from meshwright.yaml.pointer import mapping_of


def mode_of(model: Model, cluster: str, namespace: str, annotations: Mapping[str, Any]) -> str | None:
    """``enabled`` or ``ingress`` for pods with these annotations; None without a proxy, or if unknown."""
    pod, found = Pod(annotations), namespace_of(model, cluster, namespace)
    settings = ProxySettings(pod, found, injector(model, cluster))
    return settings.mode if verdict(pod, found, settings.injector).injected else None


def release_mode(model: Model, release: ChartRelease, *pointer: str) -> str | None:
    """The same for the pods of a release whose annotations are at ``pointer`` in its values."""
    annotations = dict(mapping_of(release.value(*pointer)))
    # Patches of several values are of several objects, and which is meant is not known.
    patched = set(patched_annotations(release, INJECT))
    if len(patched) == 1:
        annotations[INJECT] = patched.pop()
    return mode_of(model, release.cluster, release.namespace, annotations)
