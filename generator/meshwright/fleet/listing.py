"""Lists the clusters of a generated repository with their versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meshwright.apps.clusters import read_answers_files
from meshwright.apps.loading import load_apps
from meshwright.apps.settings import read_settings


@dataclass(frozen=True)
class ClusterSummary:
    """One cluster: the template's version that rendered it, Linkerd's, and what runs on it."""

    name: str
    version: str
    linkerd: str
    engine: str
    applications: tuple[str, ...]
    answers: str


def summaries(root: Path) -> tuple[str, list[ClusterSummary]]:
    """The version of the repository's own files, and every cluster by name. Raises MeshwrightError."""
    every = read_answers_files(root)
    found = [(item, read_settings(root, item.given, item.file)) for item in every if item.cluster]
    loaded = load_apps(root, [settings for _, settings in found])
    clusters = [
        ClusterSummary(
            name=item.cluster,
            version=str(item.given.get("_commit", "")),
            linkerd=settings.linkerd_version,
            engine=settings.engine,
            applications=tuple(loaded.on[item.cluster]),
            answers=item.file,
        )
        for item, settings in sorted(found, key=lambda pair: pair[0].cluster)
    ]
    return str(every[0].given.get("_commit", "")), clusters
