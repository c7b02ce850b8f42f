"""The Applications that an ApplicationSet generates, as far as its generators can be evaluated offline.

source: argo-cd v3.5.3, applicationset/controllers/template and applicationset/utils.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshwright.argocd.application import Application
from meshwright.argocd.clusterparameters import ClusterParameters
from meshwright.argocd.generators import CannotGenerate, Generators
from meshwright.argocd.gitgenerator import GitGenerator
from meshwright.argocd.sources import OwnRepository
from meshwright.argocd.templating import flatten, render
from meshwright.argocd.unknownclusters import marked_in, plain, settle, shown_by
from meshwright.finding import Finding, NotSeen
from meshwright.gotemplate import MissingKey, Unsupported
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.mergepatch import merge_patch
from meshwright.yaml import YamlFault, parse
from meshwright.yaml.pointer import items_of, mapping_of

_MOST_PATHS = 10
_Made = dict[str, Any]


class Expansion:
    """Expands ApplicationSets; what needs a cluster or a network is reported as not seen."""

    def __init__(self, files: RepositoryFiles, own: OwnRepository) -> None:
        self._files = files
        self._own = own
        self._git = GitGenerator(files, own)
        self._generators = Generators(self._git, ClusterParameters(files))
        self._told: set[str] = set()
        self.findings: list[Finding] = []
        self.not_seen: list[NotSeen] = []

    def applications(self, built: BuiltObject) -> Iterator[Application]:
        """Every Application of an ApplicationSet that can be determined offline."""
        spec = mapping_of(built.data.get("spec"))
        for number, generator in enumerate(items_of(spec.get("generators"))):
            pointer = ("generators", number)
            try:
                sets = self._generators.sets(generator, spec)
            except CannotGenerate as why:
                self._report(built, pointer, str(why))
                continue
            yield from self._render(built, spec, pointer, sets)

    def _render(
        self,
        built: BuiltObject,
        spec: Mapping[str, Any],
        pointer: tuple[str, int],
        sets: list[dict[str, Any]],
    ) -> Iterator[Application]:
        template = mapping_of(spec.get("template"))
        for inner in mapping_of(items_of(spec.get("generators"))[pointer[1]]).values():
            # A generator's own template overrides that of the set.
            template = merge_patch(template, mapping_of(mapping_of(inner).get("template")))
        told = False
        self._told.clear()
        for parameters in sets:
            try:
                made = self._made(built, spec, template, parameters)
            except Unsupported as why:
                self._report(built, ("template",), f"its template is not evaluated offline: {why}")
                return
            except MissingKey as key:
                self._lacks(built, str(key))
                continue
            except YamlFault:
                self._report(built, ("templatePatch",), "its templatePatch gives text that is not YAML")
                continue
            if lacking := next(filter(None, map(_lacking_in, _filled(made))), ""):
                self._lacks(built, lacking)
                continue
            every = list(self._of_clusters(made))
            if _depends_on_cluster(made, every) and not told:
                told = True
                found = "that its folders show" if every else "that are in this repository"
                text = f"its clusters are known only to Argo CD; it is judged for those {found}"
                self._report(built, pointer, text)
            for one in every:
                yield Application(
                    BuiltObject(plain(one), built.origin), self._files, built, ("spec", "template")
                )

    def _made(
        self,
        built: BuiltObject,
        spec: Mapping[str, Any],
        template: Mapping[str, Any],
        parameters: Mapping[str, Any],
    ) -> _Made:
        """One Application. Raises Unsupported, MissingKey and YamlFault."""
        go = spec.get("goTemplate") is True
        strict = "missingkey=error" in items_of(spec.get("goTemplateOptions"))
        given = parameters if go else flatten(parameters)
        data = render(template, given, go, strict=strict)
        if isinstance(spec.get("templatePatch"), str):
            patch = parse(render(spec["templatePatch"], given, go, strict=strict))
            data = merge_patch(data, mapping_of(patch))
        metadata = {"namespace": built.namespace, **mapping_of(data.get("metadata"))}
        return {
            "apiVersion": built.api_version,
            "kind": "Application",
            "metadata": {key: value for key, value in metadata.items() if value},
            "spec": data.get("spec"),
        }

    def _of_clusters(self, made: _Made, depth: int = 0) -> Iterator[_Made]:
        """``made`` for each cluster that the paths it reads show; itself if no path depends on a cluster."""
        for path, candidates in self._paths(made):
            if marked_in(path):
                if depth < _MOST_PATHS:
                    for values in shown_by(path, candidates):
                        yield from self._of_clusters(settle(made, values), depth + 1)
                return
        yield made

    def _paths(self, made: _Made) -> Iterator[tuple[str, Iterable[str]]]:
        spec = mapping_of(made.get("spec"))
        for source in map(mapping_of, (spec.get("source"), *items_of(spec.get("sources")))):
            if source.get("path") and str(source.get("repoURL") or "") in self._own:
                yield str(source["path"]).strip("/").removeprefix("./"), self._git.folders
            for file in items_of(mapping_of(source.get("helm")).get("valueFiles")):
                if isinstance(file, str) and file.startswith("$"):
                    yield file.partition("/")[2], self._files.paths

    def _lacks(self, built: BuiltObject, name: str) -> None:
        """Report a parameter that the template reads, once."""
        if name not in self._told:
            self._told.add(name)
            at = position_of(self._files, built, ("spec", "template"))
            text = f"the template of {built.title} reads '{name}', which no generator gives"
            self.findings.append(Finding("build/parameter", at, text, "", built.title))

    def _report(self, built: BuiltObject, pointer: tuple[str | int, ...], reason: str) -> None:
        at = position_of(self._files, built, ("spec", *pointer))
        self.not_seen.append(NotSeen(built.title, reason, at))


def _depends_on_cluster(made: _Made, every: list[_Made]) -> bool:
    """Whether only the clusters that Argo CD knows decide what is deployed, or where."""
    destination = mapping_of(mapping_of(made.get("spec")).get("destination"))
    return len(every) != 1 or marked_in(destination.get("server"))


def _filled(made: _Made) -> Iterator[str]:
    """The fields that must be filled: other text may have expressions for Helm or for alerts."""
    spec = mapping_of(made.get("spec"))
    yield str(mapping_of(made.get("metadata")).get("name") or "")
    yield str(spec.get("project") or "")
    yield from map(str, mapping_of(spec.get("destination")).values())
    for source in map(mapping_of, (spec.get("source"), *items_of(spec.get("sources")))):
        yield from (str(source.get(name) or "") for name in ("repoURL", "path", "chart", "targetRevision"))
        yield from map(str, items_of(mapping_of(source.get("helm")).get("valueFiles")))


def _lacking_in(text: str) -> str:
    """The first expression that was not filled; empty if all were."""
    if "<no value>" in text:
        return text
    found = re.search(r"\{\{\s*(.*?)\s*\}\}", text)
    return found[1] if found else ""
