"""Which builds can share one kustomize process without touching each other.

In one process kustomize fixes names and references over everything it has read, once, at the end.
Builds that read the same file would collide by identity, and a ``configurations`` file of one would
rewrite references of another that renames too; such builds get different processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from meshwright.manifests.unit import BuildUnit

# Kustomize compares every object with every other: a thousand builds take 70 s in one process, 6 s in twenty.
LARGEST = 80
_MANIFESTS = 400


@dataclass
class _Group:
    members: list[BuildUnit] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    cluster: str = ""
    # The settings of those that rename; None while none does.
    settings: set[str] | None = None
    is_closed: bool = False

    def takes(self, unit: BuildUnit) -> bool:
        """Whether ``unit`` clashes with no member."""
        if self.is_closed or unit.must_be_alone or len(self.members) >= LARGEST:
            return False
        if self.members and len(self.files) + len(unit.inputs.files) > _MANIFESTS:
            return False
        if self.cluster and unit.cluster and self.cluster != unit.cluster:
            return False
        # A build that gives new names would change references in one that does not.
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
    """``units`` in as few groups as a greedy colouring finds, order kept, none larger than ``LARGEST``."""
    groups: list[_Group] = []
    for unit in units:
        taker = next((found for found in groups if found.takes(unit)), None)
        if taker is None:
            taker = _Group()
            groups.append(taker)
        taker.add(unit)
    return [found.members for found in groups]
