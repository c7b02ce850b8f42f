"""Keeps only a part of a graph: what is near a unit, or everything that must come up before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshwright.errors import MeshwrightError
from meshwright.words import did_you_mean

# Units within one arrow, in either direction.
_DEPTH = 1


def focused(data: Mapping[str, Any], focus: str, reaches: str) -> dict[str, Any]:
    """The data with only the units and workloads near ``focus`` (NAME or NAME:DEPTH) or before ``reaches``.

    Findings and certificates stay. Raises MeshwrightError if no unit has that name or DEPTH is no number.
    """
    kept = {str(unit["id"]) for unit in data["units"]}
    shown = dict(data)
    if focus:
        name, separator, depth = focus.rpartition(":")
        if not separator:
            name, depth = focus, str(_DEPTH)
        if not depth.isascii() or not depth.isdigit():
            raise MeshwrightError(f"--focus {focus}: write NAME or NAME:DEPTH, such as linkerd-gate:2")
        kept &= _near(data, _named(data, name, "--focus"), min(int(depth), len(kept)))
        shown["focus"] = {"name": name, "depth": int(depth)}
    if reaches:
        kept &= _before(data, _named(data, reaches, "--reaches"))
        shown["reaches"] = reaches
    shown["units"] = [unit for unit in data["units"] if unit["id"] in kept]
    shown["edges"] = [edge for edge in data["edges"] if {edge["unit"], edge["after"]} <= kept]
    shown["workloads"] = [row for row in data["workloads"] if row["unit"] in kept]
    return shown


def _named(data: Mapping[str, Any], name: str, option: str) -> set[str]:
    """The units of a name, or of a namespace and a name."""
    space, _, short = name.rpartition("/")
    found = {
        str(unit["id"])
        for unit in data["units"]
        if unit["name"] == short and space in ("", unit["namespace"])
    }
    if not found:
        hint = did_you_mean(short, [str(unit["name"]) for unit in data["units"]])
        raise MeshwrightError(
            f"{option}: no Kustomization, Application or HelmRelease is called '{name}'{hint}"
        )
    return found


def _near(data: Mapping[str, Any], start: Iterable[str], depth: int) -> set[str]:
    beside: dict[str, set[str]] = {}
    for edge in data["edges"]:
        beside.setdefault(edge["unit"], set()).add(edge["after"])
        beside.setdefault(edge["after"], set()).add(edge["unit"])
    found = last = set(start)
    for _ in range(depth):
        last = {other for id in last for other in beside.get(id, ())} - found
        if not last:
            break
        found = found | last
    return found


def _before(data: Mapping[str, Any], start: Iterable[str]) -> set[str]:
    firsts: dict[str, list[str]] = {}
    for edge in data["edges"]:
        firsts.setdefault(edge["unit"], []).append(edge["after"])
    found = set(start)
    pending = sorted(found)
    while pending:
        for first in firsts.get(pending.pop(), ()):
            if first not in found:
                found.add(first)
                pending.append(first)
    return found
