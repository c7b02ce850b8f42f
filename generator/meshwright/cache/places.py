"""Where this user's own files lie, and that no repository can lay its own there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from meshwright.errors import MeshwrightError

VARIABLE = "MESHWRIGHT_CACHE"
_STATE_VARIABLE = "XDG_STATE_HOME"


def cache_root() -> Path:
    """The cache's folder: MESHWRIGHT_CACHE, or the user's cache folder; it need not exist yet.

    Raises MeshwrightError when it lies inside a Git checkout, or when there is no home folder.
    """
    told = os.environ.get(VARIABLE)
    if told:
        return _outside(_absolute(told), VARIABLE, told=True)
    import platformdirs

    return _outside(_of_the_user(platformdirs.user_cache_dir, VARIABLE), VARIABLE, told=False)


def charts_in_cache() -> Path:
    """The folder of charts in the cache; it need not exist. Raises as ``cache_root`` does."""
    return cache_root() / "charts"


def state_root() -> Path:
    """The folder for what only this machine can know; it need not exist. Raises as ``cache_root`` does."""
    import platformdirs

    return _outside(_of_the_user(platformdirs.user_state_dir, _STATE_VARIABLE), _STATE_VARIABLE, told=False)


def checkout_of(path: Path) -> Path | None:
    """The Git checkout that a path lies in, as it is written or as its links lead; None outside of all."""
    for folder in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):  # noqa: PTH100
        while True:
            if os.path.lexists(os.path.join(folder, ".git")):  # noqa: PTH118 - asked for several times a command
                return Path(folder)
            parent = os.path.dirname(folder)  # noqa: PTH120
            if parent == folder:
                break
            folder = parent
    return None


def looked_at() -> Path | None:
    """The Git checkout that the user stands in; None outside of all, or when it holds the home folder."""
    try:
        top = checkout_of(Path.cwd())
    except OSError:
        return None
    return None if top is None or _holds_home(top) else top


def _absolute(told: str) -> Path:
    try:
        return Path(told).expanduser().absolute()
    except (RuntimeError, OSError):
        raise MeshwrightError(
            f"{VARIABLE} is {told!r}, and there is no such home or current folder; set it to an absolute path"
        ) from None


def _of_the_user(place: Callable[..., str], variable: str) -> Path:
    """What platformdirs says; where there is no home it raises, or used to give a relative path."""
    try:
        folder = Path(place("meshwright", appauthor=False))
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():
        raise MeshwrightError(f"there is no home folder: set HOME, or set {variable} to a folder")
    return folder


def _outside(folder: Path, variable: str, *, told: bool) -> Path:
    """``folder``, unless a repository could fill it."""
    top = checkout_of(folder)
    # A home folder that is a checkout, for its dotfiles, is the user's own; one that CI invents is not.
    if top is None or (not told and _holds_home(top)):
        return folder
    source = f"{VARIABLE} names {folder}" if told else f"{folder}, where Meshwright would keep its files"
    raise MeshwrightError(
        f"{source}{', which' if told else ','} lies inside the Git checkout {top}, where a repository "
        f"could bring its own tools; set {variable} to a folder outside, such as $RUNNER_TEMP/meshwright"
    )


def _holds_home(top: Path) -> bool:
    """Whether the user's home, as the system and not the environment says, is in that folder."""
    try:
        import pwd

        home = pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        return False
    return Path(os.path.realpath(home)).is_relative_to(os.path.realpath(top))
