"""Asks whether files are to be written for applications, and writes them all or none."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.printing import tell, terminal


def mesh_file_last(paths: Iterable[str]) -> list[str]:
    """The paths, sorted, with each mesh.yaml at the end: without it, other files are not an application."""
    return sorted(paths, key=lambda path: (path.endswith("/mesh.yaml"), path))


def agreed(paths: Iterable[str]) -> bool:
    """Whether the user agrees to write these files. Without a terminal: no, with a message."""
    files = ", ".join(sorted(paths))
    if not (sys.stdin.isatty() and terminal()):
        tell(f"not written ({files}): there is no terminal to ask on; run the command again with --yes\n")
        return False
    question = f"Write {files}? Answer y or n: "
    while True:
        try:
            answer = input(question).strip().lower()
        except EOFError:
            answer = "n"
        if answer in ("y", "yes"):
            return True
        if answer in ("n", "no"):
            tell("nothing is written\n")
            return False


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Write all files or none, each mesh.yaml last. Raises MeshwrightError."""
    from meshwright.apps.writer import locked
    from meshwright.writing import Tree

    with locked(root):
        try:
            Tree(root).add({path: files[path].encode() for path in mesh_file_last(files)})
        except OSError as error:
            raise MeshwrightError(f"{error.filename}: {error.strerror}; nothing is written") from None
