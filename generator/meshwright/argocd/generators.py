"""The parameters of an ApplicationSet's generators: list, git, clusters, matrix and merge.

source: argo-cd v3.5.3, applicationset/generators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.argocd.clusterparameters import ClusterParameters
from meshwright.argocd.gitgenerator import GitGenerator
from meshwright.argocd.templating import flatten, render
from meshwright.argocd.unknownclusters import Labels, marked_in, settle, shown_by
from meshwright.gotemplate import MissingKey, Unsupported
from meshwright.labelselector import matches
from meshwright.yaml import YamlFault, parse
from meshwright.yaml.pointer import items_of, mapping_of

_SUPPORTED = frozenset({"list", "git", "clusters", "matrix", "merge"})
_MOST_SETS = 5_000


class CannotGenerate(Exception):
    """A generator whose parameters cannot be determined offline; the argument says why."""


class Generators:
    """Determines the sets of parameters that generators give."""

    def __init__(self, git: GitGenerator, clusters: ClusterParameters) -> None:
        self._git = git
        self._clusters = clusters

    def sets(self, generator: Any, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The sets of one generator, not flattened. Raises CannotGenerate."""
        go = spec.get("goTemplate") is True
        strict = "missingkey=error" in items_of(spec.get("goTemplateOptions"))
        try:
            return list(self._of(mapping_of(generator), go, strict))[:_MOST_SETS]
        except Unsupported as why:
            raise CannotGenerate(f"a template in its generator is not evaluated: {why}") from None
        except MissingKey as key:
            raise CannotGenerate(f"a template in its generator reads '{key}', which is not set") from None

    def _of(self, generator: Mapping[str, Any], go: bool, strict: bool) -> Iterator[dict[str, Any]]:
        kinds = set(generator) - {"selector"}
        if len(kinds) != 1 or not kinds <= _SUPPORTED:
            names = ", ".join(sorted(map(str, kinds))) or "nothing"
            raise CannotGenerate(f"its generator ({names}) can only be evaluated by Argo CD")
        (kind,) = kinds
        data = mapping_of(generator[kind])
        if kind == "list":
            sets = self._list(data)
        elif kind == "git":
            if reason := self._git.unsupported(data):
                raise CannotGenerate(reason)
            sets = self._git.parameters(data, go)
        elif kind == "clusters":
            sets = self._clusters.sets(data)
        elif kind == "matrix":
            sets = self._matrix(data, go, strict)
        else:
            sets = self._merge(data, go, strict)
        for parameters in sets:
            if kind in ("clusters", "git") and mapping_of(data.get("values")):
                # Values may refer to the other parameters of their set.
                given = parameters if go else flatten(parameters)
                values = render(data["values"], given, go, strict=strict)
                parameters = {**parameters, "values": {**mapping_of(parameters.get("values")), **values}}
            if "selector" not in generator or _selects(generator["selector"], parameters):
                yield parameters

    def _list(self, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        elements = items_of(data.get("elements"))
        if isinstance(data.get("elementsYaml"), str):
            try:
                elements = [*elements, *items_of(parse(data["elementsYaml"]))]
            except YamlFault:
                raise CannotGenerate("its elementsYaml is not YAML") from None
        return (dict(element) for element in elements if isinstance(element, Mapping))

    def _matrix(self, data: Mapping[str, Any], go: bool, strict: bool) -> Iterator[dict[str, Any]]:
        """Each set of the first generator with each of the second, which may refer to the first."""
        first, second = self._two(data)
        for outer in self._of(first, go, strict):
            for known in self._settled(outer, second, go, strict):
                filled = render(second, known if go else flatten(known), go, strict=strict)
                for inner in self._of(filled, go, strict):
                    yield _combined(known, inner)

    def _two(self, data: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        inner = [mapping_of(item) for item in items_of(data.get("generators"))]
        if len(inner) != 2:
            raise CannotGenerate(f"its matrix has {len(inner)} generators instead of two")
        return inner[0], inner[1]

    def _settled(
        self, parameters: dict[str, Any], following: Mapping[str, Any], go: bool, strict: bool
    ) -> list[dict[str, Any]]:
        """``parameters``, or one set for each cluster that folders show, if a git generator names them."""
        if not marked_in(parameters):
            return [parameters]
        git = mapping_of(following.get("git"))
        wanted = render(git, parameters if go else flatten(parameters), go, strict=strict)
        for field, candidates in (("directories", self._git.folders), ("files", self._git.paths)):
            for entry in items_of(wanted.get(field)):
                path = str(mapping_of(entry).get("path") or "")
                if marked_in(path):
                    found = shown_by(path, candidates)
                    if not found:
                        raise CannotGenerate(
                            "its git generator reads folders of clusters that only Argo CD knows"
                        )
                    return [settle(parameters, values) for values in found]
        return [parameters]

    def _merge(self, data: Mapping[str, Any], go: bool, strict: bool) -> Iterator[dict[str, Any]]:
        """Each set of the first generator, with what later ones set for the same keys."""
        keys = [str(key) for key in items_of(data.get("mergeKeys"))]
        inner = [mapping_of(item) for item in items_of(data.get("generators"))]
        if len(inner) < 2 or not keys:
            raise CannotGenerate("its merge has fewer than two generators or no mergeKeys")
        base, *others = [list(self._of(one, go, strict)) for one in inner]
        by_key: dict[tuple[str, ...], dict[str, Any]] = {}
        for sets in others:
            for parameters in sets:
                key = _key(parameters, keys)
                by_key[key] = _combined(by_key.get(key, {}), parameters)
        for parameters in base:
            own = _key(parameters, keys)
            if marked_in(list(own)) and by_key:
                for key in by_key:
                    yield _combined(settle(parameters, dict(zip(keys, key, strict=True))), by_key[key])
            else:
                yield _combined(parameters, by_key.get(own, {}))


def _key(parameters: Mapping[str, Any], keys: list[str]) -> tuple[str, ...]:
    flat = flatten(parameters)
    return tuple(flat.get(key, "") for key in keys)


def _combined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both sets, merged at every depth; ``second`` overrides."""
    found = dict(first)
    for key, value in second.items():
        below = found.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        found[key] = _combined(below, value) if both and not isinstance(below, Labels) else value  # type: ignore[arg-type]
    return found


def _selects(selector: Any, parameters: Mapping[str, Any]) -> bool:
    return matches(selector, flatten(parameters))
