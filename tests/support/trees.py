"""Whole trees of files, compared with a diff that a person can read."""

from __future__ import annotations

import difflib
from pathlib import Path


def read_tree(folder: Path) -> dict[str, str]:
    """Path, relative and with '/', to text of every file."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tree_diff(expected: dict[str, str], actual: dict[str, str]) -> str:
    """A unified diff from ``expected`` to ``actual``; empty when they are the same."""
    lines: list[str] = []
    for path in sorted(expected.keys() | actual.keys()):
        before, after = expected.get(path, ""), actual.get(path, "")
        lines += difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
        )
    return "".join(lines)
