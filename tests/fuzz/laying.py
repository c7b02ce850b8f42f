"""Writes of the fuzzing itself: below the repository alone, whatever links were made there before."""

from __future__ import annotations

import os
from pathlib import Path


def lay(
    root: Path, path: str | Path, content: str | bytes, *, program: bool = False, behind: bool = False
) -> Path:
    """Write a file below ``root``; a link or pipe in its place goes. ``behind`` adds to what is there.

    Raises OSError where a folder on the way leads out, or there is no room for one.
    """
    file = root / path
    if not Path(os.path.realpath(file.parent)).is_relative_to(root.resolve()):
        raise PermissionError(f"{file}: leads out of the repository")
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_symlink() or (file.exists() and not file.is_file()):
        file.unlink()
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    file.write_bytes((file.read_bytes() if behind and file.exists() else b"") + raw)
    if program:
        file.chmod(0o755)
    return file
