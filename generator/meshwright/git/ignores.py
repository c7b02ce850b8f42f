"""Lists the files outside the tree that decide what Git ignores, without running git."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from meshwright.git.checkout import common_dir_of, git_dir_of

_EXCLUDES = re.compile(r"^\s*excludesfile\s*=\s*\"?([^\"\n]*?)\"?\s*$", re.IGNORECASE | re.MULTILINE)
_MOST = 2**20


def ignore_sources(top: Path) -> Iterator[Path]:
    """The index, ignore lists and configuration files of the checkout at ``top``, existing or not."""
    git_dir = git_dir_of(top)
    common = common_dir_of(git_dir)
    yield git_dir / "index"
    yield common / "info/exclude"
    home = Path(os.environ.get("HOME", "/"))
    own = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git"
    yield own / "ignore"
    told = [
        Path(os.environ[name]) for name in ("GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL") if name in os.environ
    ]
    local = (common / "config", git_dir / "config.worktree")
    for file in (Path("/etc/gitconfig"), own / "config", home / ".gitconfig", *told, *local):
        yield file
        # The user's own files may be links; links in .git may lead to files that must not be read.
        is_linked = file in local and os.path.islink(file)  # noqa: PTH114 - of any length
        text = "" if is_linked else _text(file)
        yield from (_place(value, home, top) for value in _EXCLUDES.findall(text))


def _place(value: str, home: Path, top: Path) -> Path:
    return home / value[2:] if value.startswith("~/") else top / value


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as opened:
            return opened.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""
