"""Reads everything that an inspection of applications needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meshwright.apps.base import read_bases
from meshwright.apps.clusterfindings import joined
from meshwright.apps.clusters import read_clusters
from meshwright.apps.inventory import inventory_findings
from meshwright.apps.loading import load_apps
from meshwright.apps.model import AppsContext, Base
from meshwright.errors import MeshwrightError
from meshwright.finding import Finding
from meshwright.words import did_you_mean
from meshwright.yaml import Document


@dataclass(frozen=True)
class Gathered:
    """The applications of each cluster with their bases, all findings, and the faults of the bases."""

    contexts: tuple[AppsContext, ...]
    findings: list[Finding]
    base_faults: list[Finding]


def gather(
    root: Path, cluster: str | None = None, read: Callable[[str], list[Document]] | None = None
) -> Gathered:
    """The applications of a repository on all clusters, or on one.

    ``read`` returns the documents of a file by its path. Raises MeshwrightError if ``root`` is not a
    generated repository, or has no such cluster.
    """
    settings = read_clusters(root)
    loaded = load_apps(root, settings)
    bases, faults = read_bases(root, loaded.base_paths, read)
    contexts = []
    for each in settings:
        apps = loaded.on[each.cluster]
        by_name = {name: bases.get(app.base_path, Base(app.base_path)) for name, app in apps.items()}
        contexts.append(AppsContext(apps, by_name, each))
    between = {context.settings.cluster: inventory_findings(context) for context in contexts}
    findings = [*loaded.findings, *joined(between, list(between))]
    if cluster is not None:
        contexts = [context for context in contexts if context.settings.cluster == cluster]
        if not contexts:
            raise MeshwrightError(f"no cluster '{cluster}' in {root}{did_you_mean(cluster, between)}")
    return Gathered(tuple(contexts), findings, faults)
