"""What Renovate finds in a repository: its own managers for what we write, and ours with real RE2.

source: Renovate 44.121, lib/modules/manager/<name>/{index,extract}.ts; `renovate --platform=local
--dry-run=extract` gave the same on all examples and on everything at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import re2

from meshwright.yaml import YamlFault, parse_all

# Where a manager looks without being told.
_DEFAULTS = {
    "flux": [r"/(^|/)flux-system/(?:.+/)?gotk-components\.ya?ml$/"],
    "argocd": [],
    "kubernetes": [],
    "kustomize": [r"/(^|/)kustomization\.ya?ml$/"],
    "helm-values": [r"/(^|/)values\.ya?ml$/"],
    "copier": [r"/(^|/)\.copier-answers(\..+)?\.ya?ml/"],
    "github-actions": [
        r"/(^|/)(workflow-templates|\.(?:github|gitea|forgejo)/(?:workflows|actions))/.+\.ya?ml$/"
    ],
    "pre-commit": [r"/(^|/)\.pre-commit-config\.ya?ml$/"],
}
_IMAGE = re2.compile(r"(?m)^\s*-?\s*image:\s*['\"]?([^\s'\"]+):([^\s'\":]+)['\"]?\s*$")
# A commit, and in the comment behind it the tag that it is.
_USES = re2.compile(r"(?m)^\s*-?\s*uses:\s*([\w-]+/[\w./-]+)@([0-9a-f]{40})\s+#\s*(v[\d.]+)\s*$")


@dataclass(frozen=True)
class Found:
    """One dependency as a manager sees it; ``registry`` is a Helm repository's URL, ``digest`` a commit."""

    manager: str
    file: str
    name: str
    value: str
    datasource: str
    registry: str = ""
    extract: str = ""
    digest: str = ""


