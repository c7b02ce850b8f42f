"""Places boxes and routes arrows: a column per rank, rows by barycentre; no engine, and the same every time.

A chain of single boxes is stacked into one column. An arrow that crosses columns gets a lane in each of them,
so that it never runs through a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from meshwright.graph.boxes import NEVER, Arrow, Box, Drawing

WIDTH, HEIGHT = 188, 50
_GAP_X, _GAP_Y, _LANE = 40, 18, 10
_TOP, _MARGIN, _BULGE = 34, 8, 32
# Fewer columns than this fit a laptop's screen without stacking.
_FITTING = 6
_LONG_CHAIN, _STACKED = 2, 4
_SWEEPS = 6


@dataclass(frozen=True)
class PlacedBox:
    """A box with the position of its corner."""

    box: Box
    x: int
    y: int


@dataclass(frozen=True)
class PlacedArrow:
    """An arrow as points: the first and the last, and one or two in each column that it crosses."""

    arrow: Arrow
    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Column:
    """A column's label and position."""

    label: str
    x: int


@dataclass(frozen=True)
class Picture:
    """A drawing with positions, in pixels."""

    width: int
    height: int
    columns: tuple[Column, ...]
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]


@dataclass(eq=False)
class _Cell:
    """A place in a column: one box, a stack of boxes, or the lane of an arrow."""

    boxes: Sequence[Box] = ()
    before: list[_Cell] = field(default_factory=list)
    after: list[_Cell] = field(default_factory=list)
    y: float = 0.0

    @property
    def height(self) -> int:
        return len(self.boxes) * (HEIGHT + _GAP_Y) - _GAP_Y if self.boxes else _LANE

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def lay_out(drawing: Drawing) -> Picture:
    """The picture of a drawing."""
    columns = _columns(drawing.boxes)
    cells = [[_Cell(boxes) for boxes in column] for column in columns]
    place = {
        box.id: (number, cell) for number, column in enumerate(cells) for cell in column for box in cell.boxes
    }
    lanes: dict[int, list[_Cell]] = {}
    for number, arrow in enumerate(drawing.arrows):
        (start, first), (end, last) = place[arrow.first], place[arrow.after]
        if arrow.implied or end <= start:
            continue
        chain = [first, *(_Cell() for _ in range(end - start - 1)), last]
        lanes[number] = chain[1:-1]
        for one, other in pairwise(chain):
            one.after.append(other)
            other.before.append(one)
        for offset, lane in enumerate(chain[1:-1], start + 1):
            cells[offset].append(lane)
    _order(cells)
    height = _spread(cells)
    return _picture(drawing, columns, cells, place, lanes, height)


def _columns(boxes: Sequence[Box]) -> list[list[list[Box]]]:
    """Columns of cells: one box each, or the stacked boxes of a chain."""
    by_rank: dict[int, list[Box]] = {}
    for box in boxes:
        by_rank.setdefault(box.rank, []).append(box)
    ranks = sorted(by_rank, key=lambda rank: (rank == NEVER, rank))
    if len(ranks) <= _FITTING:
        return [[[box] for box in by_rank[rank]] for rank in ranks]
    found: list[list[list[Box]]] = []
    run: list[Box] = []
    for rank in [*ranks, None]:
        here = by_rank.get(rank, []) if rank is not None else []
        if len(here) == 1 and rank != NEVER:
            run += here
            continue
        found += _stacks(run)
        run = []
        if here:
            found.append([[box] for box in here])
    return found


def _stacks(run: Sequence[Box]) -> list[list[list[Box]]]:
    if len(run) < _LONG_CHAIN:
        return [[[box]] for box in run]
    return [[list(run[at : at + _STACKED])] for at in range(0, len(run), _STACKED)]


def _order(cells: list[list[_Cell]]) -> None:
    """Sort each column by the mean position of its neighbours, forwards and back."""
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        for column in cells if forwards else cells[::-1]:
            rank = {id(cell): number for row in cells for number, cell in enumerate(row)}
            weights = []
            for number, cell in enumerate(column):
                others = (cell.before if forwards else cell.after) or [cell]
                weights.append((sum(rank[id(other)] for other in others) / len(others), number, cell))
            column[:] = [cell for _, _, cell in sorted(weights)]


