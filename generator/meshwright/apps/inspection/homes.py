"""The namespace of an application, as its manifests and releases give it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from meshwright.apps.model import Base
from meshwright.apps.podowners import pod_owner
from meshwright.apps.releases import InstalledChart
from meshwright.errors import MeshwrightError, Position
from meshwright.manifests.inside import read_inside
from meshwright.manifests.kustomization import FILE_NAMES
from meshwright.yaml import YamlFault, parse


def home_namespace(base: Base, releases: Sequence[InstalledChart], given: str | None) -> str:
    """The namespace in which the application's pods run; empty if nothing says it.

    ``given`` is the one that the user asks for. Raises MeshwrightError if pods are in several namespaces, or
    in another than ``given``: an application has one namespace.
    """
    pods: dict[str, tuple[str, Position]] = {}
    for item in base.objects:
        if pod_owner(item) and item.namespace:
            pods.setdefault(item.namespace, (item.short_title, item.origin.position))
    for release in releases:
        if release.namespace:
            pods.setdefault(release.namespace, (release.title, release.position))
    if len(pods) > 1:
        (first, (one, at)), (second, (other, there)) = list(pods.items())[:2]
        raise MeshwrightError(
            f"{at}: {one} is in namespace '{first}', and {other} ({there}) in '{second}': an application has "
            "one namespace; split the folder, and name one part with --path"
        )
    for namespace, (title, at) in pods.items():
        if given not in (None, namespace):
            raise MeshwrightError(f"{at}: {title} is in namespace '{namespace}', not in '{given}'")
        return namespace
    if given:
        return given
    named = {item.name for item in base.objects if item.kind == "Namespace" and not item.group}
    # Where workloads name no namespace, other objects may still be in those of other applications.
    bare = releases or any(map(pod_owner, base.objects))
    spaces = set() if bare else {item.namespace for item in base.objects if item.namespace}
    return next((min(found) for found in (spaces, named) if len(found) == 1), "")


def written_namespace(root: Path, folder: str) -> str:
    """The namespace that the kustomization of a folder sets, also for what cannot be seen; empty if none."""
    for name in FILE_NAMES:
        try:
            data = parse(read_inside(root, f"{folder}/{name}").decode("utf-8"))
        except (OSError, ValueError, YamlFault):
            continue
        found = data.get("namespace") if isinstance(data, dict) else None
        return found if isinstance(found, str) else ""
    return ""
