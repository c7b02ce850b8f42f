"""The user's cache and state folders, which no repository may provide."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from meshwright.errors import MeshwrightError

VARIABLE = "MESHWRIGHT_CACHE"
_STATE_VARIABLE = "XDG_STATE_HOME"


def cache_root() -> Path:
    """The cache folder: MESHWRIGHT_CACHE, or the user's cache folder; it may not exist yet.

    Raises MeshwrightError if it is inside a Git checkout, or if there is no home folder.
    """
    told = os.environ.get(VARIABLE)
    if told:
        return _outside(_absolute(told), VARIABLE, told=True)
    import platformdirs

    return _outside(_of_the_user(platformdirs.user_cache_dir, VARIABLE), VARIABLE, told=False)


def charts_in_cache() -> Path:
    """The folder of charts in the cache; it may not exist. Raises as ``cache_root`` does."""
    return cache_root() / "charts"


def state_root() -> Path:
    """The folder for facts about this machine; it may not exist. Raises as ``cache_root`` does."""
    import platformdirs

    return _outside(_of_the_user(platformdirs.user_state_dir, _STATE_VARIABLE), _STATE_VARIABLE, told=False)


def checkout_of(path: Path) -> Path | None:
    """The Git checkout that contains a path, before or after resolving its links; None if there is none."""
    for folder in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):  # noqa: PTH100
        while True:
            if os.path.lexists(os.path.join(folder, ".git")):  # noqa: PTH118 - called several times per command
                return Path(folder)
            parent = os.path.dirname(folder)  # noqa: PTH120
            if parent == folder:
                break
            folder = parent
    return None


def looked_at() -> Path | None:
    """The Git checkout of the current folder; None if there is none, or if it contains the home folder."""
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
            f"{VARIABLE} is {told!r}, but the home or current folder does not exist; use an absolute path"
        ) from None


def _of_the_user(place: Callable[..., str], variable: str) -> Path:
    """The folder of platformdirs; without a home folder, it raises or, in older versions, is relative."""
    try:
        folder = Path(place("meshwright", appauthor=False))
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():
        raise MeshwrightError(f"there is no home folder; set HOME, or set {variable} to a folder")
    return folder


def _outside(folder: Path, variable: str, *, told: bool) -> Path:
    """``folder``, unless a repository could provide it."""
    top = checkout_of(folder)
    # A home folder may be a checkout of dotfiles; one that only the environment names is not trusted.
    if top is None or (not told and _holds_home(top)):
        return folder
    source = f"{VARIABLE} is {folder}, which" if told else f"{folder}, the folder for Meshwright's files,"
    raise MeshwrightError(
        f"{source} is inside the Git checkout {top}, where a repository could provide its own tools; "
        f"set {variable} to a folder outside, such as $RUNNER_TEMP/meshwright"
    )


def _holds_home(top: Path) -> bool:
    """Whether that folder contains the user's home, according to the system and not the environment."""
    try:
        import pwd

        home = pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        return False
    return Path(os.path.realpath(home)).is_relative_to(os.path.realpath(top))
