"""A drawing as SVG: inside the page, where boxes and arrows are links, and as a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.graph.boxes import Arrow, Box, Collapse, Drawing, drawings
from meshwright.graph.layout import HEIGHT, WIDTH, Picture, PlacedArrow, lay_out
from meshwright.graph.links import fragment
from meshwright.graph.templates import render, source

_GAP = 40


@dataclass(frozen=True)
class Shape:
    """A path of an arrow with the words and the class that it has."""

    path: str
    arrow: Arrow
    style: str
    words: str
    link: str


@dataclass(frozen=True)
class Sketch:
    """Everything that the template of a picture needs; ``number`` tells pictures of one page apart."""

    drawing: Drawing
    picture: Picture
    shapes: tuple[Shape, ...]
    number: int


def sketch(drawing: Drawing, number: int) -> Sketch:
    """A drawing with its positions and paths."""
    picture = lay_out(drawing)
    titles = {box.id: box.title for box in drawing.boxes}
    # Faults last, so that they lie on top.
    placed = sorted(picture.arrows, key=lambda it: bool(it.arrow.fault))
    shapes = tuple(
        Shape(_path(it), it.arrow, _style(it.arrow), _words(it.arrow, titles), link_of(it.arrow))
        for it in placed
    )
    return Sketch(drawing, picture, shapes, number)


def render_svg(data: Mapping[str, Any], collapse: Collapse) -> str:
    """All clusters below each other, as one SVG document."""
    made = [sketch(drawing, number) for number, drawing in enumerate(drawings(data, collapse))]
    tops, height = [], 0
    for it in made:
        tops.append(height)
        height += it.picture.height + _GAP
    width = max((it.picture.width for it in made), default=WIDTH)
    return render(
        "file.svg.jinja",
        sketches=list(zip(made, tops, strict=True)),
        width=width,
        height=max(height, _GAP),
        style=source("picture.css"),
        **HELPERS,
    )


def box_link(box: Box) -> str:
    """The fragment of a box."""
    return fragment("group" if box.is_group else "unit", box.id)


def box_change(box: Box) -> str:
    """``added``, ``moved`` or ``removed``, if that is true of all its units."""
    changes = {str(unit.get("change", "")) for unit in box.units}
    return changes.pop() if len(changes) == 1 else ("changed" if changes - {""} else "")


def box_style(box: Box) -> str:
    """The classes of a box."""
    words = ["application" if box.is_application else "layer"]
    words += ["never"] if not box.rank else []
    words += ["gated"] if box.is_gate else []
    return " ".join([*words, *([box_change(box)] if box_change(box) else [])])


def link_of(arrow: Arrow) -> str:
    """The fragment of an arrow: its first edge's."""
    return edge_link(arrow.edges[0])


def edge_link(edge: Mapping[str, Any]) -> str:
    """The fragment of an edge."""
    return fragment("edge", str(edge["unit"]), "after", str(edge["after"]))


HELPERS = {"box_link": box_link, "box_style": box_style, "box_change": box_change, "W": WIDTH}


def _style(arrow: Arrow) -> str:
    words = ["implied"] if arrow.implied else []
    words += [] if arrow.waits else ["retried"]
    words += ["fault"] if arrow.fault else []
    return " ".join(["arrow", *words, *([arrow.change] if arrow.change else [])])


def _words(arrow: Arrow, titles: Mapping[str, str]) -> str:
    """What a pointer over the arrow shows."""
    edge = arrow.edges[0]
    why = arrow.fault or str(edge["comment"] or edge["why"])
    more = f" (and {len(arrow.edges) - 1} more)" if len(arrow.edges) > 1 else ""
    return f"{titles[arrow.after]} after {titles[arrow.first]}: {why}{more}"


def _path(placed: PlacedArrow) -> str:
    points: Sequence[tuple[int, int]] = placed.points
    (x, y), text = points[0], ""
    if len(points) == 2 and points[1][0] <= x:
        return f"M{x} {y}{_back(points[0], points[1])}"
    for to_x, to_y in points[1:]:
        middle = (x + to_x) // 2
        straight = y == to_y
        text += f" L{to_x} {to_y}" if straight else f" C{middle} {y} {middle} {to_y} {to_x} {to_y}"
        x, y = to_x, to_y
    return f"M{points[0][0]} {points[0][1]}{text}"


def _back(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Within a column: down to the next box, or around the side; or back to an earlier column."""
    (x, y), (to_x, to_y) = start, end
    if x == to_x and 0 < to_y - y <= HEIGHT // 2:
        return f" L{to_x} {to_y}"
    bend = 26 if x == to_x else -60
    return f" C{x + abs(bend)} {y} {to_x + bend} {to_y} {to_x} {to_y}"
