"""The template that an installed Meshwright carries: what needs no newer version works offline."""

from __future__ import annotations

from pathlib import Path

from meshwright import __version__
from meshwright.errors import MeshwrightError
from meshwright.git.gitpython import Git
from meshwright.resources import data_root, is_installed
from meshwright.scaffold import PUBLISHED_SOURCE
from meshwright.update.templaterepository import Template, fetch_template, full_url

_RELEASE = f"v{__version__}"


def recorded_template(source: str, commit: str, scratch: Path, *, here: Path) -> Template:
    """The template at ``source`` as ``fetch_template`` gives it; ``commit`` is the version that is recorded.

    If the public template cannot be reached and this release of Meshwright is the recorded version, it is the
    template in this package. Raises MeshwrightError if neither is there.
    """
    try:
        return fetch_template(source, scratch, here=here)
    except MeshwrightError as error:
        if not is_installed() or full_url(source) != PUBLISHED_SOURCE or commit != _RELEASE:
            raise
        reason = str(error).partition("; ")[0]
        return Template(source, _repository(scratch), f"{reason}; ", "the one that this Meshwright carries")


def _repository(scratch: Path) -> Path:
    """The files of the template, committed and tagged as their release."""
    folder = scratch / "carried.git"
    Git(scratch)("init", "--quiet", "--bare", folder)
    git = Git.bare(folder, (("core.autocrlf", "false"),)).with_environment(
        GIT_WORK_TREE=str(data_root()), GIT_INDEX_FILE=str(scratch / "carried.index")
    )
    git("add", "--force", "--", "copier.yml", "template")
    git("tag", _RELEASE, git("commit-tree", git("write-tree"), "-m", _RELEASE))
    return folder
