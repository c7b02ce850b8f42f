"""Finds the checkout of a folder as git does, and refuses folders that git would mistake for a repository."""

from __future__ import annotations

import os
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.reading import read_small

_POINTER = "gitdir:"
# A .git file contains one path.
_MOST = 65_536


class NotACheckout(MeshwrightError):
    """The folder is not in a Git checkout."""


class Embedded(MeshwrightError):
    """A Git repository among the files, or one whose work tree is elsewhere."""


def find_top(folder: Path) -> Path:
    """The top folder (with the ``.git``) of the checkout that contains ``folder``, a real path.

    Raises NotACheckout, or Embedded if git would treat a folder on the way up as a bare repository.
    """
    for place in (folder, *folder.parents):
        # Even beside a .git, because git uses the folder itself if that .git is broken.
        if _is_bare(place):
            raise Embedded(
                f"{place}: a bare Git repository (HEAD, objects, refs) may contain untrusted configuration: "
                "clone it and pass the path of the clone, or remove it"
            )
        if _is_git(place / ".git"):
            return place
    raise NotACheckout(f"{folder}: not in a Git checkout")


def git_dir_of(top: Path) -> Path:
    """The Git directory of the checkout at ``top``: its ``.git`` folder, or the folder named in that file."""
    place = top / ".git"
    if not place.is_file():
        return place
    try:
        with place.open("rb") as file:
            text = os.fsdecode(file.read(_MOST))
    except OSError:
        # git reports the reason.
        return place
    return Path(os.path.normpath(top / text.removeprefix(_POINTER).strip()))


def common_dir_of(git_dir: Path) -> Path:
    """The common directory of linked work trees; for other checkouts the Git directory itself."""
    try:
        told = os.fsdecode(read_small(git_dir / "commondir")).strip()
    except OSError:
        return git_dir
    return Path(os.path.normpath(git_dir / told))


def _is_git(place: Path) -> bool:
    # git continues upwards from a .git folder that is not a repository, but stops at a .git file.
    return place.is_file() or _is_bare(place)


def _is_bare(folder: Path) -> bool:
    """Whether git might treat a folder as a repository; in doubt True."""
    if not os.path.lexists(folder / "HEAD"):
        return False
    return (folder / "commondir").is_file() or ((folder / "objects").is_dir() and (folder / "refs").is_dir())