class Renovate:
    """One repository with the renovate.json that it has."""

    def __init__(self, folder: Path) -> None:
        self.config = self.config_of(folder)
        self._texts = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(folder).parts
        }

    @staticmethod
    def config_of(folder: Path) -> dict[str, Any]:
        """The renovate.json of a folder."""
        config: dict[str, Any] = json.loads((folder / "renovate.json").read_text(encoding="utf-8"))
        return config

    def dependencies(self) -> list[Found]:
        """Everything that every manager finds."""
        found: list[Found] = []
        for name in _DEFAULTS:
            found += getattr(self, f"_{name.replace('-', '_')}")(self._files(name))
        for manager in self.config["customManagers"]:
            found += self.custom(manager, self._texts)
        return found

    def rules_for(self, dependency: Found) -> dict[str, Any]:
        """What the packageRules set for a dependency, later ones over earlier."""
        settings: dict[str, Any] = {}
        for rule in self.config["packageRules"]:
            wanted = {
                "matchManagers": dependency.manager in rule.get("matchManagers", [dependency.manager]),
                "matchDatasources": dependency.datasource
                in rule.get("matchDatasources", [dependency.datasource]),
                "matchCurrentValue": rule.get("matchCurrentValue", dependency.value) == dependency.value,
                "matchPackageNames": any(
                    _matches(pattern, dependency.name)
                    for pattern in rule.get("matchPackageNames", [dependency.name])
                ),
            }
            assert {key for key in rule if key.startswith("match")} <= set(wanted), "a matcher not known here"
            if all(wanted.values()):
                settings |= {key: value for key, value in rule.items() if not key.startswith("match")}
        return settings

    def _files(self, manager: str) -> dict[str, str]:
        own = self.config.get(manager, {})
        patterns = [*_DEFAULTS[manager], *own.get("managerFilePatterns", [])]
        # Pre-commit is the one that is off until it is asked for.
        if manager == "pre-commit" and own.get("enabled") is not True:
            return {}
        return _matching(patterns, self._texts)

    def _flux(self, files: dict[str, str]) -> Iterator[Found]:
        documents = [(path, data) for path, text in files.items() for data in _documents(text)]
        repositories = {
            (data["metadata"].get("namespace"), data["metadata"]["name"]): data["spec"]["url"]
            for _, data in documents
            if data.get("kind") == "HelmRepository"
        }
        for path, data in documents:
            spec = data.get("spec") or {}
            if data.get("kind") == "HelmRelease" and "chart" in spec:
                chart = spec["chart"]["spec"]
                reference = chart["sourceRef"]
                namespace = reference.get("namespace") or data["metadata"].get("namespace")
                url = repositories[(namespace, reference["name"])]
                yield Found("flux", path, chart["chart"], chart["version"], "helm", url)
            elif data.get("kind") == "GitRepository" and spec.get("ref", {}).get("tag"):
                name = spec["url"].removeprefix("https://github.com/").removesuffix(".git")
                yield Found("flux", path, name, spec["ref"]["tag"], "github-tags")

    def _argocd(self, files: dict[str, str]) -> Iterator[Found]:
        for path, text in files.items():
            for data in _documents(text):
                if data.get("kind") != "Application":
                    continue
                spec = data["spec"]
                for source in [*([spec["source"]] if "source" in spec else []), *spec.get("sources", [])]:
                    url, value = source["repoURL"], source["targetRevision"]
                    if source.get("chart"):
                        yield Found("argocd", path, source["chart"], value, "helm", url)
                    else:
                        yield Found("argocd", path, url, value, "git-tags")

    def _kustomize(self, files: dict[str, str]) -> Iterator[Found]:
        for path, text in files.items():
            for data in _documents(text):
                for chart in data.get("helmCharts") or []:
                    yield Found("kustomize", path, chart["name"], chart["version"], "helm", chart["repo"])

    def _helm_values(self, files: dict[str, str]) -> Iterator[Found]:
        """A mapping image with repository and tag, and sometimes registry."""
        for path, text in files.items():
            for data in _documents(text):
                image = data.get("image")
                if isinstance(image, dict) and {"repository", "tag"} <= image.keys():
                    name = "/".join(filter(None, [image.get("registry"), image["repository"]]))
                    yield Found("helm-values", path, name, image["tag"], "docker")

    def _kubernetes(self, files: dict[str, str]) -> Iterator[Found]:
        for path, text in files.items():
            if "apiVersion" in text and "kind" in text:
                for found in _IMAGE.finditer(text):
                    yield Found("kubernetes", path, found[1], found[2], "docker")

    def _github_actions(self, files: dict[str, str]) -> Iterator[Found]:
        for path, text in files.items():
            for found in _USES.finditer(text):
                yield Found("github-actions", path, found[1], found[3], "github-tags", digest=found[2])

    def _pre_commit(self, files: dict[str, str]) -> Iterator[Found]:
        for path, text in files.items():
            for data in _documents(text):
                for hook in data["repos"]:
                    if hook["repo"].startswith("https://github.com/"):
                        name = hook["repo"].removeprefix("https://github.com/")
                        yield Found("pre-commit", path, name, hook["rev"], "github-tags")

    def _copier(self, files: dict[str, str]) -> Iterator[Found]:
        for path, text in files.items():
            for data in _documents(text):
                yield Found("copier", path, data["_src_path"], data["_commit"], "git-tags")

    @staticmethod
    def custom(manager: dict[str, Any], files: dict[str, str]) -> Iterator[Found]:
        """What a manager of our own finds in files by their path."""
        assert manager["customType"] == "regex"
        for path, text in _matching(manager["managerFilePatterns"], files).items():
            for pattern in manager["matchStrings"]:
                for found in re2.compile(pattern).finditer(text):
                    groups = found.groupdict()
                    yield Found(
                        "regex",
                        path,
                        groups.get("depName") or manager["depNameTemplate"],
                        groups["currentValue"],
                        groups.get("datasource") or manager["datasourceTemplate"],
                        groups.get("registryUrl") or manager.get("registryUrlTemplate", ""),
                        groups.get("extractVersion") or manager.get("extractVersionTemplate", ""),
                        groups.get("currentDigest") or "",
                    )


def _matching(patterns: list[str], files: dict[str, str]) -> dict[str, str]:
    return {
        path: text for path, text in files.items() if any(_matches(pattern, path) for pattern in patterns)
    }


def _matches(pattern: str, text: str) -> bool:
    """As Renovate's matchRegexOrGlob: /a regular expression/, or here a whole text."""
    if pattern.startswith("/") and pattern.endswith("/"):
        return re2.search(pattern[1:-1], text) is not None
    assert not set(pattern) & set("*?[]{}!"), "a glob not known here"
    return pattern == text


def _documents(text: str) -> list[dict[str, Any]]:
    try:
        return [data for data in parse_all(text) if isinstance(data, dict)]
    except YamlFault:
        return []
