"""Exports an application's Services to linked clusters, with the label that their Links select."""

from __future__ import annotations

from collections.abc import Mapping

from meshwright.apps.model import App, Base, Part, Patch, RepositorySettings
from meshwright.apps.overlay.patches import nested, target_of
from meshwright.errors import Position
from meshwright.finding import Finding, Severity
from meshwright.manifests.unit import BuiltObject
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import mapping_of

LABEL = "mirror.linkerd.io/exported"
_DOCS = "docs/multicluster.md"


def export_part(app: App, base: Base, settings: RepositorySettings) -> Part:
    """A patch for each exported Service; empty without ``export``.

    The label says how other clusters reach the Service: through the gateway of this cluster, or directly.
    """
    part = Part()
    if not app.spec.export:
        return part
    at = app.at("export", key=True)
    if not settings.is_linked:
        text = f"export has no effect: cluster {settings.cluster} is linked with no other"
        fix = f"answer `links` ({_DOCS}), or remove export"
        part.findings.append(Finding("mesh/export", at, text, fix, severity=Severity.WARNING))
        return part
    services = {item.name: item for item in base.objects if item.kind == "Service"}
    mode = "true" if settings.gateway else "remote-discovery"
    for item in _chosen(app, base, services, at, part):
        part.patches.append(Patch(target_of(item), nested(("metadata", "labels"), {LABEL: mode})))
    return part


def _chosen(
    app: App, base: Base, services: Mapping[str, BuiltObject], at: Position, part: Part
) -> list[BuiltObject]:
    if app.spec.export is True:
        found = [item for item in services.values() if _why_not(item) is None]
        if not found:
            seen = f"chart '{base.charts[0]}' is not rendered" if base.charts else f"'{base.path}' has none"
            text = f"export: no Service with a cluster IP to export: {seen}"
            fix = f"label its Services with {LABEL} by the chart's values" if base.charts else "remove export"
            part.findings.append(Finding("mesh/export", at, text, fix))
        return found
    names = app.spec.export if isinstance(app.spec.export, tuple) else ()
    chosen = []
    for number, name in enumerate(names):
        where = app.at("export", number)
        if name not in services:
            text = f"export names Service '{name}', which is not in '{base.path}'"
            part.findings.append(Finding("mesh/export", where, f"{text}{did_you_mean(name, services)}"))
        elif (reason := _why_not(services[name])) is not None:
            part.findings.append(Finding("mesh/export", where, f"export names Service '{name}', {reason}"))
        else:
            chosen.append(services[name])
    return chosen


def _why_not(service: BuiltObject) -> str | None:
    """Why a Service cannot be mirrored with an address of its own; None if it can."""
    spec = mapping_of(service.data.get("spec"))
    if spec.get("type") == "ExternalName":
        return "which has type ExternalName"
    return "which is headless (clusterIP None)" if spec.get("clusterIP") == "None" else None
