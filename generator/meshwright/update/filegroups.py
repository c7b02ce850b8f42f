"""Groups files of a generated repository by layer, application, component, or the repository itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLACES = (
    (re.compile(r"platform/[^/]+/(?P<name>[^/]+)/"), "layer"),
    # Two files of that folder are about all layers: they are the repository's own.
    (
        re.compile(r"clusters/[^/]+/platform/(?!(?:kustomization|project)\.yaml)(?P<name>[^/]+)\.yaml\Z"),
        "layer",
    ),
    (re.compile(r"apps/(?P<name>[^/]+)/"), "application"),
    (re.compile(r"mesh/apps/[^/]+/(?P<name>[^/]+)/"), "application"),
    (re.compile(r"clusters/[^/]+/apps/(?P<name>[^/]+)\.yaml\Z"), "application"),
    (re.compile(r"mesh/components/[^/]+/(?P<name>[^/]+)/"), "component"),
    (re.compile(r"mesh/components/(?P<name>[^/]+)/"), "component"),
)
REPOSITORY = ("repository", "")
_RANKS = ("layer", "application", "component", "repository")

Group = tuple[str, str]


def group_of(path: str) -> Group:
    """The kind and name of the group of a file."""
    for pattern, kind in _PLACES:
        found = pattern.match(path)
        if found:
            return kind, found["name"]
    return REPOSITORY


def grouped(paths: Iterable[str]) -> dict[Group, list[str]]:
    """Paths by group: layers first, files of the repository itself last."""
    groups: dict[Group, list[str]] = {}
    for path in sorted(paths):
        groups.setdefault(group_of(path), []).append(path)
    return dict(sorted(groups.items(), key=lambda item: (_RANKS.index(item[0][0]), item[0][1])))
