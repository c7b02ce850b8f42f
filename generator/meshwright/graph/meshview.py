"""The workloads of the data as the page shows them: by namespace, with counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshwright.graph.links import fragment

# Verdict -> its sign, its word, and what it means; the order is that of counts.
VERDICTS = {
    "meshed": ("✓", "meshed", "its pods get a proxy"),
    "unmeshed": ("\N{EN DASH}", "not meshed", "its pods get no proxy, and nothing asks for one"),
    "refused": ("✕", "refused", "something asks for a proxy, but the injector adds none"),
    "unknown": ("?", "not seen", "the repository does not show what decides"),
}


@dataclass
class NamespaceView:
    """One namespace: its workloads, and the policies in it."""

    cluster: str
    name: str
    workloads: list[Mapping[str, Any]] = field(default_factory=list)
    policies: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def link(self) -> str:
        """Its fragment."""
        return fragment("namespace", self.cluster, self.name)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each verdict there are, without those that none has."""
        return counted(self.workloads)


def mesh_view(data: Mapping[str, Any]) -> dict[str, Any]:
    """``namespaces`` by cluster and name, and ``counts`` of all."""
    found: dict[tuple[str, str], NamespaceView] = {}
    for name in ("workloads", "policies"):
        for row in data[name]:
            key = (str(row["cluster"]), str(row["namespace"]))
            view = found.setdefault(key, NamespaceView(*key))
            getattr(view, name).append(row)
    return {
        "namespaces": [found[key] for key in sorted(found)],
        "counts": counted(data["workloads"]),
        "verdicts": VERDICTS,
    }


def counted(rows: list[Mapping[str, Any]]) -> dict[str, int]:
    """The number of workloads of each verdict."""
    counts = dict.fromkeys(VERDICTS, 0)
    for row in rows:
        counts[row["verdict"]] += 1
    return {name: count for name, count in counts.items() if count}
