"""Annotations for a Helm chart's workloads: by kustomize, or in its HelmRelease's postRenderers or values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.apps.injectability import INJECT
from meshwright.apps.model import App, Base, Patch, RepositorySettings
from meshwright.apps.overlay.annotations import pod_annotations
from meshwright.apps.overlay.annotationtargets import jobs_mode
from meshwright.apps.overlay.patches import (
    annotate_chart,
    can_annotate_chart,
    nested,
    post_renderer,
    target_of,
)
from meshwright.apps.podowners import JOB_KINDS
from meshwright.apps.spec import Inject, Jobs, Scope, WorkloadSpec
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.words import did_you_mean


def chart_patches(app: App, base: Base, settings: RepositorySettings) -> tuple[list[Patch], list[Finding]]:
    """The patches for the workloads of charts, in the engine's form, and findings for the spec."""
    findings = list(_findings(app, base))
    known = [entry for entry in app.spec.workloads if entry.chart in base.charts and entry.chart]
    valued = {release: paths for release, paths in app.spec.pod_annotation_values if release in base.charts}
    if settings.engine == "argocd":
        made = [_patch(app, entry, settings) for entry in known if can_annotate_chart(entry.kind)]
        return made, findings
    findings += helm_findings(base)
    releases = {item.name: item for item in reversed(base.objects) if item.kind == "HelmRelease"}
    found: list[Patch] = []
    for release in base.charts:
        item = releases.get(release)
        if item is None:
            continue
        paths = valued.get(release, ())
        if paths:
            annotations = pod_annotations(app.spec, None, settings)
            found.append(Patch(target_of(item), {"spec": {"values": _at_paths(paths, annotations)}}))
        entries = [entry for entry in known if entry.chart == release and can_annotate_chart(entry.kind)]
        # The values annotate all pods with the application's settings; other workloads need patches.
        patches = [_patch(app, entry, settings) for entry in entries if not paths or _differs(entry)]
        if patches:
            found.append(_post_render(item, patches))
    return found, findings


def helm_findings(base: Base) -> Iterator[Finding]:
    """A finding for each kustomization of a base that Flux cannot build because of its helmCharts."""
    for at in base.helm:
        text = f"a Flux Kustomization does not render helmCharts: '{base.path}' fails in the cluster"
        yield Finding("build/helm-charts", at, text, "install the chart with a HelmRelease")


def _findings(app: App, base: Base) -> Iterator[Finding]:
    for number, entry in enumerate(app.spec.workloads):
        if not entry.chart:
            continue
        if entry.chart not in base.charts:
            at = app.at("workloads", number, "chart")
            hint = did_you_mean(entry.chart, base.charts)
            text = f"workloads names chart '{entry.chart}', which '{app.base_path}' does not install{hint}"
            yield Finding("mesh/chart", at, text)
        elif not can_annotate_chart(entry.kind):
            at = app.at("workloads", number, "kind")
            text = f"the pod annotations of kind '{entry.kind}' cannot be patched"
            yield Finding("mesh/chart", at, text, "set them in the chart's values")
    named = {entry.chart for entry in app.spec.workloads if entry.chart}
    for release, _ in app.spec.pod_annotation_values:
        if release not in base.charts:
            at = app.at("podAnnotationValues", release, key=True)
            hint = did_you_mean(release, base.charts)
            text = f"podAnnotationValues names '{release}', which '{app.base_path}' does not install{hint}"
            yield Finding("mesh/chart", at, text)
        named.add(release)
    if app.spec.scope is Scope.WORKLOADS and app.spec.inject is not Inject.DISABLED:
        for chart in base.charts:
            if chart not in named:
                text = (
                    f"inject is '{app.spec.inject}', but the workloads of chart '{chart}' are not visible "
                    "offline: none of them is annotated"
                )
                fix = (
                    f"list its workloads with `chart: {chart}`, use podAnnotationValues, or scope: namespace"
                )
                yield Finding("mesh/chart", app.at("inject"), text, fix)


def _patch(app: App, entry: WorkloadSpec, settings: RepositorySettings) -> Patch:
    annotations = pod_annotations(app.spec, entry, settings)
    if entry.kind in JOB_KINDS and entry.inject is None and jobs_mode(app, settings) is Jobs.DISABLED:
        annotations = {INJECT: str(Inject.DISABLED)}
    return annotate_chart(entry.kind, entry.name, entry.chart, annotations)


def _differs(entry: WorkloadSpec) -> bool:
    own = (entry.inject, entry.opaque_ports, entry.skip_inbound_ports, entry.skip_outbound_ports, entry.proxy)
    return any(value is not None for value in own)


def _at_paths(paths: tuple[str, ...], annotations: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in paths:
        _merge(found, nested(path.split("."), dict(annotations)))
    return found


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _post_render(item: BuiltObject, patches: list[Patch]) -> Patch:
    """A patch that appends to the release's existing postRenderers."""
    spec = item.data.get("spec")
    present = isinstance(spec, Mapping) and isinstance(spec.get("postRenderers"), list)
    value: Any = post_renderer(patches)
    path = "/spec/postRenderers/-" if present else "/spec/postRenderers"
    return Patch(target_of(item), [{"op": "add", "path": path, "value": value if present else [value]}])
