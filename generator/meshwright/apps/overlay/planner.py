"""Plans an application's overlay: the kustomization that the engine builds, and the files beside it."""

from __future__ import annotations

import posixpath
from typing import Any

from meshwright.apps.health import health_expressions
from meshwright.apps.ingress import ingress_part
from meshwright.apps.model import App, AppsContext, Base, Overlay, Part, Patch
from meshwright.apps.modeline import modeline
from meshwright.apps.overlay.annotations import pod_annotations
from meshwright.apps.overlay.annotationtargets import Targets, choose_targets
from meshwright.apps.overlay.components import choose_components, components_folder, own_components
from meshwright.apps.overlay.coverage import nothing_meshed, unmeshable
from meshwright.apps.overlay.engines import engine_findings
from meshwright.apps.overlay.exports import export_part
from meshwright.apps.overlay.free import free_patches
from meshwright.apps.overlay.namespaces import namespace_document, namespace_findings
from meshwright.apps.overlay.patches import annotate, in_overlay, nested, target_of
from meshwright.apps.overlay.patchtargets import chart_patches
from meshwright.apps.overlay.services import service_patches
from meshwright.apps.podsecurity import pod_security_findings
from meshwright.apps.policy import policy_part
from meshwright.apps.spec import Jobs, Scope
from meshwright.apps.wiring import render_gate
from meshwright.yaml import dump, dump_all

GATE_NEED = "its pods are meshed, and pods created before the injector serves get no proxy"
_JOBS = {
    Jobs.NATIVE: "Jobs are meshed and still complete, because the proxy is a native sidecar.",
    Jobs.DISABLED: "Jobs are not meshed (jobs: disabled, or a control plane without native sidecars): "
    "a proxy would keep them from completing.",
    Jobs.AWAIT: "Jobs are meshed; linkerd-await stops the proxy when they complete.",
}


def plan(app: App, context: AppsContext) -> Overlay:
    """The overlay of ``app``, with every finding that depends on its manifests."""
    base = context.bases[app.name]
    targets = choose_targets(app, base, context.settings)
    parts = [
        policy_part(app, context),
        ingress_part(app, context),
        export_part(app, base, context.settings),
    ]
    overlay = Overlay(meshed=app.spec.is_meshed, expressions=health_expressions(base))
    overlay.findings += [*namespace_findings(app, base, context.settings.engine), *targets.findings]
    overlay.findings += engine_findings(base, context.settings.engine)
    overlay.findings += list(nothing_meshed(app, base, targets)) or unmeshable(app, targets)
    overlay.findings += pod_security_findings(app, context)
    overlay.needs = _needs(app, context, parts)
    for part in parts:
        overlay.findings += part.findings
    document = _kustomization(app, context, targets, parts, overlay)
    comments = _comments(app, targets)
    folder = app.overlay_path
    overlay.files[f"{folder}/kustomization.yaml"] = "".join(
        [modeline([document]), *(f"# {line}\n" for line in comments), dump(document)]
    )
    return overlay


def _kustomization(
    app: App, context: AppsContext, targets: Targets, parts: list[Part], overlay: Overlay
) -> dict[str, Any]:
    base, settings, folder = context.bases[app.name], context.settings, app.overlay_path
    resources = [posixpath.relpath(app.base_path, folder)]
    if app.spec.create_namespace:
        resources.append("namespace.yaml")
        overlay.files[f"{folder}/namespace.yaml"] = dump(namespace_document(app, settings))
    for name, part in zip(("policy.yaml", "ingress.yaml"), parts[:2], strict=True):
        if part.objects:
            resources.append(name)
            overlay.files[f"{folder}/{name}"] = modeline(part.objects) + dump_all(part.objects)
    has_gate = settings.engine == "argocd" and overlay.meshed
    if has_gate:
        resources.append("gate.yaml")
        overlay.files[f"{folder}/gate.yaml"] = render_gate(app, settings)
    chosen = choose_components(app, base, targets, has_gate=has_gate)
    own, findings = own_components(app, context)
    overlay.findings += findings
    patches = _patches(app, context, targets, parts, chosen.covered, overlay)
    document: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    }
    scaffold = [f"{components_folder(app.cluster)}/{name}" for name in chosen.names]
    if components := [*scaffold, *own]:
        document["components"] = [posixpath.relpath(path, folder) for path in components]
    if patches:
        document["patches"] = patches
    return document


def _patches(
    app: App,
    context: AppsContext,
    targets: Targets,
    parts: list[Part],
    covered: frozenset[tuple[str, str]],
    overlay: Overlay,
) -> list[dict[str, Any]]:
    base, settings = context.bases[app.name], context.settings
    found: list[Patch] = []
    if app.spec.scope is Scope.NAMESPACE:
        found += _namespace_patch(app, base, context)
    for target in targets.chosen:
        if (target.item.kind, target.item.name) not in covered:
            found.append(annotate(target.item, target.owner, target.annotations))
    found += service_patches(app, base, settings)
    carried, findings = chart_patches(app, base, settings)
    overlay.findings += findings
    found += carried
    for part in parts:
        found += part.patches
    free, findings = free_patches(app, base, settings)
    overlay.findings += findings
    return [in_overlay(patch) for patch in [*found, *free]]


def _namespace_patch(app: App, base: Base, context: AppsContext) -> list[Patch]:
    """The patch for a Namespace in the base; one that the overlay creates is already annotated."""
    for item in base.objects:
        if item.kind == "Namespace" and item.name == app.spec.namespace:
            annotations = pod_annotations(app.spec, None, context.settings)
            return [Patch(target_of(item), nested(("metadata", "annotations"), annotations))]
    return []


def _needs(app: App, context: AppsContext, parts: list[Part]) -> dict[str, str]:
    needs = dict.fromkeys(app.spec.depends_on, f"named in {app.spec_path}")
    if app.spec.is_meshed:
        needs.setdefault("linkerd-gate", GATE_NEED)
    for part in parts:
        for name, why in part.needs.items():
            needs.setdefault(name, why)
    makers = context.namespace_creators.get(app.spec.namespace, [])
    if makers and app.name not in makers:
        needs.setdefault(makers[0], f"it creates namespace {app.spec.namespace}")
    elif not makers and app.spec.namespace in context.settings.created_namespaces:
        needs.setdefault("namespaces", f"it creates namespace {app.spec.namespace}")
    return needs


def _comments(app: App, targets: Targets) -> list[str]:
    lines = []
    if app.spec.is_meshed and targets.has_jobs:
        lines.append(_JOBS[targets.jobs])
    for item, reason in targets.skipped:
        lines.append(f"Not meshed: {item.short_title}, because {reason}.")
    return lines
