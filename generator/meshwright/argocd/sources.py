"""Which repoURLs refer to this repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshwright.argocd.application import Application
from meshwright.argocd.discovery import ArgoCDDiscovery
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.folders import with_parents
from meshwright.manifests.gitremote import bare, remotes
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import items_of, mapping_of


class OwnRepository:
    """The repoURLs that refer to this repository, inferred from its files.

    A URL refers to this repository if a source with that URL builds a folder that contains Argo CD objects,
    or if it is a remote of the checkout. If there is neither, the existence of a requested folder decides.
    """

    def __init__(self, files: RepositoryFiles, discovery: ArgoCDDiscovery) -> None:
        requested: list[tuple[str, str]] = []
        for application in discovery.applications:
            with contained(discovery.findings, "reading an Application", Position(application.origin)):
                requested.extend(_requested_by_application(application))
        for built in discovery.sets:
            with contained(
                discovery.findings, "reading an ApplicationSet", Position(built.origin.path or ".")
            ):
                requested.extend(_requested_by_set(built))
        named = {bare(url) for url, _ in requested if url}
        # "." proves nothing: it contains everything, and other repositories are built from it too.
        requested = [(url, path) for url, path in requested if url and path not in ("", ".")]
        folders = with_parents({posixpath.dirname(origin) or "." for origin in discovery.origins})
        self._own = {bare(url) for url, path in requested if path in folders}
        self._own |= remotes(files.checkout) & named
        if not self._own:
            self._own = {bare(url) for url, path in requested if files.is_folder(path)}

    def __contains__(self, url: str) -> bool:
        return bare(url) in self._own


def _requested_by_application(application: Application) -> Iterator[tuple[str, str]]:
    for source in application.sources:
        if not source.chart and source.data.get("path"):
            yield source.repository, source.path


def _requested_by_set(built: BuiltObject) -> Iterator[tuple[str, str]]:
    """The fixed part of each path in a git generator or template."""
    template = mapping_of(mapping_of(mapping_of(built.data.get("spec")).get("template")).get("spec"))
    for source in map(mapping_of, (template.get("source"), *items_of(template.get("sources")))):
        if not source.get("chart"):
            yield str(source.get("repoURL") or ""), fixed_part(str(source.get("path") or ""))
    for generator in _each_generator(items_of(mapping_of(built.data.get("spec")).get("generators"))):
        git = mapping_of(generator.get("git"))
        for entry in (*items_of(git.get("directories")), *items_of(git.get("files"))):
            if isinstance(entry, dict) and not entry.get("exclude"):
                yield str(git.get("repoURL") or ""), fixed_part(str(entry.get("path") or ""))


def _each_generator(generators: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """All generators, with those inside of a matrix or merge."""
    for generator in map(mapping_of, generators):
        yield generator
        for name in ("matrix", "merge"):
            for inner in map(mapping_of, items_of(mapping_of(generator.get(name)).get("generators"))):
                yield inner
                for nested in ("matrix", "merge"):
                    yield from map(mapping_of, items_of(mapping_of(inner.get(nested)).get("generators")))


def fixed_part(pattern: str) -> str:
    """The leading folders without pattern characters."""
    fixed: list[str] = []
    for part in pattern.split("/")[:-1] if "/" in pattern else [pattern]:
        if any(char in part for char in "*?[{"):
            break
        fixed.append(part)
    return "/".join(fixed)
