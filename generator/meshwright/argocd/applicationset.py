"""The Applications that an ApplicationSet generates with list and git generators.

Folders are matched like Go's path.Match, and files like git ls-files.
source: argo-cd v3.5.3, applicationset/generators/{list,git}.go, applicationset/utils and util/git/client.go.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from meshwright.argocd.application import Application
from meshwright.argocd.sources import OwnRepository
from meshwright.finding import NotSeen
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.patterns.pathspec import is_magic
from meshwright.patterns.pathspec import matches as git_lists
from meshwright.patterns.shell import matches as path_matches
from meshwright.yaml import YamlFault, parse_all
from meshwright.yaml.pointer import items_of, mapping_of

_FASTTEMPLATE = re.compile(r"\{\{\s*([A-Za-z0-9_.\[\]-]+)\s*\}\}")
_GO_TEMPLATE = re.compile(r"\{\{-?\s*\.([A-Za-z0-9_.]+)\s*-?\}\}")
_LITERAL = re.compile(r"[^*?\[\\]+")
_SUPPORTED_GENERATORS = frozenset({"list", "git"})
_SUPPORTED_GIT_FIELDS = frozenset(
    {"repoURL", "revision", "directories", "files", "values", "requeueAfterSeconds"}
)


class Expansion:
    """Expands ApplicationSets; generators that need a cluster or a network are reported as not seen."""

    def __init__(self, files: RepositoryFiles, own: OwnRepository) -> None:
        self._files = files
        self._own = own
        self.not_seen: list[NotSeen] = []

    def applications(self, built: BuiltObject) -> Iterator[Application]:
        """Every Application of an ApplicationSet that can be determined offline."""
        spec = mapping_of(built.data.get("spec"))
        if spec.get("templatePatch"):
            return self._report(built, ("templatePatch",), "its templatePatch is not evaluated offline")
        for number, generator in enumerate(items_of(spec.get("generators"))):
            kinds = set(mapping_of(generator))
            pointer = ("generators", number)
            if len(kinds) != 1 or not kinds <= _SUPPORTED_GENERATORS:
                names = ", ".join(sorted(map(str, kinds))) or "nothing"
                self._report(built, pointer, f"its generator ({names}) can only be evaluated by Argo CD")
                continue
            if kinds == {"list"}:
                elements = items_of(mapping_of(generator["list"]).get("elements"))
                sets = [dict(element) for element in elements if isinstance(element, Mapping)]
            else:
                git = mapping_of(generator["git"])
                if reason := self._unsupported(git):
                    self._report(built, pointer, reason)
                    continue
                sets = list(self._git_parameters(git, spec.get("goTemplate") is True))
            yield from self._render(built, spec, sets)

    def _render(
        self, built: BuiltObject, spec: Mapping[str, Any], sets: list[dict[str, Any]]
    ) -> Iterator[Application]:
        go = spec.get("goTemplate") is True
        for parameters in sets:
            data = render(mapping_of(spec.get("template")), parameters if go else flatten(parameters), go)
            metadata = {"namespace": built.namespace, **mapping_of(data.get("metadata"))}
            made = {
                "apiVersion": built.api_version,
                "kind": "Application",
                "metadata": {key: value for key, value in metadata.items() if value},
                "spec": data.get("spec"),
            }
            if "{{" in str(made):
                name = metadata.get("name")
                self._report(
                    built, ("template",), f"Application '{name}' still contains template expressions"
                )
                continue
            yield Application(BuiltObject(made, built.origin), self._files, built, ("spec", "template"))

    def _unsupported(self, git: Mapping[str, Any]) -> str:
        url = str(git.get("repoURL") or "")
        if url not in self._own:
            return f"its git generator reads {url}, which is not this repository"
        if unknown := sorted(set(git) - _SUPPORTED_GIT_FIELDS):
            return f"its git generator has {', '.join(unknown)}, which only Argo CD evaluates"
        for path in (str(mapping_of(entry).get("path") or "") for entry in items_of(git.get("files"))):
            if is_magic(path):
                return f"its git generator has the path '{path}', a pattern that only Git evaluates"
        return ""

    def _git_parameters(self, git: Mapping[str, Any], go: bool) -> Iterator[dict[str, Any]]:
        values = {"values": dict(mapping_of(git["values"]))} if git.get("values") else {}
        for folder in self._selected(git, "directories", self._folders, path_matches):
            yield {**_path_parameters(folder, go), **values}
        for path in self._selected(git, "files", self._files.paths, git_lists):
            try:
                documents = parse_all(self._files.text(path), path)
            except YamlFault:
                continue
            for content in documents:
                for item in content if isinstance(content, list) else [content]:
                    if isinstance(item, Mapping):
                        place = _path_parameters(posixpath.dirname(path) or ".", go, posixpath.basename(path))
                        yield {**item, **place, **values}

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
        taken = {path for pattern in wanted for path in _under(pattern, candidates) if matches(pattern, path)}
        for pattern in excluded if taken else ():
            taken.difference_update(path for path in _under(pattern, candidates) if matches(pattern, path))
        return sorted(taken)

    @cached_property
    def _folders(self) -> list[str]:
        """Folders of the repository, except hidden ones."""
        folders: set[str] = set()
        for path in self._files.paths:
            folder = posixpath.dirname(path)
            while folder:
                folders.add(folder)
                folder = posixpath.dirname(folder)
        return sorted(folder for folder in folders if not re.search(r"(?:^|/)\.", folder))

    def _report(self, built: BuiltObject, pointer: tuple[str | int, ...], reason: str) -> None:
        at = position_of(self._files, built, ("spec", *pointer))
        self.not_seen.append(NotSeen(built.title, reason, at))


def _under(pattern: str, candidates: Sequence[str]) -> Sequence[str]:
    """The sorted ``candidates`` that start with the literal prefix of ``pattern``."""
    beginning = _LITERAL.match(pattern)
    # A path that is not normalised, such as ./apps, can match paths with a different prefix.
    if beginning is None or pattern.startswith(".") or posixpath.normpath(pattern) != pattern.rstrip("/"):
        return candidates
    prefix = beginning[0].rstrip("/")
    behind = bisect_right(candidates, prefix, key=lambda path: path[: len(prefix)])
    return candidates[bisect_left(candidates, prefix) : behind]


def _path_parameters(folder: str, go: bool, filename: str = "") -> dict[str, Any]:
    base = posixpath.basename(folder)
    plain = re.sub(r"[^a-z0-9.-]", "-", base.lower())
    if go:
        inner: dict[str, Any] = {"path": folder, "basename": base, "basenameNormalized": plain}
        inner["segments"] = folder.split("/")
        return {"path": {**inner, **({"filename": filename} if filename else {})}}
    found = {"path": folder, "path.basename": base, "path.basenameNormalized": plain}
    found |= {f"path[{number}]": part for number, part in enumerate(folder.split("/"))}
    return {**found, **({"path.filename": filename} if filename else {})}


def flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters with dotted names, as templates without goTemplate use them."""
    found: dict[str, str] = {}
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found |= flatten(value, f"{name}.")
        elif isinstance(value, list):
            found |= flatten({str(number): item for number, item in enumerate(value)}, f"{name}.")
        else:
            found[name] = _text(value)
    return found


def render(template: Any, parameters: Mapping[str, Any], go: bool) -> Any:
    """``template`` with every simple placeholder replaced; other expressions stay as they are."""
    if isinstance(template, Mapping):
        return {key: render(value, parameters, go) for key, value in template.items()}
    if isinstance(template, list):
        return [render(value, parameters, go) for value in template]
    if not isinstance(template, str) or "{{" not in template:
        return template

    def fill(found: re.Match[str]) -> str:
        value: Any = parameters if go else parameters.get(found[1])
        for step in found[1].split(".") if go else ():
            value = value.get(step) if isinstance(value, Mapping) else None
        return found[0] if value is None or isinstance(value, (Mapping, list)) else _text(value)

    return (_GO_TEMPLATE if go else _FASTTEMPLATE).sub(fill, template)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
