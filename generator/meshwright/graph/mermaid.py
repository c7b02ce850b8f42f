"""A drawing as Mermaid, small enough for the viewers of GitHub and GitLab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshwright.graph.boxes import Arrow, Box, Collapse, Drawing, drawings
from meshwright.words import plural

# More than this is unreadable in a comment; GitHub itself refuses 500 edges.
MOST_NODES, MOST_EDGES = 60, 250


def render_mermaid(data: Mapping[str, Any], collapse: Collapse) -> str:
    """A flowchart with a subgraph per cluster; a comment at the end says what was left out."""
    made = drawings(data, collapse)
    lines = ["flowchart LR"]
    boxes_left, arrows_left = MOST_NODES, MOST_EDGES
    without_boxes = without_arrows = 0
    faults: list[int] = []
    number = links = 0
    for drawing in made:
        kept = _most_important(drawing, boxes_left)
        boxes_left -= len(kept)
        without_boxes += len(drawing.boxes) - len(kept)
        names = {box.id: f"n{number + at}" for at, box in enumerate(kept)}
        number += len(kept)
        inside = [f'{names[box.id]}["{_label(box)}"]' for box in kept]
        if len(made) > 1:
            lines.append(f'  subgraph c{made.index(drawing)}["{_text(drawing.cluster or "repository")}"]')
            lines += [f"    {line}" for line in inside]
            lines.append("  end")
        else:
            lines += [f"  {line}" for line in inside]
        shown = [arrow for arrow in drawing.arrows if not arrow.implied]
        drawable = [arrow for arrow in shown if {arrow.first, arrow.after} <= names.keys()]
        drawn = drawable[: max(arrows_left, 0)]
        arrows_left -= len(drawn)
        without_arrows += len(shown) - len(drawn)
        for arrow in drawn:
            lines.append(f"  {names[arrow.first]} {_line(arrow)} {names[arrow.after]}")
            if arrow.fault:
                faults.append(links)
            links += 1
        lines += _classes(kept, names)
    lines += [f"  linkStyle {','.join(map(str, faults))} stroke:#c4211d,stroke-width:2px"] if faults else []
    lines += ["  classDef gate stroke-width:3px", "  classDef application stroke-dasharray:4 2"]
    if without_boxes or without_arrows:
        left = " and ".join(
            plural(count, word)
            for count, word in ((without_boxes, "box"), (without_arrows, "arrow"))
            if count
        ).replace("boxs", "boxes")
        lines.append(f'  note["not drawn: {left}; meshwright graph --focus NAME draws a part"]')
    return "".join(f"{line}\n" for line in lines)


def _most_important(drawing: Drawing, most: int) -> Sequence[Box]:
    """The first ``most`` boxes by rank, layers before applications, in the order of the drawing."""
    if len(drawing.boxes) <= most:
        return drawing.boxes
    faulty = {name for arrow in drawing.arrows if arrow.fault for name in (arrow.first, arrow.after)}
    ranked = sorted(drawing.boxes, key=lambda box: (box.id not in faulty, box.is_application))
    kept = {box.id for box in ranked[: max(most, 0)]}
    return [box for box in drawing.boxes if box.id in kept]


def _classes(boxes: Sequence[Box], names: Mapping[str, str]) -> list[str]:
    found = []
    for style in ("gate", "application"):
        here = [
            names[box.id]
            for box in boxes
            if (box.is_gate if style == "gate" else box.is_application and not box.is_gate)
        ]
        found += [f"  class {','.join(here)} {style}"] if here else []
    return found


def _label(box: Box) -> str:
    return f"{_text(box.title)}<br/>{_text(box.subtitle)}"


def _line(arrow: Arrow) -> str:
    if arrow.fault:
        return "-. race .->" if not arrow.waits else "-- never --->"
    return "-->" if arrow.waits else "-. retried .->"


def _text(text: str) -> str:
    """``text`` as Mermaid shows it: everything but letters, digits and a few signs as a character code."""
    return "".join(
        char if (char.isascii() and char.isalnum()) or char in " -._/,:…" else f"#{ord(char)};"
        for char in text
    )
