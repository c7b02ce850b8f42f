"""The cases under cases/: a whole object for each check; by case what differs and what is expected."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from argocd.health.sandbox import Check
from meshwright.resources import includes_root

# The keys and indexes that lead to a place inside an object.
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Case:
    """An object and what the check must say about it: a status and a part of the message."""

    check: str
    name: str
    manifest: dict[str, Any]
    status: str
    message: str


def check_files() -> dict[str, Path]:
    """Name -> file of every health check."""
    return {path.stem: path for path in sorted((includes_root() / "argocd" / "health").glob("*.lua"))}


@cache
def source(check: str) -> str:
    """The text of a check, as it goes into argocd-cm."""
    return check_files()[check].read_text(encoding="utf-8")


@cache
def compiled(check: str) -> Check:
    """The check, ready to run."""
    return Check(source(check))


@cache
def cases(check: str) -> tuple[Case, ...]:
    """The cases of one check, in the order of the file."""
    file = Path(__file__).parent / "cases" / f"{check}.yml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(
        Case(
            check,
            case["name"],
            merged(data["base"], case.get("patch", {})),
            case["status"],
            case["message"],
        )
        for case in data["cases"]
    )


def all_cases() -> list[Case]:
    """Every case of every check."""
    return [case for check in check_files() for case in cases(check)]


def merged(base: Any, patch: Any) -> Any:
    """`base` after a JSON merge patch: null deletes, lists are replaced."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def paths(value: Any, prefix: Place = ()) -> Iterator[Place]:
    """The place of everything inside `value`, outermost first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*prefix, key)
        yield from paths(item, (*prefix, key))


def at(value: Any, path: Place) -> Any:
    """What stands at `path`."""
    for key in path:
        value = value[key]
    return value
