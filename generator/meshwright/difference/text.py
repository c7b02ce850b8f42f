"""A difference for people: by root and object, one line a field."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.difference.model import Change, Difference, Field, ObjectDifference, RootDifference
from meshwright.difference.shown import EFFECTS, LAYOUT, SIGNS, both, one_line, remarks, schema_lines, summary

_TONES = {"+": "\x1b[32m", "-": "\x1b[31m", "~": "\x1b[33m", ">": "\x1b[36m"}
_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_WIDTH = 80
_SCHEMA_FIELDS = 4


def render(difference: Difference, *, colour: bool = False) -> str:
    """The whole difference, ending with a line break."""
    return "\n".join(_lines(difference, colour)) + "\n"


def _lines(difference: Difference, colour: bool) -> Iterator[str]:
    for root in difference.roots:
        yield _heading(root, colour)
        for item in root.objects:
            yield from _object(item, colour)
        yield ""
    if difference.not_compared:
        yield "not compared:"
        for missing in difference.not_compared:
            line = f"  {missing.subject} ({missing.side}): {missing.reason}"
            yield f"{_DIM}{line}{_OFF}" if colour else line
        yield ""
    yield summary(difference)


def _heading(root: RootDifference, colour: bool) -> str:
    title = f"{_BOLD}{root.title}{_OFF}" if colour else root.title
    where = ", ".join(part for part in (root.path if root.path != root.name else "", root.cluster) if part)
    word = "" if root.change is Change.CHANGED else f": {root.change.value}"
    return f"{title}{f' ({where})' if where else ''}{word}"


def _object(item: ObjectDifference, colour: bool) -> Iterator[str]:
    said = "; ".join(remarks(item))
    line = f"  {SIGNS[item.change]} {item.title}{f': {said}' if said else ''}"
    yield _toned(line, SIGNS[item.change], colour)
    for field in item.fields:
        yield from _field(field, colour)
    for text in schema_lines(item.schemas, _SCHEMA_FIELDS):
        yield f"      {text}"
    for follower in item.followers:
        effect = f", which {EFFECTS[follower.effect]}" if follower.effect else ""
        yield f"      followed by {follower.title}{effect}"


def _field(field: Field, colour: bool) -> Iterator[str]:
    title, (old, new) = field.title, both(field, _WIDTH)
    sign = SIGNS[field.change]
    if field.hidden:
        yield _toned(f"      {title}: {field.change.value} (secret)", sign, colour)
    elif field.layout:
        yield f"      {title}: {LAYOUT}"
    elif field.change is Change.ADDED:
        yield _toned(f"    + {title}: {new}", sign, colour)
    elif field.change is Change.REMOVED:
        yield _toned(f"    - {title}: {old}", sign, colour)
    elif field.change is Change.REORDERED:
        yield f"      {title}: order {one_line(field.old, _WIDTH)} -> {one_line(field.new, _WIDTH)}"
    elif len(title) + len(old) + len(new) > _WIDTH + 20:
        yield f"      {title}:"
        yield _toned(f"        - {old}", "-", colour)
        yield _toned(f"        + {new}", "+", colour)
    else:
        yield f"      {title}: {old} -> {new}"


def _toned(line: str, sign: str, colour: bool) -> str:
    return f"{_TONES[sign]}{line}{_OFF}" if colour else line
