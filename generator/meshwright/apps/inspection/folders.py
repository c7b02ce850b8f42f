"""Folders that are not one set of manifests: overlays, charts, and what already syncs them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meshwright.apps.base.plain import read_documents
from meshwright.errors import MeshwrightError
from meshwright.manifests.inside import leads_out
from meshwright.manifests.kustomization import FILE_NAMES
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import items_of, mapping_of

_MAX_DEPTH = 4
_WIRING = (("kustomize.toolkit.fluxcd.io", "Kustomization"), ("argoproj.io", "Application"))
_PRODUCTION = ("prod", "main", "live", "home")
_MAX_FOLDERS = 500
_MAX_FILES = 200


def refuse_unclear(root: Path, path: str, name: str, engine: str) -> None:
    """Raise MeshwrightError for a folder of which one part must be chosen, or that is a chart."""
    if (root / path / "Chart.yaml").is_file():
        raise MeshwrightError(_chart_text(root, path, name, engine))
    built = [folder for folder in _kustomizations(root, path) if folder != path]
    if path in _kustomizations(root, path):
        return
    used = {found for folder in built for found in _resources(root, folder)}
    deep = [folder for folder in built if posixpath.dirname(folder) != path]
    chosen = [folder for folder in built if folder not in used]
    if chosen and (deep or used & set(built)):
        shown = ", ".join(folder.removeprefix(f"{path}/") for folder in chosen[:5])
        more = f" and {len(chosen) - 5} more" if len(chosen) > 5 else ""
        raise MeshwrightError(
            f"{path} has no kustomization.yaml, but {shown}{more} have one: choose one with "
            f"--path {_likely(chosen)}"
        )


def _likely(folders: list[str]) -> str:
    """The overlay that is most likely meant, by the usual names."""
    named = (folder for word in _PRODUCTION for folder in folders if word in posixpath.basename(folder))
    return next(named, folders[-1])


def refuse_synced(root: Path, path: str, name: str, engine: str) -> None:
    """Raise MeshwrightError if a file in the folder already syncs a part of it, or a chart."""
    for file in _yaml_files(root, path):
        try:
            documents = read_documents(root, file)
        except (YamlFault, OSError):
            continue
        several = sum(map(_is_wiring, documents)) > 1
        for document in documents:
            data = mapping_of(document.data)
            text = _synced(data, path, _name(data) if several else name, file, engine)
            if text:
                raise MeshwrightError(f"{document.position()}: {text}")


def _is_wiring(document: Document) -> bool:
    data = mapping_of(document.data)
    group = str(data.get("apiVersion") or "").partition("/")[0]
    return (group, data.get("kind")) in _WIRING


def _synced(data: Any, path: str, name: str, file: str, engine: str) -> str:
    group, _, _ = str(data.get("apiVersion") or "").partition("/")
    spec, title = mapping_of(data.get("spec")), f"{data.get('kind')} {_name(data)}"
    take = f"take it over with `meshwright app add {name} --from {file}`"
    if (group, data.get("kind")) == ("kustomize.toolkit.fluxcd.io", "Kustomization"):
        target = posixpath.normpath(str(spec.get("path") or "."))
        if engine != "flux":
            return f"{title} has no effect with Argo CD; add its folder with --path {target}"
        if f"{target}/".startswith(f"{path}/"):
            return f"{title} already applies '{target}'; {take}"
    if (group, data.get("kind")) == ("argoproj.io", "Application"):
        source = mapping_of(spec.get("source") or next(iter(items_of(spec.get("sources"))), None))
        if source.get("chart"):
            chart = f"{source.get('repoURL')}/{source['chart']}@{source.get('targetRevision')}"
            other = chart if "://" in chart else f"oci://{chart}"
            return (
                f"{title} installs a chart; make it an application with --chart {other}, and copy its values"
            )
        if engine == "flux":
            folder = source.get("path")
            return f"{title} has no effect with Flux; add its folder with --path {folder}"
        if f"{posixpath.normpath(str(source.get('path') or '.'))}/".startswith(f"{path}/"):
            return f"{title} already applies '{source['path']}'; {take}"
    if (group, data.get("kind")) == ("argoproj.io", "ApplicationSet"):
        what = "has no effect with Flux" if engine == "flux" else "creates Applications for its folders"
        return f"{title} {what}; remove it, and add each folder as an application with --path"
    return ""


def _name(data: Any) -> str:
    return str(mapping_of(data.get("metadata")).get("name") or "")


def _chart_text(root: Path, path: str, name: str, engine: str) -> str:
    try:
        [document] = read_documents(root, f"{path}/Chart.yaml")
        data = mapping_of(document.data)
    except (YamlFault, OSError, ValueError):
        data = {}
    listed = [mapping_of(item) for item in items_of(data.get("dependencies"))]
    text = f"{path} is a Helm chart (Chart.yaml), not a folder of manifests"
    if listed and not (root / path / "templates").is_dir():
        first = listed[0]
        chart = f"{first.get('repository')}/{first.get('name')}@{first.get('version')}"
        names = ", ".join(str(item.get("name")) for item in listed)
        return (
            f"{text}: it only wraps {names}; remove the folder, "
            f"add the chart with --chart {chart}, and copy its values"
        )
    if engine == "flux":
        return (
            f"{text}: in another folder, write a HelmRelease with `chart: ./{path}` and sourceRef "
            f"GitRepository flux-system, and add that folder with `meshwright app add {name} --path FOLDER`"
        )
    return (
        f"{text}: in another folder, write a kustomization.yaml with `helmGlobals.chartHome` and "
        f"`helmCharts`, and add that folder with `meshwright app add {name} --path FOLDER`"
    )


def _kustomizations(root: Path, path: str) -> list[str]:
    """The folders at and below ``path`` that kustomize can build, sorted."""
    return [
        folder
        for folder in _folders(root, path)
        if any((root / folder / name).is_file() for name in FILE_NAMES)
    ]


def _folders(root: Path, path: str) -> list[str]:
    found, waiting = [path], [path]
    while waiting and len(found) < _MAX_FOLDERS:
        folder = waiting.pop()
        if folder.count("/") - path.count("/") >= _MAX_DEPTH:
            continue
        with os.scandir(root / folder) as entries:
            inner = [f"{folder}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False)]
        found += inner
        waiting += inner
    return sorted(found)


def _yaml_files(root: Path, path: str) -> Iterator[str]:
    count = 0
    for folder in _folders(root, path):
        for entry in sorted(os.listdir(root / folder)):  # noqa: PTH208 - names only
            file = f"{folder}/{entry}"
            if entry.endswith((".yaml", ".yml")) and not leads_out(root, file) and (root / file).is_file():
                count += 1
                if count > _MAX_FILES:
                    return
                yield file


def _resources(root: Path, folder: str) -> set[str]:
    """The folders that the kustomization of ``folder`` lists."""
    data = kustomization_in(root, folder)
    listed = [*items_of(data.get("resources")), *items_of(data.get("components"))]
    return {posixpath.normpath(posixpath.join(folder, str(item))) for item in listed}


def kustomization_in(root: Path, folder: str) -> Mapping[str, Any]:
    """What the kustomization of ``folder`` says; empty if there is none, or it cannot be read."""
    for name in FILE_NAMES:
        try:
            documents = read_documents(root, f"{folder}/{name}")
        except (YamlFault, OSError):
            continue
        return mapping_of(documents[0].data) if documents else {}
    return {}
