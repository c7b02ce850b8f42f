"""A generated repository in git: committed, edited, pushed, and what it asks of the network."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from engine.charts import Asked

IDENTITY = ("-c", "user.name=engine", "-c", "user.email=engine@example.test", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Repository:
    """A checkout with a bare repository beside it that the content server serves."""

    work: Path
    bare: Path

    @classmethod
    def create(cls, work: Path, bare: Path, branch: str) -> Repository:
        """Put a folder of files under git, and push it."""
        made = cls(work, bare)
        _git(work, "init", "--quiet", "--initial-branch", branch)
        _git(work.parent, "init", "--quiet", "--bare", "--initial-branch", branch, str(bare))
        _git(work, "remote", "add", "origin", str(bare))
        made.commit("As generated")
        return made

    def commit(self, message: str) -> str:
        """Commit everything, push it, and give the commit's id."""
        _git(self.work, "add", "--all")
        _git(self.work, *IDENTITY, "commit", "--quiet", "--message", message)
        _git(self.work, "push", "--quiet", "origin", "HEAD")
        return _git(self.work, "rev-parse", "HEAD").strip()

    def tag(self, name: str) -> None:
        """Tag what was committed last, and push the tag."""
        _git(self.work, "tag", name)
        _git(self.work, "push", "--quiet", "origin", name)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text in a file; it must be there."""
        file = self.work / path
        text = file.read_text()
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new))


def manifests(work: Path) -> Iterator[dict[str, Any]]:
    """Every object that the files hold."""
    for path in sorted(work.rglob("*.yaml")):
        if ".git" in path.relative_to(work).parts or "/charts/" in str(path):
            continue
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            if isinstance(document, dict) and "kind" in document:
                yield document


def charts(work: Path) -> set[Asked]:
    """The charts that it names: HelmReleases, kustomize's helmCharts, Applications."""
    objects = list(manifests(work))
    urls = {
        (one["metadata"].get("namespace"), one["metadata"]["name"]): one["spec"]["url"]
        for one in objects
        if one["kind"] == "HelmRepository"
    }
    found = set()
    for one in objects:
        for chart in one.get("helmCharts", []):
            found.add(Asked(chart["repo"], chart["name"], chart["version"]))
        if one["kind"] == "Application" and "chart" in one["spec"]["source"]:
            source = one["spec"]["source"]
            found.add(Asked(source["repoURL"], source["chart"], source["targetRevision"]))
        if one["kind"] == "HelmRelease":
            spec = one["spec"]["chart"]["spec"]
            source = spec["sourceRef"]
            url = urls[source.get("namespace") or one["metadata"].get("namespace"), source["name"]]
            found.add(Asked(url, spec["chart"], spec["version"]))
    return found


def gits(work: Path) -> dict[str, str]:
    """The git repositories that it names: URL -> branch, tag or commit."""
    found = {}
    for one in manifests(work):
        if one["kind"] == "GitRepository":
            found[one["spec"]["url"]] = next(iter(one["spec"].get("ref", {"branch": "master"}).values()))
        elif one["kind"] == "Application" and "chart" not in one["spec"]["source"]:
            source = one["spec"]["source"]
            found[source["repoURL"]] = source["targetRevision"]
    return found


def host(url: str) -> str:
    """The host name of a URL."""
    return urlsplit(url).hostname or ""


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout
