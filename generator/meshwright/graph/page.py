"""The page: one HTML file with everything in it, which asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshwright.check.consequences import Consequence
from meshwright.graph.boxes import Box, Collapse, drawings, with_removed
from meshwright.graph.certificateview import certificate_view, span
from meshwright.graph.meshview import counted, mesh_view
from meshwright.graph.svg import HELPERS, edge_link, sketch
from meshwright.graph.templates import render, source

_WIDTH = {1: 29, 2: 36, 3: 43}


@dataclass(frozen=True)
class Badge:
    """The number of findings of a box, by the worst of them."""

    errors: int
    warnings: int

    @property
    def severity(self) -> str:
        """``error`` or ``warning``."""
        return "error" if self.errors else "warning"

    @property
    def text(self) -> str:
        """A sign and the number: the colour is not the only difference."""
        return f"{'✕' if self.errors else '!'} {self.errors + self.warnings}"

    @property
    def width(self) -> int:
        """Of its frame, in pixels."""
        return _WIDTH.get(len(self.text) - 2, 50)

    @property
    def words(self) -> str:
        """For screen readers."""
        parts = [(self.errors, "error"), (self.warnings, "warning")]
        return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count)


@dataclass
class _Index:
    """What belongs to a unit, by its id."""

    findings: dict[str, list[int]] = field(default_factory=dict)
    workloads: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    before: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    after: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)


def render_page(data: Mapping[str, Any], collapse: Collapse) -> str:
    """The page of a graph's data."""
    index = _index(data)
    sketches = [sketch(drawing, number) for number, drawing in enumerate(drawings(data, collapse))]
    badges = {
        box.id: badge for it in sketches for box in it.drawing.boxes if (badge := _badge(box, data, index))
    }
    style = "\n".join(source(name) for name in ("page.css", "picture.css"))
    script = source("page.js")
    return render(
        "page.html.jinja",
        data=data,
        index=index,
        sketches=sketches,
        badges=badges,
        units={unit["id"]: unit for unit in with_removed(data, "units")},
        mesh=mesh_view(data),
        certificates=certificate_view(data),
        findings=_ranked(data),
        gone=_gone(data),
        summary=data["check"]["summary"],
        style=style,
        script=script,
        policy=_policy(style, script),
        rows_of=_rows_of,
        count_verdicts=counted,
        span=span,
        edge_link=edge_link,
        **HELPERS,
    )


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded or run but these two, which are in the page."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _index(data: Mapping[str, Any]) -> _Index:
    index = _Index()
    for number, place in enumerate(data["finding_places"]):
        for unit in place["units"]:
            index.findings.setdefault(unit, []).append(number)
    for row in data["workloads"]:
        index.workloads.setdefault(row["unit"], []).append(row)
    for edge in with_removed(data, "edges"):
        index.after.setdefault(edge["unit"], []).append(edge)
        index.before.setdefault(edge["after"], []).append(edge)
    return index


def _badge(box: Box, data: Mapping[str, Any], index: _Index) -> Badge | None:
    numbers = {number for unit in box.units for number in index.findings.get(unit["id"], ())}
    if not numbers:
        return None
    errors = sum(data["check"]["findings"][number]["severity"] == "error" for number in numbers)
    return Badge(errors, len(numbers) - errors)


def _ranked(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Errors, then warnings, each in the order of the check."""
    rows = [
        {
            **finding,
            **place,
            "number": number,
            "rule": data["rules"].get(finding["id"], {}),
            "heading": Consequence(finding["consequence"]).heading,
        }
        for number, (finding, place) in enumerate(
            zip(data["check"]["findings"], data["finding_places"], strict=True)
        )
    ]
    return sorted(rows, key=lambda row: row["severity"] != "error")


def _gone(data: Mapping[str, Any]) -> Mapping[str, Sequence[Any]]:
    """What the other revision had."""
    return data["since"]["removed"] if "since" in data else {}


def _rows_of(units: Iterable[Mapping[str, Any]], known: Mapping[str, Sequence[Any]]) -> list[Any]:
    return [row for unit in units for row in known.get(unit["id"], ())]
