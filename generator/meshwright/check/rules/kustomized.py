"""What a kustomization takes in, read from its files: the objects that its patches and images could mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationFile, KustomizationIndex, join
from meshwright.manifests.leaf import named_documents
from meshwright.manifests.pointer import items_of
from meshwright.manifests.remote import is_remote
from meshwright.patterns.regexp import PatternFault, compile_anchored
from meshwright.yaml import YamlFault

_MAKERS = ("generators", "transformers", "helmCharts", "helmChartInflationGenerator", "crds")
_DEPTH = 20


@dataclass
class Intake:
    """The objects of a kustomization with every name that they go by; ``complete`` if nothing is hidden."""

    objects: list[tuple[Mapping[str, Any], frozenset[str]]]
    complete: bool


def intake(
    files: RepositoryFiles, index: KustomizationIndex, own: KustomizationFile, depth: int = 0
) -> Intake:
    """Everything below the resources and components of ``own``, before its own patches."""
    found = Intake([], depth < _DEPTH and not any(own.data.get(field) for field in _MAKERS))
    for field in ("resources", "bases", "components"):
        for entry in items_of(own.data.get(field)):
            if not isinstance(entry, str) or not found.complete:
                found.complete = False
                continue
            path = join(own.folder, entry)
            inner = index.get(path)
            if inner is not None:
                below = intake(files, index, inner, depth + 1)
                found.complete = found.complete and below.complete
                found.objects += [(data, _renamed(names, inner)) for data, names in below.objects]
            elif not is_remote(entry) and files.is_file(path):
                objects = list(_leaf(files, path))
                found.objects += objects
                # An empty file is a place that somebody fills later, such as flux bootstrap.
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


def _leaf(files: RepositoryFiles, path: str) -> Iterator[tuple[Mapping[str, Any], frozenset[str]]]:
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


def fits(target: Mapping[str, Any], data: Mapping[str, Any], names: frozenset[str]) -> bool:
    """Whether a target may mean an object; labels and namespaces, which others add, are not looked at.

    A pattern that kustomize refuses may mean anything: the build fails on it, and says so.
    source: kustomize api/types/selector.go: kind, name, group and version are anchored regular expressions.
    """
    group, slash, version = str(data.get("apiVersion") or "").partition("/")
    values = {
        "kind": {str(data.get("kind") or "")},
        "group": {group if slash else ""},
        "version": {version if slash else group},
        "name": set(names),
    }
    for field, candidates in values.items():
        wanted = target.get(field)
        if not wanted:
            continue
        try:
            pattern = compile_anchored(str(wanted))
        except PatternFault:
            return True
        if not any(pattern.found_in(candidate) for candidate in candidates):
            return False
    return True


def described(target: Mapping[str, Any]) -> str:
    """``kind Deployment, name web``, for people."""
    shown = [
        f"{field} {target[field]}" for field in ("group", "version", "kind", "name") if target.get(field)
    ]
    return ", ".join(shown) or "anything"
