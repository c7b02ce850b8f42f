"""Each bad spec gives its one line, each good one its overlay: tests/invalid/specs and tests/valid/specs."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.apps.generate import generate
from meshwright.errors import ExitCode
from support.specs import SpecCase, lines, load_spec_cases, planned, write_case
from support.trees import read_tree

TESTS = Path(__file__).parents[1]
INVALID = load_spec_cases(TESTS / "invalid" / "specs")
VALID = load_spec_cases(TESTS / "valid" / "specs")


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_invalid(case: SpecCase, tmp_path: Path) -> None:
    root = write_case(tmp_path, case)

    _, findings = planned(root)

    assert lines(findings) == list(case.expect)
    assert all(item.severity == "error" for item in findings), "what is wrong stops the run"
    assert not [line for line in case.expect if "\n" in line]


@pytest.mark.parametrize("case", INVALID[::8], ids=lambda case: case.name)
def test_nothing_is_written(case: SpecCase, tmp_path: Path) -> None:
    root = write_case(tmp_path, case)
    before = read_tree(root)

    assert generate(root, check=False, force=True, remember=False).exit_code is ExitCode.FINDINGS

    assert read_tree(root) == before


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_valid(case: SpecCase, tmp_path: Path) -> None:
    overlays, findings = planned(write_case(tmp_path, case))

    assert lines(findings) == list(case.expect)
    files = {path: text for overlay in overlays.values() for path, text in overlay.files.items()}
    assert files == case.output
    assert {name: overlay.needs for name, overlay in overlays.items()} == case.needs


def test_a_number_is_not_taken_for_a_truth_that_was_valid(tmp_path: Path) -> None:
    """Values of fields are judged once each; 1 and true are equal in Python."""
    texts = ["createNamespace: true", "createNamespace: 1"]
    found = []
    for number, text in enumerate(texts):
        spec = f"schema_version: 1\nnamespace: shop\ninject: enabled\n{text}\n"
        root = write_case(tmp_path / str(number), SpecCase("one", {"apps/shop/mesh.yaml": spec}, (), {}))
        found.append([item.id for item in generate(root, check=False, force=False, remember=False).findings])
    assert "mesh/type" not in found[0]
    assert found[1] != found[0]
