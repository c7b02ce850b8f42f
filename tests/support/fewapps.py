"""A repository of a few applications: how many, what is written for the first, and edits of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from meshwright.errors import ExitCode
from support.many_apps import app_name

COUNT = 6
FIRST = f"mesh/apps/home/{app_name(0)}/kustomization.yaml"
WIRING = f"clusters/home/apps/{app_name(0)}.yaml"
Run = Callable[..., tuple[ExitCode, str]]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def states(folder: Path) -> dict[str, tuple[int, int]]:
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}
