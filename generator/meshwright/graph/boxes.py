"""Boxes and the arrows between them, made from the data of a graph.

A Kustomization and the HelmRelease that it alone holds are one box. Many applications of one rank are one box
too. An arrow that follows from others is ``implied``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from meshwright.words import plural

Collapse = Literal["apps", "layers", "none"]
# Up to so many applications of one rank are drawn one by one.
_DRAWN_ONE_BY_ONE = 6
NEVER = 0
_Unit = Mapping[str, Any]


@dataclass(frozen=True)
class Box:
    """One unit, a unit with the release that it holds, or (``is_group``) several units of one rank.

    ``rank`` counts boxes, from 1; it is NEVER for what never starts.
    """

    id: str
    rank: int
    units: tuple[_Unit, ...]
    is_group: bool = False

    @property
    def head(self) -> _Unit:
        """The unit that stands for the box."""
        return self.units[0]

    @property
    def is_application(self) -> bool:
        """Whether it is an application or several."""
        return bool(self.head["application"])

    @property
    def title(self) -> str:
        """The name of its unit, or what it has how many of."""
        if self.is_group:
            return plural(len({unit["box"] for unit in self.units}), self._noun)
        return str(self.head["name"])

    @property
    def _noun(self) -> str:
        return "application" if self.is_application else "layer"

    @property
    def subtitle(self) -> str:
        """Its chart, or what it is."""
        if self.is_group:
            names = list(dict.fromkeys(str(unit["name"]) for unit in self.units))
            return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        charts = [chart for unit in self.units for chart in unit["charts"]]
        objects = int(self.head["objects"])
        if charts:
            return f"chart {charts[0]}" + (f" and {len(charts) - 1} more" if len(charts) > 1 else "")
        return plural(objects, "object") if objects else str(self.head["kind"])

    @property
    def is_gate(self) -> bool:
        """Whether it holds others back until the injector works."""
        return not self.is_group and any(unit["gate"] for unit in self.units)


@dataclass(frozen=True)
class Arrow:
    """``after`` comes after ``first``; ``implied`` means that other arrows say so too."""

    first: str
    after: str
    edges: tuple[Mapping[str, Any], ...]
    implied: bool = False

    @property
    def waits(self) -> bool:
        """Whether the engine waits."""
        return any(edge["waits"] for edge in self.edges)

    @property
    def lasts(self) -> bool:
        """Whether the newer revision has it."""
        return self.change != "removed"

    @property
    def fault(self) -> str:
        """The fault on it, if any."""
        return next((str(edge["fault"]) for edge in self.edges if edge["fault"]), "")

    @property
    def change(self) -> str:
        """``added`` or ``removed`` since the other revision, if all of it is."""
        changes = {str(edge.get("change", "")) for edge in self.edges}
        return changes.pop() if len(changes) == 1 else ""


@dataclass
class Drawing:
    """The boxes of one cluster by rank, and the arrows between them."""

    cluster: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)


def drawings(data: Mapping[str, Any], collapse: Collapse) -> list[Drawing]:
    """One drawing per cluster that has units."""
    units, edges = with_removed(data, "units"), with_removed(data, "edges")
    clusters = list(dict.fromkeys(str(unit["cluster"]) for unit in units))
    return [_drawing(units, edges, cluster, collapse) for cluster in clusters]


def with_removed(data: Mapping[str, Any], name: str) -> list[_Unit]:
    """Units or edges with those that only the other revision has."""
    removed = data["since"]["removed"][name] if "since" in data else []
    return [*data[name], *removed]


def _drawing(
    all_units: Sequence[_Unit], all_edges: Sequence[_Unit], cluster: str, collapse: Collapse
) -> Drawing:
    units = [unit for unit in all_units if unit["cluster"] == cluster]
    ids = {str(unit["id"]) for unit in units}
    edges = [edge for edge in all_edges if edge["unit"] in ids and edge["after"] in ids]
    holder = _holders(units, edges)
    merged: dict[str, list[_Unit]] = {}
    for unit in sorted(units, key=lambda unit: holder.get(unit["id"], unit["id"]) != unit["id"]):
        box = str(holder.get(unit["id"], unit["id"]))
        merged.setdefault(box, []).append({**unit, "box": box})
    ranks = _after_all({id: members[0]["rank"] for id, members in merged.items()}, holder, edges)
    steps = _steps(ranks.values())
    boxes = [Box(id, steps[ranks[id]], tuple(members)) for id, members in merged.items()]
    drawing = Drawing(cluster, _grouped(boxes, collapse))
    drawing.boxes.sort(key=lambda box: (box.rank or len(units) + 1, box.is_application, box.title, box.id))
    drawing.arrows = _arrows(drawing.boxes, edges)
    return drawing


def _after_all(
    ranks: Mapping[str, int], holder: Mapping[str, str], edges: Iterable[Mapping[str, Any]]
) -> dict[str, int]:
    """Ranks raised so that each box is right of what it comes after; those in a cycle keep the proof's.

    The proof ranks the start of a unit, and an Application starts before its hooks let it go on.
    """
    before: dict[str, set[str]] = {id: set() for id in ranks}
    dependents: dict[str, list[str]] = {}
    for edge in edges:
        first, after = holder.get(edge["after"], edge["after"]), holder.get(edge["unit"], edge["unit"])
        lasting = not edge["fault"] and edge.get("change") != "removed"
        if not lasting or NEVER in (ranks[first], ranks[after]):
            continue
        if first != after and first not in before[after]:
            before[after].add(first)
            dependents.setdefault(first, []).append(after)
    raised = dict(ranks)
    left = {id: len(firsts) for id, firsts in before.items()}
    ready = [id for id, count in left.items() if not count]
    for id in ready:
        for after in dependents.get(id, ()):
            raised[after] = max(raised[after], raised[id] + 1)
            left[after] -= 1
            if not left[after]:
                ready.append(after)
    return {id: raised[id] if not left[id] else ranks[id] for id in ranks}


def _steps(ranks: Iterable[int]) -> dict[int, int]:
    """Ranks without the gaps that units inside a box leave; what never starts keeps its own."""
    used = sorted({rank for rank in ranks if rank != NEVER})
    return {NEVER: NEVER, **{rank: number for number, rank in enumerate(used, 1)}}


def _holders(units: Iterable[_Unit], edges: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """HelmRelease -> the unit that creates it and no other."""
    kinds = {unit["id"]: unit["kind"] for unit in units}
    created: dict[str, list[str]] = {}
    for edge in edges:
        if edge["kind"] == "creates":
            created.setdefault(edge["after"], []).append(edge["unit"])
    return {
        made[0]: creator
        for creator, made in created.items()
        if len(made) == 1 and kinds[made[0]] == "HelmRelease" and kinds[creator] == "Kustomization"
    }


def _grouped(boxes: Sequence[Box], collapse: Collapse) -> list[Box]:
    if collapse == "none":
        return list(boxes)
    alike: dict[tuple[int, bool], list[Box]] = {}
    for box in boxes:
        alike.setdefault((box.rank, box.is_application), []).append(box)
    found: list[Box] = []
    for (rank, application), same in alike.items():
        most = _DRAWN_ONE_BY_ONE if collapse == "apps" else 1
        if len(same) <= most or (collapse == "apps" and not application):
            found += same
            continue
        same.sort(key=lambda box: (box.title, box.id))
        members = tuple(unit for box in same for unit in box.units)
        cluster = str(members[0]["cluster"])
        name = f"{'applications' if application else 'layers'}-{rank}"
        found.append(Box(f"{cluster}/{name}" if cluster else name, rank, members, is_group=True))
    return found


def _arrows(boxes: Sequence[Box], edges: Iterable[Mapping[str, Any]]) -> list[Arrow]:
    box_of = {unit["id"]: box.id for box in boxes for unit in box.units}
    between: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for edge in edges:
        pair = (box_of[edge["after"]], box_of[edge["unit"]])
        if pair[0] != pair[1]:
            between.setdefault(pair, []).append(edge)
    arrows = [Arrow(first, after, tuple(found)) for (first, after), found in between.items()]
    return _with_implied(boxes, arrows)


def _with_implied(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> list[Arrow]:
    """Mark each arrow that a longer way through other arrows makes unnecessary."""
    place = {box.id: number for number, box in enumerate(boxes)}
    before: dict[str, list[str]] = {}
    for arrow in arrows:
        if arrow.waits and arrow.lasts and place[arrow.first] < place[arrow.after]:
            before.setdefault(arrow.after, []).append(arrow.first)
    # One bit per box: what comes before it, directly or not.
    earlier: dict[str, int] = {}
    for box in boxes:
        found = 0
        for other in before.get(box.id, ()):
            found |= earlier[other] | 1 << place[other]
        earlier[box.id] = found
    return [
        Arrow(
            arrow.first,
            arrow.after,
            arrow.edges,
            implied=not arrow.fault
            and any(
                other != arrow.first and earlier[other] >> place[arrow.first] & 1
                for other in before.get(arrow.after, ())
            ),
        )
        for arrow in arrows
    ]
