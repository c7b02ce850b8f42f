"""Checks within one mesh.yaml that a JSON Schema cannot express."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from meshwright.apps.model import App
from meshwright.apps.spec import Inject, Jobs, Port, Ports
from meshwright.apps.syncfields import sync_findings
from meshwright.finding import Finding
from meshwright.manifests.kustomization import FILE_NAMES, misspelled, rename_fix

_QUANTITY = re.compile(r"([0-9.]+)([a-zA-Z]*)\Z")
_UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
# Folders that applications must not use: they belong to the engine, the generator and the platform.
_RESERVED = ("clusters", "mesh", "platform")


def spec_findings(root: Path, app: App, engine: str) -> Iterator[Finding]:
    """Every fault within the spec of ``app``; ``engine`` is flux or argocd."""
    yield from _path(root, app)
    yield from _ports(app)
    yield from _resources(app)
    yield from _duplicates(app)
    yield from _contradictions(app)
    yield from _decryption(app, engine)
    yield from sync_findings(app, engine)


def _path(root: Path, app: App) -> Iterator[Finding]:
    at = app.at("source", "path") if app.spec.path else app.at()
    path = app.base_path
    parts = path.split("/")
    hidden = [part for part in parts if part in ("", ".", "..") or part.startswith(".git")]
    if hidden:
        text = f"source.path '{path}' must not contain '{hidden[0]}'"
        yield Finding("mesh/path", at, text, "use a folder relative to the repository root")
        return
    if parts[0] in _RESERVED:
        text = f"source.path '{path}' is in {parts[0]}/, which is not for applications"
        yield Finding("mesh/path", at, text, "keep an application's manifests in their own folder")
        return
    folder = root / path
    if not folder.is_dir():
        yield Finding(
            "mesh/path",
            at,
            f"application '{app.name}': folder '{path}' does not exist",
            "correct source.path",
        )
    elif _is_linked(root, parts):
        yield Finding(
            "mesh/path",
            at,
            f"'{path}' goes through a symbolic link, which neither engine follows",
            "name the folder itself",
        )
    elif not any((folder / name).is_file() for name in FILE_NAMES):
        near = misspelled(os.listdir(folder))  # noqa: PTH208 - names only
        but = f", but {near}" if near else ""
        text = f"application '{app.name}': '{path}' has no kustomization.yaml{but}, so it cannot be built"
        fix = rename_fix(path, near) if near else f"list its manifests in {path}/kustomization.yaml"
        yield Finding("mesh/path", at, text, fix)


def _is_linked(root: Path, parts: list[str]) -> bool:
    """Whether a part of a path below the repository is a symbolic link."""
    place = str(root)
    for part in parts:
        place = f"{place}/{part}"
        if os.path.islink(place):  # noqa: PTH114 - once for each part of each application
            return True
    return False


def _ports(app: App) -> Iterator[Finding]:
    spec = app.spec
    lists: list[tuple[tuple[str | int, ...], Ports]] = [
        (("opaquePorts",), spec.opaque_ports),
        (("skipInboundPorts",), spec.skip_inbound_ports),
        (("skipOutboundPorts",), spec.skip_outbound_ports),
    ]
    for number, entry in enumerate(spec.workloads):
        lists += [
            (("workloads", number, "opaquePorts"), entry.opaque_ports or ()),
            (("workloads", number, "skipInboundPorts"), entry.skip_inbound_ports or ()),
            (("workloads", number, "skipOutboundPorts"), entry.skip_outbound_ports or ()),
        ]
    for pointer, ports in lists:
        for number, port in enumerate(ports):
            first, last = port_range(port)
            if not 1 <= first <= last <= 65535:
                text = f"'{port}' is not a port range: use 1 to 65535, lower port first"
                yield Finding("mesh/port", app.at(*pointer, number), text)
    skipped = [port_range(port) for port in spec.skip_inbound_ports]
    for number, port in enumerate(spec.opaque_ports):
        first, last = port_range(port)
        if any(low <= last and first <= high for low, high in skipped):
            text = f"port {port} is both opaque and skipped: a skipped port never reaches the proxy"
            yield Finding("mesh/port", app.at("opaquePorts", number), text, "keep one of the two")


def port_range(port: Port) -> tuple[int, int]:
    """First and last port."""
    if isinstance(port, int):
        return port, port
    first, _, last = port.partition("-")
    return int(first), int(last or first)


def _resources(app: App) -> Iterator[Finding]:
    found = [((), app.spec.proxy)]
    found += [(("workloads", n), entry.proxy) for n, entry in enumerate(app.spec.workloads) if entry.proxy]  # type: ignore[misc]
    for pointer, proxy in found:
        for what, request, limit in (
            ("cpu", proxy.cpu_request, proxy.cpu_limit),
            ("memory", proxy.memory_request, proxy.memory_limit),
        ):
            if request and limit and _amount(request) > _amount(limit):
                text = f"proxy.{what}.request is {request}, more than the limit {limit}"
                yield Finding("mesh/proxy", app.at(*pointer, "proxy", what, "request"), text)


def _amount(quantity: str) -> float:
    found = _QUANTITY.match(quantity)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def _duplicates(app: App) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], int] = {}
    for number, entry in enumerate(app.spec.workloads):
        first = seen.setdefault((entry.kind, entry.name, entry.chart), number)
        if first != number:
            line = app.at("workloads", first).line
            text = f"{entry.kind} '{entry.name}' is listed twice under workloads, first on line {line}"
            yield Finding("mesh/workload", app.at("workloads", number), text, "keep one of the two")
    listed = {(entry.kind, entry.name): n for n, entry in enumerate(app.spec.workloads) if not entry.chart}
    for number, (kind, name) in enumerate(app.spec.excepted):
        at, text = app.at("except", number), ""
        if (kind, name) in listed:
            text = f"under workloads on line {app.at('workloads', listed[kind, name]).line}, too"
        elif (first := app.spec.excepted.index((kind, name))) != number:
            text = f"twice under except, first on line {app.at('except', first).line}"
        if text:
            yield Finding("mesh/workload", at, f"{kind} '{name}' is listed {text}", "keep one of the two")


def _contradictions(app: App) -> Iterator[Finding]:
    spec = app.spec
    if app.name in spec.depends_on:
        at = app.at("dependsOn", spec.depends_on.index(app.name))
        yield Finding("mesh/depends-on", at, f"application '{app.name}' depends on itself", "remove it")
    if not spec.is_meshed and spec.jobs in (Jobs.NATIVE, Jobs.AWAIT):
        text = f"jobs is '{spec.jobs}', but inject 'disabled' keeps every pod of '{app.name}' out of the mesh"
        yield Finding("mesh/jobs", app.at("jobs"), text, "remove jobs, or set inject to enabled")
    if not spec.is_meshed and spec.policy is not None:
        text = f"policy is enforced by the proxy, but with inject 'disabled' '{app.name}' has none"
        yield Finding(
            "mesh/policy", app.at("policy", key=True), text, "remove policy, or set inject to enabled"
        )
    if spec.jobs is Jobs.DISABLED and spec.inject is Inject.DISABLED and not spec.is_meshed:
        text = f"jobs 'disabled' has no effect: inject 'disabled' applies to all pods of '{app.name}'"
        yield Finding("mesh/jobs", app.at("jobs"), text, "remove jobs")
    if spec.policy is not None and spec.policy.ports and spec.policy.allow_from is None:
        text = "policy.ports without allowFrom would deny every client on these ports"
        yield Finding(
            "mesh/policy", app.at("policy", "ports", key=True), text, "add allowFrom, or remove ports"
        )
    if not re.search(r"[1-9]", spec.timeout):
        yield Finding(
            "mesh/timeout",
            app.at("timeout"),
            f"timeout '{spec.timeout}' must be greater than zero",
            "write 10m",
        )


def _decryption(app: App, engine: str) -> Iterator[Finding]:
    own = app.spec.decryption
    if own is None:
        return
    at = app.at("decryption", key=True)
    if engine != "flux":
        text = f"decryption of '{app.name}' has no effect: Argo CD does not decrypt SOPS files"
        yield Finding("mesh/decryption", at, text, "remove it, and use External Secrets or Sealed Secrets")
    elif own.secret and own.service_account:
        text = "decryption names both a Secret and a service account"
        yield Finding("mesh/decryption", at, text, "keep one of the two")
