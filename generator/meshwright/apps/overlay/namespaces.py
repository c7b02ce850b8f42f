"""The application's Namespace: the one that its overlay creates, and objects outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.apps.injectability import INJECT
from meshwright.apps.kindscopes import can_be_moved, without_namespace
from meshwright.apps.model import App, Base, RepositorySettings
from meshwright.apps.overlay.annotations import pod_annotations
from meshwright.apps.podowners import pod_owner
from meshwright.apps.podsecurity import LEVEL
from meshwright.apps.releases import releases_of
from meshwright.apps.spec import Inject, Scope
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject

_KEEP = {
    "flux": {"kustomize.toolkit.fluxcd.io/prune": "disabled"},
    "argocd": {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"},
}


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


def home_of(app: App, item: BuiltObject) -> str:
    """The namespace of an object of ``app`` in the cluster; that of its pods, if it creates any."""
    return app.spec.target_namespace or item.namespace or app.spec.namespace


def namespace_findings(app: App, base: Base, engine: str) -> Iterator[Finding]:
    """Findings for objects without a namespace, and for workloads and releases in another.

    Flux applies nothing of an application with such an object; Argo CD gives it the Application's namespace.
    """
    yield from _target_findings(app, base, engine)
    if app.spec.target_namespace:
        return
    wanted = app.spec.namespace
    for item in base.objects:
        if pod_owner(item) and item.namespace not in ("", wanted):
            where = f"namespace '{item.namespace}' ({item.origin.position})"
            text = f"{item.short_title} is in {where}, but namespace here is '{wanted}'"
            yield Finding("mesh/namespace", app.at("namespace"), text, _one_namespace(item.namespace))
    for release in releases_of(base, engine):
        if app.spec.is_meshed and release.namespace not in ("", wanted):
            where = f"namespace '{release.namespace}' ({release.position})"
            text = f"{release.title} installs into {where}, but namespace here is '{wanted}'"
            yield Finding("mesh/namespace", app.at("namespace"), text, _one_namespace(release.namespace))
    bare = without_namespace(base.objects)
    if bare and engine == "flux":
        more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
        text = f"no namespace on {bare[0].short_title}{more}, but '{app.name}' uses namespace '{wanted}'"
        fix = f"write `namespace: {wanted}` under its metadata"
        if can_be_moved(base.objects, wanted):
            fix = f"set `targetNamespace: {wanted}` in {app.spec_path}, or `namespace` in kustomization.yaml"
        yield Finding("mesh/namespace", bare[0].origin.position, text, fix)


def _one_namespace(name: str) -> str:
    return f"set namespace to '{name}', or split it into two applications"


def _target_findings(app: App, base: Base, engine: str) -> Iterator[Finding]:
    target, at = app.spec.target_namespace, app.at("targetNamespace")
    for item in base.objects:
        # kustomize.namespace would also move the gate, which runs outside of the application's namespace.
        if engine == "argocd" and target and item.namespace not in ("", target):
            where = f"{item.short_title} ({item.origin.position}) is in namespace '{item.namespace}'"
            text = f"targetNamespace on Argo CD is for objects without a namespace, but {where}"
            fix = f"set `namespace: {target}` in {base.path}/kustomization.yaml"
            yield Finding("mesh/namespace", at, text, fix)
            break
    if target and target != app.spec.namespace:
        text = f"targetNamespace '{target}' moves every object there, but namespace is '{app.spec.namespace}'"
        yield Finding("mesh/namespace", at, text, "set both to the same namespace")
    for item in base.objects:
        if target and item.kind == "Namespace" and not item.group and item.name != target:
            text = f"targetNamespace renames {item.short_title} ({item.origin.position}) to '{target}'"
            yield Finding("mesh/namespace", at, text, "remove the Namespace, or rename it")
