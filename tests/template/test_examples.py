"""The committed examples are what the template renders today, and clean to the checker."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check import check_repository
from scripts.examples import EXAMPLES, build, examples, is_fleet
from support.trees import read_tree, tree_diff

ANSWERS = dict(examples())


def test_each_example_has_a_twin_on_the_other_engine() -> None:
    names = ("datacenter", "fleet", "linked", "pi-cluster")
    assert sorted(ANSWERS) == sorted([*names, *(f"{name}-argocd" for name in names)])
    for name in names:
        flux, argocd = ANSWERS[name], ANSWERS[f"{name}-argocd"]
        if is_fleet(flux):
            assert argocd == {**flux, "repository": {**flux["repository"], "engine": "argocd"}}
        else:
            assert argocd == {**flux, "engine": "argocd"}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.usefixtures("renders_here")
def test_example_is_rendered_from_its_answers(name: str, tmp_path: Path) -> None:
    build(ANSWERS[name], tmp_path / "repository")

    diff = tree_diff(read_tree(EXAMPLES / name), read_tree(tmp_path / "repository"))
    assert not diff, f"run `make examples` and read what changed:\n{diff}"


@pytest.mark.parametrize("name", ANSWERS)
def test_example_is_clean(name: str) -> None:
    report = check_repository(EXAMPLES / name)

    assert [str(finding) for finding in report.findings] == []
    assert report.objects > 20
