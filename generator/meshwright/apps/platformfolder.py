"""Refuses to generate for a cluster whose folder has no platform, for example after its answer was edited."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from meshwright.apps.model import RepositorySettings
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.inside import files_inside, folders_inside, read_inside
from meshwright.yaml import YamlFault, load_documents

_CLUSTERS = "clusters"


def platform_findings(root: Path, settings: RepositorySettings, clusters: Collection[str]) -> list[Finding]:
    """An error if the cluster's folder has no platform: its engine would delete the running one.

    ``clusters`` are all clusters of the repository.
    """
    if settings.layers:
        return []
    folder = f"{_CLUSTERS}/{settings.cluster}"
    found = [
        name
        for name in folders_inside(root, _CLUSTERS)
        if "platform" in folders_inside(root, f"{_CLUSTERS}/{name}")
    ]
    others = [name for name in found if name not in clusters]
    there = f"; the platform is in {_CLUSTERS}/{others[0]}" if others else ""
    text = f"cluster_name is '{settings.cluster}', but {folder} has no platform{there}"
    fix = "restore it from Git"
    if others:
        moved = _names_folder(root, others[0], folder)
        undo = f"git mv {_CLUSTERS}/{others[0]} {folder}" if moved else f"set it back to '{others[0]}'"
        wanted = others[0] if moved else settings.cluster
        fix = f"{undo}; to rename the cluster, run `meshwright update --answers cluster_name={wanted}`"
    at = _position(root, settings.answers_file, "cluster_name")
    return [Finding("generate/no-platform", at, text, fix)]


def _names_folder(root: Path, cluster: str, folder: str) -> bool:
    """Whether the entry point of a cluster's folder still names another folder."""
    places = [f"{_CLUSTERS}/{cluster}/{engine}" for engine in ("flux-system", "argocd")]
    paths = [path for place in places for path in files_inside(root, place, ".yaml")]
    return any(f"{folder}{end}".encode() in read_inside(root, path) for path in paths for end in ("\n", "/"))


def _position(root: Path, file: str, answer: str) -> Position:
    """The line of an answer."""
    try:
        documents = load_documents(read_inside(root, file).decode("utf-8"), file)
    except (OSError, UnicodeDecodeError, YamlFault):
        return Position(file)
    return documents[0].position((answer,)) if documents else Position(file)
