"""The committed examples are what the template renders today, and clean to the checker."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check import check_repository
from meshwright.scaffold import render
from meshwright.yaml import parse
from support.trees import read_tree, tree_diff

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yml"))


def test_each_example_has_a_twin_on_the_other_engine() -> None:
    assert NAMES == ["datacenter", "datacenter-argocd", "pi-cluster", "pi-cluster-argocd"]
    for name in ("datacenter", "pi-cluster"):
        flux, argocd = (
            parse((EXAMPLES / f"{twin}.yml").read_text(encoding="utf-8")) for twin in (name, f"{name}-argocd")
        )
        assert argocd == {**flux, "engine": "argocd"}


@pytest.mark.parametrize("name", NAMES)
def test_example_is_rendered_from_its_answers(name: str, tmp_path: Path) -> None:
    answers = parse((EXAMPLES / f"{name}.yml").read_text(encoding="utf-8"))

    render(answers, tmp_path / "repository")

    diff = tree_diff(read_tree(EXAMPLES / name), read_tree(tmp_path / "repository"))
    assert not diff, f"run `make examples` and read what changed:\n{diff}"


@pytest.mark.parametrize("name", NAMES)
def test_example_is_clean(name: str) -> None:
    report = check_repository(EXAMPLES / name)

    assert [str(finding) for finding in report.findings] == []
