"""Groups files of a generated repository by layer, application, component, or the repository itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_PLACES = (
    (re.compile(r"platform/(?P<cluster>[^/]+)/(?P<name>[^/]+)/"), "layer"),
    # Two files of that folder are about all layers: they are the cluster's own.
    (
        re.compile(
            r"clusters/(?P<cluster>[^/]+)/platform/(?!(?:kustomization|project)\.yaml)(?P<name>[^/]+)\.yaml\Z"
        ),
        "layer",
    ),
    (re.compile(r"apps/(?P<name>[^/]+)/(?P<cluster>)"), "application"),
    (re.compile(r"mesh/apps/(?P<cluster>[^/]+)/(?P<name>[^/]+)/"), "application"),
    (re.compile(r"clusters/(?P<cluster>[^/]+)/apps/(?P<name>[^_/][^/]*)\.yaml\Z"), "application"),
    (re.compile(r"mesh/components/(?P<cluster>[^/]+)/(?P<name>[^/]+)/"), "component"),
    (re.compile(r"mesh/components/(?P<name>[^/]+)/(?P<cluster>)"), "component"),
    (re.compile(r"(?P<name>)clusters/(?P<cluster>[^/]+)/"), "cluster"),
    (re.compile(r"(?P<name>)\.copier-answers\.(?P<cluster>.+)\.yml\Z"), "cluster"),
)
_RANKS = ("layer", "application", "component", "cluster", "repository")


class FileGroup(NamedTuple):
    """Files that belong together; ``cluster`` is empty for those that all clusters share."""

    kind: str
    name: str = ""
    cluster: str = ""

    def title(self, *, several: bool) -> str:
        """The kind and the name, and the cluster if the files are those of ``several``."""
        if self.kind == "cluster":
            return f"cluster {self.cluster}"
        on = f" on {self.cluster}" if several and self.cluster else ""
        return f"{self.kind} {self.name}".rstrip() + on


REPOSITORY = FileGroup("repository")


def group_of(path: str) -> FileGroup:
    """The group of a file."""
    for pattern, kind in _PLACES:
        found = pattern.match(path)
        if found:
            return FileGroup(kind, found["name"], found["cluster"])
    return REPOSITORY


def are_several(paths: Iterable[str]) -> bool:
    """Whether the files are those of several clusters."""
    return len({group.cluster for path in paths if (group := group_of(path)).cluster}) > 1


def grouped(paths: Iterable[str]) -> dict[FileGroup, list[str]]:
    """Paths by group: by cluster, layers first; files of the repository itself last."""
    groups: dict[FileGroup, list[str]] = {}
    for path in sorted(paths):
        groups.setdefault(group_of(path), []).append(path)
    return dict(sorted(groups.items(), key=lambda item: _order(item[0])))


def _order(group: FileGroup) -> tuple[bool, str, int, str]:
    return group == REPOSITORY, group.cluster, _RANKS.index(group.kind), group.name
