"""Which builds can share one kustomize process without touching each other.

In one process kustomize fixes names and references over everything it has read, once, at the end.
Builds that read the same file would collide by identity, and a ``configurations`` file of one would
rewrite references of another that renames too; such builds get different processes.
"""

from __future__ import annotations

from collections.abc import Sequence

from meshwright.manifests.unit import BuildUnit


def group(units: Sequence[BuildUnit]) -> list[list[BuildUnit]]:
    """``units`` in as few groups as a greedy colouring finds, order kept."""
    groups: list[list[BuildUnit]] = []
    for unit in units:
        for members in groups:
            if not any(_clash(unit, member) for member in members):
                members.append(unit)
                break
        else:
            groups.append([unit])
    return groups


def _clash(one: BuildUnit, other: BuildUnit) -> bool:
    return (
        one.must_be_alone
        or other.must_be_alone
        or (one.cluster != other.cluster and bool(one.cluster) and bool(other.cluster))
        or (one.closure.renames and other.closure.renames and one.closure.settings != other.closure.settings)
        or not one.closure.leaves.isdisjoint(other.closure.leaves)
    )
