"""A drawing in Graphviz' language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.graph.boxes import Collapse, drawings


def render_dot(data: Mapping[str, Any], collapse: Collapse) -> str:
    """A directed graph with a cluster per cluster."""
    lines = [
        "digraph order {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
    ]
    for number, drawing in enumerate(drawings(data, collapse)):
        lines.append(f"  subgraph cluster_{number} {{")
        lines.append(f"    label={_quoted(drawing.cluster)};")
        for box in drawing.boxes:
            style = ", penwidth=3" if box.is_gate else ""
            label = _quoted(f"{box.title}\n{box.subtitle}")
            lines.append(f"    {_quoted(box.id)} [label={label}{style}];")
        lines.append("  }")
        for arrow in drawing.arrows:
            if not arrow.implied:
                style = "" if arrow.waits else ", style=dashed"
                style += ", color=red" if arrow.fault else ""
                why = _quoted(str(arrow.fault or arrow.edges[0]["comment"] or arrow.edges[0]["why"]))
                pair = f"{_quoted(arrow.first)} -> {_quoted(arrow.after)}"
                lines.append(f"  {pair} [tooltip={why}{style}];")
    return "".join(f"{line}\n" for line in [*lines, "}"])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("##", "#&#35;")
    return f'"{escaped}"'
