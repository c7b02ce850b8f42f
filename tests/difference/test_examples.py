"""The rendered examples, of both engines, with a change of the kind that a pull request brings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meshwright.difference import compare, text
from meshwright.difference.model import ChangeKind
from meshwright.difference.sharing import SharedBuilds
from meshwright.pins import load_pins

EXAMPLES = ["datacenter", "pi-cluster-argocd"]
LINKERD = load_pins().charts["linkerd"]


@pytest.fixture(params=EXAMPLES)
def states(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> tuple[Path, Path]:
    old = root / "examples" / request.param
    return old, Path(shutil.copytree(old, tmp_path / "new"))


def test_comments_and_order_of_keys_are_no_difference(states: tuple[Path, Path]) -> None:
    old, new = states
    for file in new.rglob("*.yaml"):
        # The text of a values file is data of a ConfigMap: there a comment counts.
        if file.name != "values.yaml":
            file.write_text(f"# read me\n{file.read_text(encoding='utf-8')}", encoding="utf-8")

    assert compare(old, new).is_empty


def test_a_new_linkerd_is_told_by_its_charts(
    states: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = states
    for file in (new / "platform").rglob("*.yaml"):
        file.write_text(file.read_text(encoding="utf-8").replace(LINKERD[2:], "26.9.9"), encoding="utf-8")

    difference = compare(old, new)

    versions = {(found.old, found.new) for _, item in difference.objects() for found in item.charts}
    charts = {found.chart for _, item in difference.objects() for found in item.charts}
    assert versions == {(LINKERD, "2026.9.9")}
    assert {"linkerd-crds", "linkerd-control-plane", "linkerd-viz"} <= charts
    assert difference.count(ChangeKind.CHANGED) == sum(1 for _ in difference.objects())
    assert "linkerd-gate" in text.render(difference), "the gate runs again"
    monkeypatch.setattr(SharedBuilds, "digest", lambda *_: None)
    assert compare(old, new) == difference, "as if everything were built on both sides"


def test_one_engine_for_the_other_moves_the_applications(root: Path) -> None:
    difference = compare(root / "examples/pi-cluster", root / "examples/pi-cluster-argocd")

    moved = {item.title: item for _, item in difference.objects() if item.change is ChangeKind.MOVED}
    assert moved["Deployment demo/web"].source == "Kustomization flux-system/demo"
    assert not difference.not_compared
