"""Traefik's chart: values of older versions that it no longer reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.annotationholders import chart_values
from meshwright.check.model.index import Model
from meshwright.check.rules.rule import Hit, rule

# k3s ships a chart of 2025 or later since its 1.32. source: k3s-io/k3s manifests/traefik.yaml.
_PACKAGED = 34


@rule(
    "MW609",
    "traefik-values-outdated",
    "Traefik's chart gets values that it no longer reads",
    why="Chart 34 replaced redirectTo with http.redirections. Chart 27 made expose a mapping and replaced "
    "service.internal with an entry of additionalServices. The old form is rejected or dropped, and with "
    "it the redirection or the port.",
    fix="use the form that the installed chart reads",
    source="traefik-helm-chart, change log of 27.0.0 and 34.0.0",
)
def older_values(model: Model) -> Iterator[Hit]:
    for values in chart_values(model, "traefik"):
        found = re.match(r"v?([0-9]+)\.", values.version)
        major = int(found[1]) if found else _PACKAGED if values.packaged else 0
        for pointer, what in _older(values.data, major):
            text = f"{values.title} sets {'.'.join(pointer)}, {what}"
            yield Hit(values.at(*pointer), text, subject=values.title)


def _older(data: Mapping[str, Any], major: int) -> Iterator[tuple[tuple[str, ...], str]]:
    ports = data.get("ports")
    for name, port in ports.items() if isinstance(ports, Mapping) else ():
        if not isinstance(port, Mapping):
            continue
        if major >= 34 and port.get("redirectTo"):
            yield ("ports", str(name), "redirectTo"), "which is now http.redirections"
        if major >= 27 and isinstance(port.get("expose"), bool):
            yield ("ports", str(name), "expose"), "which is now a mapping such as {default: true}"
        if major >= 27 and "exposeInternal" in port:
            yield ("ports", str(name), "exposeInternal"), "which is now part of expose"
    service = data.get("service")
    if major >= 27 and isinstance(service, Mapping) and service.get("internal"):
        yield ("service", "internal"), "which is now service.additionalServices.internal"
