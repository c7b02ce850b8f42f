"""Whether something is an application or a part of the platform, by the folder that it is in."""

from __future__ import annotations

_APPLICATIONS = frozenset({"apps", "applications", "workloads"})


def is_application(path: str) -> bool:
    """Whether a folder on the way to a file is one in which repositories keep their applications."""
    return not _APPLICATIONS.isdisjoint(path.split("/")[:-1])
