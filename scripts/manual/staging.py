"""A copy of docs/ for the site: links to files outside docs/ lead to the public repository."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

PUBLIC = "https://github.com/meshwright/meshwright"
_LINK = re.compile(r"(\]\()((?!https?:|#|mailto:)[^)\s#]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^ *(```|~~~)")


def stage(root: Path, target: Path) -> list[str]:
    """Copy docs/ of the checkout ``root`` to ``target``; one line for each link to a missing file."""
    docs = root / "docs"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(docs, target)
    faults: list[str] = []
    for page in sorted(target.rglob("*.md")):
        source = docs / page.relative_to(target)
        lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
        page.write_text("".join(_outward(lines, source, root, faults)), encoding="utf-8")
    return faults


def _outward(lines: list[str], page: Path, root: Path, faults: list[str]) -> list[str]:
    is_code = False
    written = []
    for number, line in enumerate(lines, start=1):
        if _FENCE.match(line):
            is_code = not is_code

        def link(match: re.Match[str], number: int = number) -> str:
            path = Path(os.path.normpath(page.parent / match[2]))
            if not path.exists():
                faults.append(f"{page.relative_to(root)}:{number}: {match[2]} does not exist")
            if path.is_relative_to(root / "docs") or not path.is_relative_to(root):
                return match[0]
            kind = "tree" if path.is_dir() else "blob"
            return f"{match[1]}{PUBLIC}/{kind}/main/{path.relative_to(root).as_posix()}{match[3] or ''})"

        written.append(line if is_code else _LINK.sub(link, line))
    return written
