"""Puts a new repository under Git, with a first commit in the user's name."""

from __future__ import annotations

from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.git.checkout import NotACheckout, find_top
from meshwright.git.gitpython import Git, require_git

_MESSAGE = "Create the repository with meshwright new"


def surrounding_checkout(folder: Path) -> Path | None:
    """The checkout that the folder lies in, without one of its own; None if there is none."""
    real = folder.resolve()
    try:
        top = find_top(real)
    except NotACheckout:
        return None
    except MeshwrightError:
        return real.parent
    return None if top == real else top


def commit_all(folder: Path, branch: str) -> str:
    """Make the folder a repository on ``branch`` if it is none yet, and commit everything; the commit's hash.

    Runs no program that Git's configuration names: no hook, no filter, no signing. Raises MeshwrightError.
    """
    require_git()
    place = {"GIT_CEILING_DIRECTORIES": str(folder.resolve().parent)}
    git = Git(folder, place)
    author = {key: git.run("config", f"user.{key}").text for key in ("name", "email")}
    if not all(author.values()):
        raise MeshwrightError(
            "git does not know your name: git config --global user.name NAME && "
            "git config --global user.email ADDRESS"
        )
    if not (folder / ".git").exists():
        git("init", "--quiet", f"--initial-branch={branch}")
    settings = (*git.filters_off(), ("commit.gpgSign", "false"))
    named = {
        f"GIT_{role}_{key.upper()}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in author.items()
    }
    git = Git(folder, {**place, **named}, settings)
    git("add", "--all")
    git("commit", "--quiet", "--no-verify", f"--message={_MESSAGE}")
    return git("rev-parse", "--short", "HEAD")
