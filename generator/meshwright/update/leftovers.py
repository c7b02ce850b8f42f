"""Removes generated files from the places where an older Meshwright wrote them.

Before repositories could have several clusters, the overlay of an application was in ``mesh/apps/<app>/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshwright.apps.existing import OVERLAYS
from meshwright.apps.header import generated_from, is_untouched
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import SIZE_LIMIT


def remove_leftovers(root: Path) -> tuple[Finding, ...]:
    """Remove the old overlay of each application that has been generated elsewhere.

    Returns an error for each file in one that was edited by hand; nothing is removed then.
    """
    old = list(_leftovers(root))
    edited = [
        _edited(path.relative_to(root).as_posix(), new) for path, untouched, new in old if not untouched
    ]
    if edited:
        return tuple(edited)
    for path, _, _ in old:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return ()


def _leftovers(root: Path) -> Iterator[tuple[Path, bool, str]]:
    """The files, whether they are as generated, and the folder of today's overlay."""
    overlays = root / OVERLAYS
    for folder in sorted(overlays.iterdir()) if overlays.is_dir() else ():
        if folder.is_symlink() or not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if path.is_symlink() or not path.is_file() or path.stat().st_size > SIZE_LIMIT:
                continue
            text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
            app = generated_from(text)
            if app == folder.name and (new := _overlay(overlays, app)):
                yield path, is_untouched(text), new


def _overlay(overlays: Path, app: str) -> str:
    """The overlay of ``app`` on a cluster; empty if it has none."""
    found = (cluster.name for cluster in sorted(overlays.iterdir()) if (cluster / app).is_dir())
    return next((f"{OVERLAYS}/{cluster}/{app}" for cluster in found), "")


def _edited(path: str, new: str) -> Finding:
    return Finding(
        "generate/edited",
        Position(path, 1, 1),
        f"edited by hand since it was generated, and {new} replaces it",
        "move the edit into mesh.yaml (patches), delete the file, and commit both",
    )
