"""The order in a preview: Flux keeps to that of a start, Argo CD only for Applications that are new."""

from __future__ import annotations

import pytest

from meshwright.check.order.line import Line
from meshwright.difference.model import ChangeKind, Difference, RootDifference
from meshwright.update.orderlines import changed_order, order_lines


def order(engine: str, **changes: ChangeKind) -> list[str]:
    """The lines for roots ``a`` to ``c``, which start one after the other, and ``d``, which never does."""
    noun = {"flux": "Kustomization", "argocd": "Application"}[engine]
    timeline = [
        Line("clusters/home", rank, f"{noun} {name}", "", ())
        for name, rank in {"a": 1, "b": 2, "c": 3, "d": 0}.items()
    ]
    roots = [
        RootDifference(change, engine, name, f"platform/home/{name}", "clusters/home", ())
        for name, change in changes.items()
    ]
    return list(order_lines(changed_order(timeline, Difference(tuple(roots)))))[1:]


@pytest.mark.parametrize("change", [ChangeKind.CHANGED, ChangeKind.ADDED])
def test_flux_keeps_to_the_order(change: ChangeKind) -> None:
    assert order("flux", a=ChangeKind.CHANGED, c=change) == [
        "    1  Kustomization a",
        "    2  Kustomization c",
    ]


def test_argo_cd_syncs_a_commit_everywhere() -> None:
    same = ChangeKind.CHANGED
    assert order("argocd", a=same, b=same, c=same) == [f"    1  Application {name}" for name in "abc"]


def test_the_waves_of_argo_cd_order_what_is_new() -> None:
    added = ChangeKind.ADDED
    assert order("argocd", a=added, b=ChangeKind.CHANGED, c=added) == [
        "    1  Application b",
        "    2  Application a",
        "    3  Application c",
    ]


def test_what_never_comes_up_stays_last() -> None:
    lines = order("argocd", a=ChangeKind.CHANGED, d=ChangeKind.CHANGED)
    assert [line.split()[-1] for line in lines] == ["a", "d"]


def test_the_heading_says_what_waves_do() -> None:
    line = Line("clusters/home", 1, "Application a", "", ())
    assert next(order_lines([line])) == (
        "the engine applies the changes in this order "
        "(same number: in any order; sync waves order only new Applications):"
    )
