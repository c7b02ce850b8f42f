"""The template's Git repository: fetches it, and reads its versions and release notes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

from meshwright.cache.places import cache_root
from meshwright.errors import MeshwrightError
from meshwright.git.gitpython import Git
from meshwright.git.worktree import GitFailure, first_error

# Copier's short forms.
_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
_DESCRIBED = re.compile(r"-\d+-g[0-9a-f]{4,64}\Z")
_HEADING = re.compile(r"^## \[?v?(?P<version>[0-9][^\s\]]*)\]?.*$", re.MULTILINE)


@dataclass(frozen=True)
class TemplateVersion:
    """``name`` is the tag or the output of `git describe`; ``version`` is None without a tag."""

    name: str
    commit: str
    version: Version | None


@dataclass(frozen=True)
class Template:
    """The template's history in ``folder``, a bare repository cloned from ``source``.

    ``note`` is not empty if it could not be fetched; ``used`` is what is used instead.
    """

    source: str
    folder: Path
    note: str = ""
    used: str = "the last fetched copy"

    @property
    def git(self) -> Git:
        """Git on the template's history."""
        return Git.bare(self.folder)

    def resolve(self, name: str) -> TemplateVersion | None:
        """The version of a tag, branch or commit; None if the template has no such revision."""
        if name.startswith("-") or "\n" in name:
            return None
        done = self.git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if done.status:
            return None
        # Keep the requested name if it is a tag, because a commit may have several.
        tagged = not self.git.run("rev-parse", "--verify", "--quiet", f"refs/tags/{name}").status
        shown = name if tagged else self.git("describe", "--tags", "--always", done.text)
        return TemplateVersion(shown, done.text, version_of(_DESCRIBED.sub("", shown)))

    def releases(self) -> tuple[str, ...]:
        """Tags that are versions, newest first, without pre-releases; ordered by PEP 440 as in Copier."""
        tags = [
            (version, tag) for tag in self.git("tag", "--list").split("\n") if (version := version_of(tag))
        ]
        return tuple(tag for version, tag in sorted(tags, reverse=True) if not version.is_prerelease)

    def questions(self, version: TemplateVersion) -> dict[str, Any]:
        """The questions and computed values of copier.yml by name; empty if it includes other files."""
        for name in ("copier.yml", "copier.yaml"):
            done = self.git.run("cat-file", "blob", f"{version.commit}:{name}")
            if not done.status:
                break
        if done.status or b"!include" in done.output:
            return {}
        found: dict[str, Any] = {}
        try:
            for document in yaml.safe_load_all(done.output):
                found.update(document if isinstance(document, dict) else {})
        except (yaml.YAMLError, ValueError, RecursionError):
            # Copier reports the error.
            return {}
        return {key: value for key, value in found.items() if str(key)[:1] != "_"}

    def notes(self, old: TemplateVersion, new: TemplateVersion) -> tuple[tuple[str, str], ...]:
        """The sections of the new version's CHANGELOG.md for releases after the old one, newest first."""
        done = self.git.run("cat-file", "blob", f"{new.commit}:CHANGELOG.md")
        if done.status or old.version is None:
            return ()
        text = done.output.decode("utf-8", "replace")
        found = list(_HEADING.finditer(text))
        sections = []
        for heading, following in zip(found, [*found[1:], None], strict=True):
            version = version_of(heading["version"])
            if version and old.version < version and (new.version is None or version <= new.version):
                body = text[heading.end() : following.start() if following else len(text)].strip()
                sections.append((heading["version"], body))
        return tuple(sections)


def fetch_template(source: str, scratch: Path, *, here: Path) -> Template:
    """The template at ``source``: a URL, or a path relative to the current folder or ``here``.

    A local template is cloned into ``scratch``; a remote one is kept in the cache and fetched.
    Raises MeshwrightError if it does not exist, or cannot be reached and is not in the cache.
    """
    url = full_url(source)
    local = _local(url, here)
    if local is not None:
        folder = scratch / "template.git"
        _clone(str(local), source, folder, scratch)
        return Template(source, folder)
    folder = cache_root().absolute() / "templates" / f"{hashlib.sha256(url.encode()).hexdigest()}.git"
    if not (folder / "HEAD").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clone(url, source, folder, folder.parent)
        return Template(source, folder)
    git = Git.bare(folder).fetching()
    fetched = git.run("fetch", "--quiet", "--prune", "--tags", "--force", "origin", "+refs/*:refs/*")
    if fetched.status:
        return Template(source, folder, f"{source} cannot be reached ({first_error(fetched.stderr)}); ")
    return Template(source, folder)


def is_same_source(one: str, other: str, *, here: Path) -> bool:
    """Whether two sources are the same URL or the same folder."""
    if full_url(one) == full_url(other):
        return True
    try:
        places = [_local(full_url(name), here) for name in (one, other)]
    except MeshwrightError:
        return False
    return places[0] is not None and places[0] == places[1]


def _clone(url: str, source: str, folder: Path, beside: Path) -> None:
    aside = beside / f"{folder.name}.new"
    try:
        # Rename only a complete clone, so that an interrupted one is never used.
        git = Git(beside, {"GIT_CEILING_DIRECTORIES": str(beside.parent)}).fetching()
        git.checked("clone", "--quiet", "--mirror", "--", url, aside)
        aside.rename(folder)
    except GitFailure as failure:
        raise MeshwrightError(
            f"the template {source} cannot be read: {failure}; "
            "if you are offline, pass a clone of it with --template FOLDER"
        ) from None


def full_url(source: str) -> str:
    """The source as git takes it, without the short forms that only Copier knows."""
    for short, long in _SHORT.items():
        if source.startswith(short):
            rest = source.removeprefix(short).lstrip("/")
            return f"{long}{rest}" if rest.endswith(".git") else f"{long}{rest}.git"
    return source.removeprefix("git+")


def _local(url: str, here: Path) -> Path | None:
    if re.match(r"[a-z][a-z0-9+.-]*://|[^/]+@[^/]+:", url):
        return None
    path = Path(url).expanduser()
    found = next((place for place in (path, here / path) if place.exists()), None)
    if found is None:
        raise MeshwrightError(
            f"the template {url} does not exist relative to the current folder or to {here}; "
            "pass its location with --template"
        )
    return found.resolve()


def version_of(tag: str) -> Version | None:
    """A version by PEP 440, as Copier reads tags; None for other text."""
    try:
        return Version(tag)
    except InvalidVersion:
        return None
