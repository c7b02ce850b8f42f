"""Which builds can share one kustomize process without affecting each other.

kustomize updates names and references once, at the end, across everything that a process has read. Builds
that read the same file would collide by object ID, and a ``configurations`` file of one would rewrite
references in another that also renames objects; such builds get separate processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from meshwright.manifests.unit import BuildUnit

# kustomize compares every object with every other: a thousand builds take 70 s in one process, 6 s in twenty.
MAX_BUILDS = 80
_MAX_MANIFESTS = 400


@dataclass
class _Group:
    members: list[BuildUnit] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    cluster: str = ""
    # The settings of the members that rename objects; None if none does.
    settings: set[str] | None = None
    is_closed: bool = False

    def accepts(self, unit: BuildUnit) -> bool:
        """Whether ``unit`` can join without affecting a member."""
        if self.is_closed or unit.must_be_alone or len(self.members) >= MAX_BUILDS:
            return False
        if self.members and len(self.files) + len(unit.inputs.files) > _MAX_MANIFESTS:
            return False
        if self.cluster and unit.cluster and self.cluster != unit.cluster:
            return False
        # A build that renames objects would change references in one that does not.
        if self.members and unit.inputs.renames != (self.settings is not None):
            return False
        if unit.inputs.renames and self.settings is not None and self.settings != unit.inputs.settings:
            return False
        return self.files.isdisjoint(unit.inputs.files)

    def add(self, unit: BuildUnit) -> None:
        self.members.append(unit)
        self.files |= unit.inputs.files
        self.cluster = self.cluster or unit.cluster
        self.is_closed = unit.must_be_alone
        if unit.inputs.renames:
            self.settings = unit.inputs.settings


def group(units: Sequence[BuildUnit]) -> list[list[BuildUnit]]:
    """Group ``units`` greedily, in order, with at most ``MAX_BUILDS`` per group."""
    groups: list[_Group] = []
    for unit in units:
        target = next((found for found in groups if found.accepts(unit)), None)
        if target is None:
            target = _Group()
            groups.append(target)
        target.add(unit)
    return [found.members for found in groups]
