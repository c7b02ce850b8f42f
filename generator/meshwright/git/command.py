"""Builds every git command: git from PATH, settings that run no other program, and a clean environment.

A repository and its ``.git`` folder may come from a stranger. Programs that it configures never run, and only
the function that fetches a template may use the network.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from meshwright.cache.places import looked_at
from meshwright.errors import MeshwrightError
from meshwright.systems import SUFFIX

# Each overrides every configuration file. The repository's own file may name programs for most of them.
SETTINGS = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    ("core.editor", "false"),
    ("diff.external", ""),
    ("log.showSignature", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    # The inspected files may contain a folder that looks like a bare repository.
    ("safe.bareRepository", "explicit"),
)
_ALWAYS = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# Only these of git's variables stay: all others select another repository, run a program, or print.
_KEPT = (
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_ATTR_NOSYSTEM",
    "GIT_EXEC_PATH",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)
_KEPT_TO_FETCH = ("GIT_SSH", "GIT_ASKPASS", "GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_")
_PROTOCOLS = ("file", "git", "http", "https", "ssh")
_NO_PROTOCOL = "none"


class MissingGit(MeshwrightError):
    """No git on PATH outside the inspected checkout."""

    def __init__(self) -> None:
        super().__init__("install git: it is not on PATH, and is needed to read commits")


def program() -> str:
    """The path of git. Raises MissingGit."""
    for folder in _own_folders(os.environ.get("PATH", "")):
        found = os.path.join(folder, f"git{SUFFIX}")  # noqa: PTH118 - looked up for each command
        if os.path.isfile(found) and os.access(found, os.X_OK):  # noqa: PTH113
            return found
    raise MissingGit


def command(*arguments: str | Path, settings: Iterable[tuple[str, str]] = ()) -> list[str]:
    """The arguments of a git command; ``settings`` are further keys and values. Raises MissingGit."""
    words = [program()]
    for key, value in (*SETTINGS, *settings):
        words += ["-c", f"{key}={value}"]
    return [*words, *map(str, arguments)]


def environment(*, fetches: bool = False) -> dict[str, str]:
    """The user's environment without the variables that would redirect git.

    Nothing can be fetched unless ``fetches``; then the protocols that git allows by default are open, or
    fewer if the user's GIT_ALLOW_PROTOCOL restricts them.
    """
    kept = (*_KEPT, *_KEPT_TO_FETCH) if fetches else _KEPT
    found = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(kept)
    }
    found["PATH"] = os.pathsep.join(_own_folders(found.get("PATH", "")))
    protocols = _NO_PROTOCOL
    if fetches:
        allowed = os.environ.get("GIT_ALLOW_PROTOCOL")
        own = _PROTOCOLS if allowed is None else allowed.split(":")
        protocols = ":".join(name for name in _PROTOCOLS if name in own) or _NO_PROTOCOL
    else:
        found["GIT_NO_LAZY_FETCH"] = "1"
    return {**found, **_ALWAYS, "GIT_ALLOW_PROTOCOL": protocols}


def environment_for_others(settings: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """The environment for a program that itself runs git, limited to local folders.

    Submodules of what it clones are not fetched, not even from a local folder.
    """
    found = environment()
    # The variable would also allow submodules in local folders, which git forbids by default.
    del found["GIT_ALLOW_PROTOCOL"]
    closed = [(f"protocol.{name}.allow", "never") for name in (*_PROTOCOLS, "ext", "fd") if name != "file"]
    local = [("protocol.allow", "never"), *closed, ("protocol.file.allow", "user")]
    return configured(found, (*SETTINGS, *settings, *local))


def configured(environment: Mapping[str, str], settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """``environment`` with settings appended to its own: the last one wins."""
    found = dict(environment)
    count = found.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isascii() and count.isdecimal() else 0
    for number, (key, value) in enumerate(settings, first):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        found[f"GIT_CONFIG_VALUE_{number}"] = value
        found["GIT_CONFIG_COUNT"] = str(number + 1)
    return found


def _own_folders(path: str) -> list[str]:
    """The absolute folders of a PATH outside the checkout: a repository must not provide its own git."""
    top = looked_at()
    folders = [folder for folder in path.split(os.pathsep) if os.path.isabs(folder)]  # noqa: PTH117
    if top is None:
        return folders
    inside = os.path.realpath(top)
    return [folder for folder in folders if not Path(os.path.realpath(folder)).is_relative_to(inside)]
