"""Reads and validates the plan of an interrupted update in the Git directory.

The Git directory may come from a stranger, so a plan is not trusted: its paths are relative to the checkout
that git reports, stay inside it, and must not pass through a link.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meshwright.git.paths import is_plain, parents
from meshwright.jsontext import parse_json

FOLDER = "meshwright-update"
PLAN = "plan.json"
INDEX = "index"
_FORMAT = 2
_MOST = 64 * 2**20


class Refused(Exception):
    """Nothing was changed; the message is the reason."""


@dataclass(frozen=True)
class Plan:
    """Paths relative to the top; file ``n`` beside the plan is the new content of the n-th ``written`` path.

    ``head`` is the commit that the update is based on.
    """

    head: str
    removed: tuple[str, ...]
    written: tuple[str, ...]


def write_plan(place: Path, plan: Plan) -> Path:
    """Write a plan to a temporary file and return its path; renaming it to PLAN commits the update."""
    temporary = place / f"{PLAN}.new"
    temporary.write_text(json.dumps({"format": _FORMAT, **asdict(plan)}), encoding="utf-8")
    return temporary


def read_plan(place: Path, top: Path) -> Plan:
    """The plan in ``place`` for the checkout at ``top``. Raises Refused if it is not valid, and OSError."""
    if place.is_symlink() or not _is_regular(place / PLAN) or (place / PLAN).stat().st_size > _MOST:
        raise _foreign(place, "it is not a regular file")
    try:
        data = parse_json((place / PLAN).read_text(encoding="utf-8"))
    except ValueError:
        raise _foreign(place, "it is not JSON") from None
    plan = _decoded(data)
    if plan is None:
        raise _foreign(place, "it has other fields")
    for path in (*plan.removed, *plan.written):
        if not is_plain(path) or "\0" in path:
            raise _foreign(place, f"it names {path!r}, which is outside the checkout")
        if any((top / parent).is_symlink() for parent in parents(path)):
            raise _foreign(place, f"the path {path!r} passes through a symbolic link")
    if os.path.lexists(place / INDEX) and not _is_regular(place / INDEX):
        raise _foreign(place, "its index is not a regular file")
    for number, path in enumerate(plan.written):
        if not _is_harmless(place / str(number), path):
            raise _foreign(place, f"its content for {path!r} is not a regular file")
    return plan


def _decoded(data: Any) -> Plan | None:
    if not isinstance(data, dict) or set(data) != {"format", "head", "removed", "written"}:
        return None
    lists = (data["removed"], data["written"])
    if data["format"] != _FORMAT or not isinstance(data["head"], str):
        return None
    if not all(isinstance(paths, list) and all(isinstance(path, str) for path in paths) for paths in lists):
        return None
    return Plan(data["head"], *(tuple(paths) for paths in lists))


def _is_regular(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except OSError:
        return False


def _is_harmless(staged: Path, path: str) -> bool:
    """Whether a staged file is regular, already in place, or a link that stays in the checkout."""
    if not os.path.lexists(staged) or _is_regular(staged):
        return True
    if not staged.is_symlink():
        return False
    target = staged.readlink()
    ended = os.path.normpath(Path(path).parent / target)
    return not target.is_absolute() and (ended == "." or is_plain(ended))


def _foreign(place: Path, why: str) -> Refused:
    return Refused(f"{place / PLAN} was not written by Meshwright: {why}; inspect it, and remove {place}")
