"""The parameters of a git generator: the folders or files of this repository that its entries take.

Folders are matched like Go's path.Match, and files like git ls-files.
source: argo-cd v3.5.3, applicationset/generators/git.go and util/git/client.go.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from meshwright.argocd.sources import OwnRepository
from meshwright.manifests.files import RepositoryFiles
from meshwright.patterns.pathspec import is_magic
from meshwright.patterns.pathspec import matches as git_lists
from meshwright.patterns.shell import matches as path_matches
from meshwright.yaml import YamlFault, parse_all
from meshwright.yaml.pointer import items_of, mapping_of

_LITERAL = re.compile(r"[^*?\[\\]+")
_FIELDS = frozenset(
    {"repoURL", "revision", "directories", "files", "values", "requeueAfterSeconds", "pathParamPrefix"}
    | {"template"}
)


class GitGenerator:
    """Reads folders and files of this repository for git generators."""

    def __init__(self, files: RepositoryFiles, own: OwnRepository) -> None:
        self._files = files
        self._own = own

    def unsupported(self, git: Mapping[str, Any]) -> str:
        """Why a generator is not evaluated offline; empty if it is."""
        url = str(git.get("repoURL") or "")
        if url not in self._own:
            return f"its git generator reads {url}, which is not this repository"
        if unknown := sorted(map(str, set(git) - _FIELDS)):
            return f"its git generator has {', '.join(unknown)}, which only Argo CD evaluates"
        for path in (str(mapping_of(entry).get("path") or "") for entry in items_of(git.get("files"))):
            if is_magic(path):
                return f"its git generator has the path '{path}', a pattern that only Git evaluates"
        return ""

    def parameters(self, git: Mapping[str, Any], go: bool) -> Iterator[dict[str, Any]]:
        """A set for each folder and each object in a file."""
        prefix = str(git.get("pathParamPrefix") or "")
        for folder in self._selected(git, "directories", self.folders, path_matches):
            yield _path_parameters(folder, go, prefix=prefix)
        for path in self._selected(git, "files", self._files.paths, git_lists):
            try:
                documents = parse_all(self._files.text(path), path)
            except YamlFault:
                continue
            for content in documents:
                for item in content if isinstance(content, list) else [content]:
                    if isinstance(item, Mapping):
                        folder = posixpath.dirname(path) or "."
                        yield {**item, **_path_parameters(folder, go, posixpath.basename(path), prefix)}

    def _selected(
        self,
        git: Mapping[str, Any],
        field: str,
        candidates: Sequence[str],
        matches: Callable[[str, str], bool],
    ) -> list[str]:
        """Those of the sorted ``candidates`` that an entry takes and none excludes, in their order."""
        entries = [entry for entry in items_of(git.get(field)) if isinstance(entry, Mapping)]
        wanted = [str(entry.get("path") or "") for entry in entries if entry.get("exclude") is not True]
        excluded = [str(entry.get("path") or "") for entry in entries if entry.get("exclude") is True]
        taken = {path for pattern in wanted for path in under(pattern, candidates) if matches(pattern, path)}
        for pattern in excluded if taken else ():
            taken.difference_update(path for path in under(pattern, candidates) if matches(pattern, path))
        return sorted(taken)

    @property
    def paths(self) -> Sequence[str]:
        """Files of the repository."""
        return self._files.paths

    @cached_property
    def folders(self) -> list[str]:
        """Folders of the repository, except hidden ones."""
        folders: set[str] = set()
        for path in self._files.paths:
            folder = posixpath.dirname(path)
            while folder:
                folders.add(folder)
                folder = posixpath.dirname(folder)
        return sorted(folder for folder in folders if not re.search(r"(?:^|/)\.", folder))


def under(pattern: str, candidates: Sequence[str]) -> Sequence[str]:
    """The sorted ``candidates`` that start with the literal prefix of ``pattern``."""
    beginning = _LITERAL.match(pattern)
    # A path that is not normalised, such as ./apps, can match paths with a different prefix.
    if beginning is None or pattern.startswith(".") or posixpath.normpath(pattern) != pattern.rstrip("/"):
        return candidates
    prefix = beginning[0].rstrip("/")
    behind = bisect_right(candidates, prefix, key=lambda path: path[: len(prefix)])
    return candidates[bisect_left(candidates, prefix) : behind]


def _path_parameters(folder: str, go: bool, filename: str = "", prefix: str = "") -> dict[str, Any]:
    base = posixpath.basename(folder)
    plain = re.sub(r"[^a-z0-9.-]", "-", base.lower())
    if go:
        inner: dict[str, Any] = {"path": folder, "basename": base, "basenameNormalized": plain}
        inner["segments"] = folder.split("/")
        if filename:
            inner |= {
                "filename": filename,
                "filenameNormalized": re.sub(r"[^a-z0-9.-]", "-", filename.lower()),
            }
        return {prefix: {"path": inner}} if prefix else {"path": inner}
    name = f"{prefix}.path" if prefix else "path"
    found = {name: folder, f"{name}.basename": base, f"{name}.basenameNormalized": plain}
    found |= {f"{name}[{number}]": part for number, part in enumerate(folder.split("/"))}
    return {**found, **({f"{name}.filename": filename} if filename else {})}