def _spread(cells: list[list[_Cell]]) -> int:
    """Give each cell its height; returns the height of all."""
    for column in cells:
        at = 0.0
        for cell in column:
            cell.y = at
            at += cell.height + _GAP_Y
    tallest = max((column[-1].y + column[-1].height for column in cells if column), default=0.0)
    for column in cells:
        shift = (tallest - column[-1].y - column[-1].height) / 2 if column else 0.0
        for cell in column:
            cell.y += shift
    for sweep in range(_SWEEPS):
        for column in cells if sweep % 2 else cells[::-1]:
            _settle(column, tallest)
    return round(tallest)


def _settle(column: list[_Cell], height: float) -> None:
    """Move each cell towards its neighbours, as far as its own column lets it."""
    wanted = []
    for cell in column:
        others = [*cell.before, *cell.after]
        middle = sum(other.middle for other in others) / len(others) if others else cell.middle
        wanted.append(middle - cell.height / 2)
    low = 0.0
    for cell, y in zip(column, wanted, strict=True):
        cell.y = max(low, y)
        low = cell.y + cell.height + _GAP_Y
    high = height
    for cell in reversed(column):
        cell.y = min(cell.y, high - cell.height)
        high = cell.y - _GAP_Y


def _picture(
    drawing: Drawing,
    columns: Sequence[Sequence[Sequence[Box]]],
    cells: Sequence[Sequence[_Cell]],
    place: dict[str, tuple[int, _Cell]],
    lanes: dict[int, list[_Cell]],
    height: int,
) -> Picture:
    def left(number: int) -> int:
        return _MARGIN + number * (WIDTH + _GAP_X)

    placed: dict[str, PlacedBox] = {}
    for number, column in enumerate(cells):
        for cell in column:
            for row, box in enumerate(cell.boxes):
                y = _TOP + round(cell.y) + row * (HEIGHT + _GAP_Y)
                placed[box.id] = PlacedBox(box, left(number), y)
    arrows = []
    for number, arrow in enumerate(drawing.arrows):
        one, other = placed[arrow.first], placed[arrow.after]
        points = [(one.x + WIDTH, one.y + HEIGHT // 2)]
        start = place[arrow.first][0]
        for offset, lane in enumerate(lanes.get(number, ()), start + 1):
            y = _TOP + round(lane.middle)
            points += [(left(offset), y), (left(offset) + WIDTH, y)]
        points.append((other.x, other.y + HEIGHT // 2))
        if one.x == other.x:
            points = _within_column(one, other)
        arrows.append(PlacedArrow(arrow, tuple(points)))
    labels = tuple(
        Column(_label([box for cell in column for box in cell]), left(number))
        for number, column in enumerate(columns)
    )
    width = left(len(columns)) - _GAP_X + (_BULGE if _bulges(arrows, left(len(columns) - 1)) else _MARGIN)
    return Picture(width, _TOP + height + _MARGIN, labels, tuple(placed.values()), tuple(arrows))


def _bulges(arrows: Sequence[PlacedArrow], last: int) -> bool:
    """Whether an arrow runs around the side of the last column."""
    return any(min(x for x, _ in placed.points) >= last for placed in arrows)


def _within_column(one: PlacedBox, other: PlacedBox) -> list[tuple[int, int]]:
    if 0 < other.y - one.y <= HEIGHT + _GAP_Y:
        middle = one.x + WIDTH // 2
        return [(middle, one.y + HEIGHT), (middle, other.y)]
    side = one.x + WIDTH
    return [(side, one.y + HEIGHT // 2 + 6), (side, other.y + HEIGHT // 2 - 6)]


def _label(boxes: Sequence[Box]) -> str:
    ranks = sorted({box.rank for box in boxes})
    if ranks == [NEVER]:
        return "never starts"
    return str(ranks[0]) if len(ranks) == 1 else f"{ranks[0]} to {ranks[-1]}"
