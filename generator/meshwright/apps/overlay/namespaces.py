"""The application's Namespace: the one that its overlay creates, and objects outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.apps.base.plain import CLUSTER_SCOPED
from meshwright.apps.injectability import INJECT
from meshwright.apps.model import App, Base, RepositorySettings
from meshwright.apps.overlay.annotations import pod_annotations
from meshwright.apps.podowners import pod_owner
from meshwright.apps.podsecurity import LEVEL
from meshwright.apps.spec import Inject, Scope
from meshwright.finding import Finding

_KEEP = {
    "flux": {"kustomize.toolkit.fluxcd.io/prune": "disabled"},
    "argocd": {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"},
}
_BUILT_IN = frozenset({"", "apps", "batch", "autoscaling", "policy", "networking.k8s.io"})


def namespace_document(app: App, settings: RepositorySettings) -> dict[str, Any]:
    """The Namespace of an application; it is kept with its volumes when the application is deleted."""
    annotations: dict[str, str] = {}
    if app.spec.scope is Scope.NAMESPACE:
        annotations |= pod_annotations(app.spec, None, settings)
    elif app.spec.inject is Inject.DISABLED and not app.spec.is_meshed:
        annotations[INJECT] = str(Inject.DISABLED)
    metadata: dict[str, Any] = {"name": app.spec.namespace}
    if app.spec.is_meshed and not settings.cni:
        # Some clusters enforce baseline by default, and that rejects linkerd-init.
        metadata["labels"] = {LEVEL: "privileged"}
    metadata["annotations"] = {**annotations, **_KEEP[settings.engine]}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def namespace_findings(app: App, base: Base) -> Iterator[Finding]:
    """Findings for objects without a namespace, which end up in the engine's, and workloads in another."""
    wanted = app.spec.namespace
    bare = []
    for item in base.objects:
        group, slash, _ = item.api_version.partition("/")
        key = (group if slash else "", item.kind)
        if not item.namespace and key not in CLUSTER_SCOPED and (key[0] in _BUILT_IN or pod_owner(item)):
            bare.append(item)
        elif item.namespace and item.namespace != wanted and pod_owner(item):
            where = f"namespace '{item.namespace}' ({item.origin.position})"
            text = f"{item.short_title} is in {where}, but namespace here is '{wanted}'"
            yield Finding("mesh/namespace", app.at("namespace"), text, "split it into two applications")
    if bare:
        more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
        text = f"no namespace on {bare[0].short_title}{more}, but '{app.name}' uses namespace '{wanted}'"
        fix = f"set `namespace: {wanted}` in {base.path}/kustomization.yaml"
        yield Finding("mesh/namespace", bare[0].origin.position, text, fix)
