"""Each everyday mistake is told in one line with both parties and the fix: mistakes.yaml."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshwright.apps.generate import generate
from meshwright.check import check_repository
from meshwright.finding import Finding
from mistakes.repository import edit, make_repository

pytestmark = pytest.mark.long

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mistakes") / "repository"
    make_repository(folder)
    assert not generate(folder, check=False, force=False, remember=False).has_errors
    return folder


def report(folder: Path, command: str) -> list[str]:
    """What a command reports, one line per finding with its fix."""
    findings: tuple[Finding, ...]
    if command == "generate":
        findings = generate(folder, check=False, force=False, remember=False).findings
    else:
        findings = check_repository(folder).findings
    lines = (f"{item.position}: {item.severity}: {item.message} [{item.id}]" for item in findings)
    return [f"{line}; {item.fix}" if item.fix else line for line, item in zip(lines, findings, strict=True)]


def test_without_a_mistake(generated: Path) -> None:
    assert report(generated, "check") == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["mistake"])
def test_mistake(case: dict[str, Any], generated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(generated, folder)
    for line in case["edits"]:
        edit(folder, line)

    found = report(folder, case.get("command", "check"))

    assert found == case["expect"]
    assert found, "silence"
