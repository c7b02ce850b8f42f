"""Mutations that keep a YAML file's text, comments too, and change what stands in one place of it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from fuzz.values import ANY_ENTRIES, ENTRIES, PATHS, VALUES

_LARGE = 200_000
_DEEPEST = 500
_MOST = 20_000
_PATH_KEYS = re.compile(
    r"(?i)path|files?|url|resources|components|repo|chart|bases|patches|crds|configurations|ref$|folder|dir"
)


class _Loader(yaml.CSafeLoader):
    """Raises RecursionError before the C stack is full: earlier mutations make documents of any depth."""

    _depth = 0

    # PyYAML calls these two around each node.
    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RecursionError

    def ascend_resolver(self) -> None:
        self._depth -= 1


@dataclass(frozen=True)
class Spot:
    """A node of a file, from character ``start`` to ``end``, as the value of ``key`` or in a list of it."""

    start: int
    end: int
    key: str
    kind: str
    is_key: bool
    entry_start: int
    is_flow: bool


def mutate_text(rng: random.Random, file: Path, others: list[Path], places: Mapping[str, str]) -> str:
    """Change one place, or a few, of a YAML file; returns what was done, "" for nothing.

    ``others`` are files that a value may come from; ``places`` is what stands for the marks of values.
    """
    text = _read(file)
    found = spots(text)
    if not found:
        return ""
    change = rng.choices((_replace, _insert, _delete, _twice, _key, _swap, _document), (9, 5, 2, 2, 2, 2, 1))[
        0
    ]
    changed = change(rng, text, found, file, others)
    if changed == text:
        return ""
    for mark, place in places.items():
        changed = changed.replace(mark, place)
    # Half of an escape is what a hostile file may hold too.
    file.write_bytes(changed.encode("utf-8", "surrogatepass"))
    return change.__name__


def spots(text: str) -> list[Spot]:
    """Every node of every document; none when it is no YAML, or too much."""
    if len(text) > _LARGE:
        return []
    found: list[Spot] = []
    try:
        for node in yaml.compose_all(text, _Loader):
            # Aliases that an earlier mutation made can stand for billions.
            found += islice(_below(node, "", 0, node.start_mark.index if node else 0), _MOST)
    except (yaml.YAMLError, ValueError, RecursionError):
        return found
    return found


def _below(node: yaml.Node | None, key: str, depth: int, entry: int) -> Iterator[Spot]:
    if node is None or depth > 40:
        return
    start, end = node.start_mark.index, node.end_mark.index
    flow = bool(getattr(node, "flow_style", True))
    # Each kind of node has its name, which the stubs of their base lack.
    yield Spot(start, end, key, str(getattr(node, "id")), False, entry, flow)  # noqa: B009
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            at, ends = name.start_mark.index, name.end_mark.index
            yield Spot(at, ends, key, "key", True, at, flow)
            yield from _below(value, str(name.value) if name.id == "scalar" else "", depth + 1, at)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _below(item, key, depth + 1, item.start_mark.index)


def _read(file: Path) -> str:
    try:
        return file.read_bytes()[: _LARGE + 1].decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _ended(text: str, start: int, end: int) -> int:
    """Where a node of block style really ends: its mark stands before the next one."""
    return start + len(text[start:end].rstrip())


def _replace(rng: random.Random, text: str, found: list[Spot], _file: Path, _: list[Path]) -> str:
    for spot in sorted(
        rng.sample(found, min(len(found), rng.choice((1, 1, 1, 2, 4)))), key=lambda s: -s.start
    ):
        if spot.kind == "mapping" and rng.random() < 0.7:
            continue
        pool = PATHS if _PATH_KEYS.search(spot.key) and rng.random() < 0.6 else VALUES
        value = rng.choice(pool)
        text = text[: spot.start] + value + text[_ended(text, spot.start, spot.end) :]
    return text


def _insert(rng: random.Random, text: str, found: list[Spot], file: Path, _: list[Path]) -> str:
    mappings = [spot for spot in found if spot.kind == "mapping"]
    if not mappings:
        return text
    known = [spot for spot in mappings if _group(spot, file) in ENTRIES]
    spot = rng.choice(known if known and rng.random() < 0.8 else mappings)
    entries = ENTRIES.get(_group(spot, file), ANY_ENTRIES) if rng.random() < 0.85 else ANY_ENTRIES
    entry = rng.choice(entries)
    if spot.is_flow:
        return f"{text[: spot.start + 1]}{entry}, {text[spot.start + 1 :]}"
    column = spot.start - (text.rfind("\n", 0, spot.start) + 1)
    return f"{text[: spot.start]}{entry}\n{' ' * column}{text[spot.start :]}"


def _group(spot: Spot, file: Path) -> str:
    if spot.key:
        return spot.key
    return file.stem.lower() if file.stem.lower() in ("kustomization", "mesh") else ""


def _delete(rng: random.Random, text: str, found: list[Spot], *_: object) -> str:
    spot = rng.choice(found)
    return text[: spot.entry_start] + text[_ended(text, spot.start, spot.end) :]


def _twice(rng: random.Random, text: str, found: list[Spot], *_: object) -> str:
    spot = rng.choice(found)
    ended = _ended(text, spot.start, spot.end)
    entry = text[spot.entry_start : ended]
    line = text.rfind("\n", 0, spot.entry_start) + 1
    between = ", " if "{" in text[line : spot.entry_start] else "\n" + " " * (spot.entry_start - line)
    if text[line : spot.entry_start].strip() == "-":
        between = "\n" + text[line : spot.entry_start]
    return text[:ended] + between + entry + text[ended:]


def _key(rng: random.Random, text: str, found: list[Spot], *_: object) -> str:
    keys = [spot for spot in found if spot.is_key]
    if not keys:
        return text
    spot = rng.choice(keys)
    old = text[spot.start : spot.end]
    new = rng.choice(
        (old.upper(), old.capitalize(), old.swapcase(), old + "x", old[:-1], f'"{old}"', '""', "~", "1")
    )
    return text[: spot.start] + rng.choice((new, new, rng.choice(VALUES))) + text[spot.end :]


def _swap(rng: random.Random, text: str, found: list[Spot], _file: Path, others: list[Path]) -> str:
    """A value of this file, or of another one, in the place of one here."""
    spot = rng.choice(found)
    source = _read(rng.choice(others)) if rng.random() < 0.5 else text
    donors = [donor for donor in spots(source) if donor.is_flow or donor.kind == "scalar"]
    if not donors:
        return text
    donor = rng.choice(donors)
    value = source[donor.start : donor.end]
    return text[: spot.start] + value + text[_ended(text, spot.start, spot.end) :]


def _document(rng: random.Random, text: str, _: list[Spot], _file: Path, others: list[Path]) -> str:
    """A whole document of another file behind this one, or this one many times."""
    if rng.random() < 0.3:
        return f"{text}\n---\n" * rng.choice((2, 3, 60))
    source = _read(rng.choice(others))
    return f"{text}\n---\n{rng.choice(re.split(r'(?m)^---$', source))}"
