"""What a mesh.yaml sets in the wiring: fields of its own, and ``wiring``, checked by the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from meshwright.apps.model import App, Overlay
from meshwright.apps.modeline import modeline
from meshwright.finding import Finding
from meshwright.mergepatch import merge_patch
from meshwright.resources import schema_root
from meshwright.schemaproblems import problems
from meshwright.yaml import dump, parse
from meshwright.yaml.pointer import Pointer, dotted, holds, mapping_of

_SCHEMAS = {
    "flux": "kustomize.toolkit.fluxcd.io/kustomization_v1.json",
    "argocd": "argoproj.io/application_v1alpha1.json",
}
# What wiring must not set, with the field that does.
_OWN: dict[str, dict[Pointer, str]] = {
    "flux": {
        ("apiVersion",): "",
        ("kind",): "",
        ("metadata", "name"): "",
        ("metadata", "namespace"): "",
        ("spec", "path"): "source.path",
        ("spec", "dependsOn"): "dependsOn",
        ("spec", "targetNamespace"): "targetNamespace",
    },
    "argocd": {
        ("apiVersion",): "",
        ("kind",): "",
        ("metadata", "name"): "",
        ("metadata", "namespace"): "",
        ("spec", "source", "path"): "source.path",
        ("spec", "destination", "namespace"): "namespace",
        ("spec", "source", "kustomize", "namespace"): "targetNamespace",
    },
}
# Fields that Argo CD has nothing for: why, and what to use.
_FLUX_ONLY = {
    "interval": ("Argo CD has one interval for all Applications", "set timeout.reconciliation in argocd-cm"),
    "wait": ("Argo CD always assesses the health of all objects", "remove it"),
    "healthChecks": ("Argo CD always assesses the health of all objects", "remove it"),
    "healthCheckExprs": (
        "Argo CD reads health with Lua",
        "set resource.customizations.health.<group>_<kind> in argocd-cm",
    ),
    "postBuild": ("Argo CD replaces no variables", "use kustomize replacements"),
    "serviceAccountName": (
        "Argo CD takes it from the project",
        "set destinationServiceAccounts in the AppProject",
    ),
}


def sync_findings(app: App, engine: str) -> Iterator[Finding]:
    """Findings for the fields of the wiring that do not fit the engine or each other."""
    for name in _FLUX_ONLY if engine != "flux" else ():
        if name in app.document.data:
            why, fix = _FLUX_ONLY[name]
            text = f"{name} of '{app.name}' has no effect: {why}"
            yield Finding("mesh/engine", app.at(name, key=True), text, fix)
    if engine == "flux" and app.spec.sync.health_checks and app.spec.sync.wait is not False:
        text = "healthChecks has no effect: Flux ignores it unless wait is false"
        yield Finding(
            "mesh/engine", app.at("healthChecks", key=True), text, "set `wait: false`, or remove it"
        )
    for pointer, field in _OWN[engine].items():
        if holds(app.spec.wiring, pointer):
            text = f"wiring must not set {dotted(pointer)}, which Meshwright generates"
            at = app.at("wiring", *pointer, key=True)
            yield Finding("mesh/wiring", at, text, f"use {field}" if field else "remove it")


def with_fields(text: str, app: App, overlay: Overlay, engine: str) -> str:
    """The wiring ``text`` with what the spec sets in it; unchanged if that is nothing."""
    own = _flux(app) if engine == "flux" else _argocd(app)
    if not own and not app.spec.wiring:
        return text
    data = mapping_of(parse(text))
    for part in (own, app.spec.wiring):
        data = merge_patch(data, part)
    if engine == "flux" and app.spec.sync.health_expressions:
        generated = mapping_of(parse(text))["spec"].get("healthCheckExprs", [])
        named = {(item["apiVersion"], item["kind"]) for item in app.spec.sync.health_expressions}
        kept = [item for item in generated if (item["apiVersion"], item["kind"]) not in named]
        every = [*kept, *(dict(item) for item in app.spec.sync.health_expressions)]
        data = merge_patch(data, {"spec": {"healthCheckExprs": every}})
    if engine == "argocd" and app.spec.sync.suspend:
        data["spec"]["syncPolicy"].pop("automated", None)
    needs = "".join(f"# Waits for {need}: {why}\n" for need, why in sorted(overlay.needs.items()))
    return modeline([data]) + needs + dump(data)


def wiring_findings(text: str, app: App, engine: str) -> Iterator[Finding]:
    """Findings for a wiring that the schema of its kind refuses because of ``wiring``."""
    if not app.spec.wiring:
        return
    for problem in problems(_schema(engine), parse(text)):
        at = app.at("wiring", *problem.pointer, key=problem.code == "unknown")
        name = f"unknown field '{problem.text}'" if problem.code == "unknown" else f"field {problem.text}"
        yield Finding("mesh/wiring", at, f"wiring: {name}{problem.hint}", problem.fix)


def _flux(app: App) -> dict[str, Any]:
    sync = app.spec.sync
    values = {
        "interval": sync.interval or None,
        "prune": sync.prune,
        "suspend": sync.suspend,
        "wait": sync.wait,
        "targetNamespace": app.spec.target_namespace or None,
        "serviceAccountName": sync.service_account or None,
        "healthChecks": [dict(item) for item in sync.health_checks] or None,
        "postBuild": dict(sync.post_build) or None,
    }
    spec = {key: value for key, value in values.items() if value is not None}
    return {"spec": spec} if spec or sync.health_expressions else {}


def _argocd(app: App) -> dict[str, Any]:
    sync, spec = app.spec.sync, dict[str, Any]()
    if sync.prune is not None:
        spec["syncPolicy"] = {"automated": {"prune": sync.prune}}
    return {"spec": spec} if spec or sync.suspend else {}


@cache
def _schema(engine: str) -> Mapping[str, Any]:
    path = schema_root() / "crds" / _SCHEMAS[engine]
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
