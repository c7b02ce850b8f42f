"""Finds the repository that a command is about, from any folder inside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.git.checkout import NotACheckout, find_top
from meshwright.printing import note

ANSWERS = ".copier-answers.yml"
# A repository in a folder of a larger checkout is marked by one of these at its top.
_CONFIGURATION = (".meshwright.yaml", ".meshwright-baseline.json")
# Looking for repositories below a folder: levels, and folders in total.
_LEVELS, _MOST = 3, 2000
_SHOWN = 5


def find_root(start: Path, *, generated: bool, answers: str = ANSWERS) -> Path:
    """The repository that contains ``start``; ``start`` itself if it is the repository or there is none.

    It is the nearest folder with the answers file. Without one, and unless it must be ``generated``, it is
    the nearest with Meshwright's configuration, or else the top of the Git checkout, where the search ends.
    Raises MeshwrightError if there is no repository and some lie below.
    """
    folder = Path(os.path.realpath(start))
    if not folder.is_dir():
        return start
    top = _top(folder)
    upwards = [place for place in (folder, *folder.parents) if top is None or place.is_relative_to(top)]
    wanted = ((answers,),) if generated else ((answers,), _CONFIGURATION)
    for names in wanted:
        for place in upwards:
            if any((place / name).is_file() for name in names):
                return _named(start, folder, place)
    if generated or top is None:
        _refuse_above(start, folder, answers, generated=generated)
        return start
    return _named(start, folder, top)


def _top(folder: Path) -> Path | None:
    try:
        return find_top(folder)
    except NotACheckout:
        return None
    except MeshwrightError:
        # A bare repository on the way up: git is not asked, and no other folder is taken.
        return folder


def _named(start: Path, folder: Path, root: Path) -> Path:
    """The path as short as the user would write it, with a note if it is not where they are."""
    if root == folder:
        return start
    note(f"repository: {root}")
    return Path(os.path.relpath(root))


def _refuse_above(start: Path, folder: Path, answers: str, *, generated: bool) -> None:
    names = (answers,) if generated else (answers, ".git")
    below = sorted(_below(folder, names))
    if not below:
        return
    shown = ", ".join(below[:_SHOWN]) + (f" and {len(below) - _SHOWN} more" if len(below) > _SHOWN else "")
    what = "not a generated repository" if generated else "not a repository"
    raise MeshwrightError(
        f"{start}: {what}, but there are some below: {shown}; choose one, such as -C {start / below[0]}"
    )


def _below(folder: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Repositories below ``folder``, as paths from it; none of them is looked into."""
    pending, looked = [("", 0)], 0
    while pending and looked < _MOST:
        path, level = pending.pop(0)
        looked += 1
        if path and any(os.path.lexists(folder / path / name) for name in names):
            yield path
            continue
        if level < _LEVELS:
            pending += [(f"{path}/{name}".lstrip("/"), level + 1) for name in _folders(folder / path)]


def _folders(place: Path) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            )
    except OSError:
        return []
