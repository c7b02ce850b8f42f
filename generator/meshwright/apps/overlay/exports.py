"""Offers an application's Services to linked clusters, with the labels that their Links select."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshwright.apps.model import App, Base, Part, Patch, RepositorySettings
from meshwright.apps.overlay.patches import nested, target_of
from meshwright.finding import Finding, Severity
from meshwright.manifests.unit import BuiltObject
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import mapping_of

_DOCS = "Meshwright's docs/multicluster.md"
# The service mirror appends it, and the API server refuses a longer name.
_SUFFIX = "-federated"
_LONGEST = 63


@dataclass(frozen=True)
class _Offer:
    """A field of mesh.yaml that names Services, and the label that they get."""

    field: str
    verb: str
    chosen: bool | tuple[str, ...]
    label: str
    value: str


def export_part(app: App, base: Base, settings: RepositorySettings) -> Part:
    """A patch for each Service that ``export`` or ``federated`` names; empty without them.

    The label of an export says how other clusters reach the Service: through the gateway of this cluster, or
    directly. Members of a federated Service are always reached directly.
    """
    part = Part()
    services = {item.name: item for item in base.objects if item.kind == "Service"}
    mode = "true" if settings.gateway else "remote-discovery"
    labels: dict[str, dict[str, str]] = {}
    for offer in (
        _Offer("export", "export", app.spec.export, "mirror.linkerd.io/exported", mode),
        _Offer("federated", "federate", app.spec.federated, "mirror.linkerd.io/federated", "member"),
    ):
        if not offer.chosen or not _can_offer(app, offer, settings, part):
            continue
        for item in _chosen(app, base, services, offer, part):
            labels.setdefault(item.name, {})[offer.label] = offer.value
    for name, added in labels.items():
        part.patches.append(Patch(target_of(services[name]), nested(("metadata", "labels"), added)))
    return part


def _can_offer(app: App, offer: _Offer, settings: RepositorySettings, part: Part) -> bool:
    at = app.at(offer.field, key=True)
    if not settings.is_linked:
        text = f"{offer.field} has no effect: cluster {settings.cluster} is linked with no other"
        fix = f"answer `links` ({_DOCS}), or remove {offer.field}"
        part.findings.append(Finding("mesh/export", at, text, fix, severity=Severity.WARNING))
        return False
    if offer.field == "federated" and not settings.has_flat_link:
        text = (
            f"federated has no effect: other clusters reach {settings.cluster} only through its gateway, "
            "and a federated Service has pods that are reached directly"
        )
        fix = f"write `flat: true` into `links` ({_DOCS}), or use export"
        part.findings.append(Finding("mesh/export", at, text, fix))
        return False
    return True


def _chosen(
    app: App, base: Base, services: Mapping[str, BuiltObject], offer: _Offer, part: Part
) -> list[BuiltObject]:
    field = offer.field
    if offer.chosen is True:
        found = [item for item in services.values() if _why_not(item, offer) is None]
        if not found:
            at = app.at(field, key=True)
            seen = f"chart '{base.charts[0]}' is not rendered" if base.charts else f"'{base.path}' has none"
            text = f"{field}: no Service with a cluster IP to {offer.verb}: {seen}"
            by_chart = f"label its Services with {offer.label} by the chart's values"
            part.findings.append(
                Finding("mesh/export", at, text, by_chart if base.charts else f"remove {field}")
            )
        return found
    chosen = []
    for number, name in enumerate(offer.chosen or ()):
        where = app.at(field, number)
        if name not in services:
            text = f"{field} names Service '{name}', which is not in '{base.path}'"
            part.findings.append(Finding("mesh/export", where, f"{text}{did_you_mean(name, services)}"))
        elif (reason := _why_not(services[name], offer)) is not None:
            part.findings.append(Finding("mesh/export", where, f"{field} names Service '{name}', {reason}"))
        else:
            chosen.append(services[name])
    return chosen


def _why_not(service: BuiltObject, offer: _Offer) -> str | None:
    """Why a Service cannot be mirrored with an address of its own; None if it can."""
    spec = mapping_of(service.data.get("spec"))
    if spec.get("type") == "ExternalName":
        return "which has type ExternalName"
    if spec.get("clusterIP") == "None":
        return "which is headless (clusterIP None)"
    if offer.field == "federated" and len(service.name) + len(_SUFFIX) > _LONGEST:
        return f"but {service.name}{_SUFFIX} is longer than {_LONGEST} characters"
    return None
