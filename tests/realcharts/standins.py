"""Holds a stand-in chart to the facts of the real one: it may have less, but be no easier to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from realcharts.facts import Facts

# Pod Security and the API server decide by these: a stand-in has exactly what the real chart has.
_EXACT = ("host", "hostPaths", "securityContext", "hook")
# Labels with the versions of the real chart and of its program.
_VERSIONED = ("helm.sh/chart", "app.kubernetes.io/version")


def kinder(stand_in: Facts, real: Facts) -> Iterator[str]:
    """Where the stand-in has something that the real chart lacks, or is easier to run."""
    for kind in ("crds", "webhooks"):
        for name in _missing(stand_in.get(kind) or [], real.get(kind) or []):
            yield f"{kind}: the real chart has no {name}"
    yield from _pods(stand_in.get("pods") or {}, real.get("pods") or {})
    services = real.get("services") or {}
    for name, service in (stand_in.get("services") or {}).items():
        if name not in services:
            yield f"Service {name}: the real chart has none"
            continue
        for part in ("selector", "ports"):
            yield from _subset(f"Service {name}: {part}", service.get(part), services[name].get(part))


def _pods(stand_ins: Mapping[str, Any], real: Mapping[str, Any]) -> Iterator[str]:
    for name, pod in stand_ins.items():
        if name not in real:
            yield f"{name}: the real chart has none"
            continue
        yield from _exact(name, pod, real[name])
        yield from _subset(f"{name}: labels", pod.get("labels"), real[name].get("labels"))
        for kind in ("initContainers", "containers"):
            containers = real[name].get(kind) or {}
            for container, facts in (pod.get(kind) or {}).items():
                where = f"{name}: container {container}"
                if container not in containers:
                    yield f"{where}: the real chart has none"
                    continue
                yield from _exact(where, facts, containers[container])
                yield from _subset(f"{where}: ports", facts.get("ports"), containers[container].get("ports"))


def _exact(where: str, stand_in: Mapping[str, Any], real: Mapping[str, Any]) -> Iterator[str]:
    for key in _EXACT:
        if stand_in.get(key) != real.get(key):
            yield f"{where}: {key} is {stand_in.get(key)!r}, and {real.get(key)!r} in the real chart"


def _subset(where: str, stand_in: Mapping[str, Any] | None, real: Mapping[str, Any] | None) -> Iterator[str]:
    for key, value in (stand_in or {}).items():
        if key not in _VERSIONED and (real or {}).get(key) != value:
            yield f"{where}: {key} is {value!r}, and {(real or {}).get(key)!r} in the real chart"


def _missing(stand_in: list[str], real: list[str]) -> list[str]:
    return [name for name in stand_in if name not in real]
