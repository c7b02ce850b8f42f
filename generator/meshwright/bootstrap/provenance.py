"""What a repository records about the template that this package carries, so that updates find it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from meshwright import __version__
from meshwright.resources import is_installed
from meshwright.scaffold import PUBLISHED_SOURCE

RELEASE = f"v{__version__}"


@dataclass(frozen=True)
class Recorded:
    """``source`` and ``commit`` as in the answers file; ``note`` is a line for the user, or empty."""

    source: str
    commit: str
    note: str = ""


def recorded() -> Recorded:
    """The public source and the tag of this release.

    A package that was installed from a Git URL records that URL and commit, because it may be no release.
    A checkout has no version that others can find, so the release that it will become is recorded.
    """
    origin = _origin() if is_installed() else {}
    vcs = origin.get("vcs_info")
    if isinstance(vcs, Mapping) and vcs.get("vcs") == "git" and vcs.get("commit_id"):
        return _from_git(str(origin.get("url", "")), vcs)
    if is_installed() and "dir_info" not in origin:
        return Recorded(PUBLISHED_SOURCE, RELEASE)
    return Recorded(
        PUBLISHED_SOURCE,
        RELEASE,
        f"recorded {PUBLISHED_SOURCE} at {RELEASE} as the template, because this meshwright runs from a "
        f"checkout that others do not have; updates work once {RELEASE} is published",
    )


def _from_git(url: str, vcs: Mapping[str, Any]) -> Recorded:
    source = _public(url)
    if vcs.get("requested_revision") == RELEASE:
        return Recorded(source, RELEASE)
    commit = str(vcs["commit_id"])
    return Recorded(
        source,
        commit,
        f"recorded {source} at {commit[:7]} as the template: meshwright was installed from there",
    )


def _public(url: str) -> str:
    """The URL without credentials; the published source however it is spelled."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    same = url.rstrip("/").removesuffix(".git") == PUBLISHED_SOURCE.removesuffix(".git")
    return PUBLISHED_SOURCE if same else url


def _origin() -> Mapping[str, Any]:
    """PEP 610: where the package was installed from; empty for a package index."""
    try:
        found = json.loads(distribution("meshwright").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}
