"""Which checkout a folder belongs to, found as git finds it, and refused where git would be led astray."""

from __future__ import annotations

import os
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.tools.files import read_small

_POINTER = "gitdir:"
# A .git file holds one path.
_MOST = 65_536


class NotACheckout(MeshwrightError):
    """The folder is in no Git checkout."""


class Embedded(MeshwrightError):
    """A Git repository that came with the files, or one that leads to files elsewhere."""


def find_top(folder: Path) -> Path:
    """The folder of the checkout that ``folder``, a real path, is part of: the one that has the ``.git``.

    Raises NotACheckout, and Embedded when git would take a folder on the way for a bare repository.
    """
    for place in (folder, *folder.parents):
        # Even beside a .git: were that one broken, git would go on with the folder itself.
        if _is_bare(place):
            raise Embedded(
                f"{place}: a bare Git repository (HEAD, objects, refs), whose settings may be anybody's: "
                "clone it and name the clone, or remove it"
            )
        if _is_git(place / ".git"):
            return place
    raise NotACheckout(f"{folder}: not in a Git checkout")


def git_dir_of(top: Path) -> Path:
    """Where the checkout at ``top`` keeps its state: its ``.git``, or the folder that this file names."""
    place = top / ".git"
    if not place.is_file():
        return place
    try:
        with place.open("rb") as file:
            text = os.fsdecode(file.read(_MOST))
    except OSError:
        # git will say why.
        return place
    return Path(os.path.normpath(top / text.removeprefix(_POINTER).strip()))


def common_dir_of(git_dir: Path) -> Path:
    """What linked work trees share; of any other checkout its git directory itself."""
    try:
        told = os.fsdecode(read_small(git_dir / "commondir")).strip()
    except OSError:
        return git_dir
    return Path(os.path.normpath(git_dir / told))


def _is_git(place: Path) -> bool:
    # git goes on upwards from a folder .git that is no repository, and stops at a file.
    return place.is_file() or _is_bare(place)


def _is_bare(folder: Path) -> bool:
    """Whether git would take a folder for a repository, or nearly: rather once too often."""
    if not os.path.lexists(folder / "HEAD"):
        return False
    return (folder / "commondir").is_file() or ((folder / "objects").is_dir() and (folder / "refs").is_dir())
