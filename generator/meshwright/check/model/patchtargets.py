"""The objects that a kustomization includes, read from its files: the possible targets of its patches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationFile, KustomizationIndex, join
from meshwright.manifests.manifestfile import named_documents
from meshwright.manifests.remote import is_remote
from meshwright.patterns.regexp import PatternFault, compile_anchored
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of

_GENERATING_FIELDS = ("generators", "transformers", "helmCharts", "helmChartInflationGenerator", "crds")
# Options of a patch with which the objects that it changes get another identity.
_RENAMING_OPTIONS = ("allowNameChange", "allowKindChange")
_MAX_DEPTH = 20
_FIELDS = ("kind", "group", "version", "name")
# Kind, group and version.
_Kind = tuple[str, str, str]
# As a regular expression, it only matches itself.
_LITERAL = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class Intake:
    """The objects of a kustomization with all their names; ``complete`` if every object is known."""

    objects: list[tuple[Mapping[str, Any], frozenset[str]]]
    complete: bool


def intake(
    files: RepositoryFiles, index: KustomizationIndex, own: KustomizationFile, depth: int = 0
) -> Intake:
    """All objects from the resources and components of ``own``, before its own patches."""
    found = Intake([], depth < _MAX_DEPTH and not any(own.data.get(field) for field in _GENERATING_FIELDS))
    for field in ("resources", "bases", "components"):
        for entry in items_of(own.data.get(field)):
            if not isinstance(entry, str) or not found.complete:
                found.complete = False
                continue
            path = join(own.folder, entry)
            inner = index.get(path)
            if inner is not None:
                below = intake(files, index, inner, depth + 1)
                found.complete = found.complete and below.complete and first_renaming(inner) is None
                found.objects += [(data, _renamed(names, inner)) for data, names in below.objects]
            elif not is_remote(entry) and files.is_file(path):
                objects = list(_manifest_objects(files, path))
                found.objects += objects
                # An empty file is filled later, for example by flux bootstrap.
                found.complete = found.complete and bool(objects)
            else:
                found.complete = False
    for field, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for entry in items_of(own.data.get(field)):
            if isinstance(entry, Mapping):
                found.objects.append(
                    ({"kind": kind, "apiVersion": "v1"}, frozenset({str(entry.get("name"))}))
                )
    return found


def first_renaming(own: KustomizationFile) -> int | None:
    """The number of the first of its patches that may give objects another name or kind, if one does."""
    for number, entry in enumerate(items_of(own.data.get("patches"))):
        options = entry.get("options") if isinstance(entry, Mapping) else None
        if isinstance(options, Mapping) and any(options.get(name) for name in _RENAMING_OPTIONS):
            return number
    return None


def _manifest_objects(
    files: RepositoryFiles, path: str
) -> Iterator[tuple[Mapping[str, Any], frozenset[str]]]:
    try:
        documents = list(named_documents(files, path))
    except YamlFault:
        return
    for _, _, data in documents:
        metadata = data.get("metadata")
        name = str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""
        yield data, frozenset({name})


def _renamed(names: frozenset[str], by: KustomizationFile) -> frozenset[str]:
    prefix, suffix = str(by.data.get("namePrefix") or ""), str(by.data.get("nameSuffix") or "")
    return names | {f"{prefix}{name}{suffix}" for name in names}


class Candidates:
    """The objects that targets are matched against, each with all its names."""

    def __init__(self, objects: Iterable[tuple[Mapping[str, Any], frozenset[str]]]) -> None:
        self._all = [(_kind_of(data), names) for data, names in objects]
        self._by_name: dict[str, list[tuple[_Kind, frozenset[str]]]] = {}
        for kind, names in self._all:
            for name in names:
                self._by_name.setdefault(name, []).append((kind, names))

    def any_fits(self, target: Mapping[str, Any]) -> bool:
        """Whether a target may match one of them, ignoring labels and namespaces, which may be added later.

        A pattern that kustomize refuses counts as a match, because the build reports it.
        source: kustomize api/types/selector.go: kind, name, group, version are anchored regular expressions.
        """
        if self._all and any(_is_refused(target.get(field)) for field in _FIELDS):
            return True
        name = str(target.get("name") or "")
        # Look up a name without metacharacters, so that many patches of many objects stay linear.
        found = self._by_name.get(name, []) if _LITERAL.fullmatch(name) else self._all
        return any(_matches(target, kind, names) for kind, names in found)


def _kind_of(data: Mapping[str, Any]) -> _Kind:
    """Kind, group and version."""
    group, slash, version = str(data.get("apiVersion") or "").partition("/")
    return str(data.get("kind") or ""), group if slash else "", version if slash else group


def _matches(target: Mapping[str, Any], kind: _Kind, names: frozenset[str]) -> bool:
    candidates = ({kind[0]}, {kind[1]}, {kind[2]}, names)
    for field, values in zip(_FIELDS, candidates, strict=True):
        wanted = target.get(field)
        if not wanted:
            continue
        pattern = compile_anchored(str(wanted))
        if not any(pattern.found_in(value) for value in values):
            return False
    return True


def _is_refused(wanted: Any) -> bool:
    if not wanted:
        return False
    try:
        compile_anchored(str(wanted))
    except PatternFault:
        return True
    return False


def described(target: Mapping[str, Any]) -> str:
    """``kind Deployment, name web``, for messages."""
    shown = [
        f"{field} {target[field]}" for field in ("group", "version", "kind", "name") if target.get(field)
    ]
    return ", ".join(shown) or "anything"
