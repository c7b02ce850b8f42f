"""What each edge prevents is what an analysis without that edge finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check.order.analysis import diagnoses, order_of
from meshwright.check.order.edgeeffects import EdgeEffects
from meshwright.check.order.startup import StartupModel, StartupUnit
from meshwright.check.pipeline import read_model


def _found_without(startup: StartupModel, pair: tuple[StartupUnit, StartupUnit], kind: str) -> set[str]:
    """The subjects of the faults that appear if the analysis is repeated without these edges."""
    from dataclasses import replace

    def kept(event: int, other: int, found: str) -> bool:
        return found != kind or (startup.owner(event), startup.owner(other)) != pair

    known = {diagnosis.text for diagnosis in diagnoses(startup)}
    less = replace(startup, graph=startup.graph.filtered(kept))
    return {diagnosis.text for diagnosis in diagnoses(less) if diagnosis.text not in known}


@pytest.mark.parametrize("example", ["pi-cluster", "pi-cluster-argocd", "datacenter", "datacenter-argocd"])
def test_consequences_agree_with_an_analysis_without_the_edge(root: Path, example: str) -> None:
    with read_model(root / "examples" / example) as model:
        startup = order_of(model).startup
        consequences = EdgeEffects(startup)
        edges = {
            (startup.owner(event), startup.owner(step.other), step.because.kind)
            for event in range(len(startup.graph))
            for step in startup.graph.waits(event)
            if startup.owner(event) != startup.owner(step.other)
        }
        told = 0
        for unit, other, kind in edges:
            found = _found_without(startup, (unit, other), kind)
            effect = consequences.without(unit, other, kind)
            assert (effect is not None) == bool(found), (unit.title, other.title, kind, found)
            if effect is not None:
                assert effect.others + 1 >= len(found)
                # "X may start before Y" and "X fails permanently if it starts before Y": the same X.
                assert effect.text.split(" ")[:2] in [text.split(" ")[:2] for text in found]
                told += 1
    assert told > 0
