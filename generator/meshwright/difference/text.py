"""The difference for people: by root and object, with one line per field."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.difference.formatting import (
    EFFECTS,
    LAYOUT,
    SIGNS,
    both,
    by_move,
    moved,
    one_line,
    remarks,
    schema_lines,
    summary,
)
from meshwright.difference.model import ChangeKind, Difference, Field, ObjectDifference, RootDifference
from meshwright.inert import printable

_TONES = {"+": "\x1b[32m", "-": "\x1b[31m", "~": "\x1b[33m", ">": "\x1b[36m"}
_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_WIDTH = 80
_SCHEMA_FIELDS = 4


def render(difference: Difference, *, colour: bool = False) -> str:
    """The whole difference, ending with a line break."""
    return "\n".join(_lines(difference, colour)) + "\n"


def _lines(difference: Difference, colour: bool) -> Iterator[str]:
    for note in difference.notes:
        yield printable(note)
    if difference.notes:
        yield ""
    for root in difference.roots:
        yield _heading(root, colour)
        for source, items in by_move(root.objects):
            if source:
                yield _toned(f"  > {moved(source, items)}", ">", colour)
                continue
            for item in items:
                yield from _object(item, colour)
        yield ""
    if difference.not_compared:
        yield "not compared:"
        for missing in difference.not_compared:
            line = f"  {missing.subject} ({missing.side}): {missing.reason}"
            yield _toned(line, _DIM, colour)
        yield ""
    yield summary(difference)


def _heading(root: RootDifference, colour: bool) -> str:
    title = _toned(root.title, _BOLD, colour)
    path = "" if root.path in (root.name, root.cluster) else root.path
    where = ", ".join(part for part in (path, root.cluster) if part)
    word = "" if root.change is ChangeKind.CHANGED else f": {root.change.value}"
    return title + printable(f"{f' ({where})' if where else ''}{word}")


def _object(item: ObjectDifference, colour: bool) -> Iterator[str]:
    said = "; ".join(remarks(item))
    line = f"  {SIGNS[item.change]} {item.title}{f': {said}' if said else ''}"
    yield _toned(line, SIGNS[item.change], colour)
    for field in item.fields:
        yield from _field(field, colour)
    for text in schema_lines(item.schemas, _SCHEMA_FIELDS):
        yield printable(f"      {text}")
    for follower in item.followers:
        effect = f", which {EFFECTS[follower.effect]}" if follower.effect else ""
        yield printable(f"      followed by {follower.title}{effect}")


def _field(field: Field, colour: bool) -> Iterator[str]:
    title, (old, new) = printable(field.title), both(field, _WIDTH)
    sign = SIGNS[field.change]
    if field.hidden:
        yield _toned(f"      {title}: {field.change.value} (secret)", sign, colour)
    elif field.layout:
        yield f"      {title}: {LAYOUT}"
    elif field.change is ChangeKind.ADDED:
        yield _toned(f"    + {title}: {new}", sign, colour)
    elif field.change is ChangeKind.REMOVED:
        yield _toned(f"    - {title}: {old}", sign, colour)
    elif field.change is ChangeKind.REORDERED:
        yield f"      {title}: order {one_line(field.old, _WIDTH)} -> {one_line(field.new, _WIDTH)}"
    elif len(title) + len(old) + len(new) > _WIDTH + 20:
        yield f"      {title}:"
        yield _toned(f"        - {old}", "-", colour)
        yield _toned(f"        + {new}", "+", colour)
    else:
        yield f"      {title}: {old} -> {new}"


def _toned(line: str, sign: str, colour: bool) -> str:
    """``line`` with control characters escaped, in the colour of a sign."""
    line = printable(line)
    return f"{_TONES.get(sign, sign)}{line}{_OFF}" if colour else line
