"""Every repository of repos/ gives the report that its file expects, to the column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshwright.check import check_repository
from meshwright.check.output import json_output, text
from meshwright.errors import ExitCode
from meshwright.resources import schema_root
from support.storedrepos import StoredRepository, checked, load_checked
from support.trees import read_tree

REPOSITORIES = load_checked()


@pytest.fixture(scope="module")
def report_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(
        (schema_root() / "check-report.schema.json").read_text(encoding="utf-8")
    )
    Draft202012Validator.check_schema(schema)
    return schema


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda repository: repository.name)
def test_report(repository: StoredRepository, tmp_path: Path, report_schema: dict[str, Any]) -> None:
    folder = repository.write(tmp_path)
    before = read_tree(folder)

    report = check_repository(folder)

    assert text.render(report) == repository.report
    assert read_tree(folder) == before, "a check writes nothing into the repository"
    data = json.loads(json_output.render(report))
    errors = [error.message for error in Draft202012Validator(report_schema).iter_errors(data)]
    assert not errors
    has_errors = any(finding["severity"] == "error" for finding in data["findings"])
    assert report.exit_code is (ExitCode.FINDINGS if has_errors else ExitCode.CLEAN)


def test_the_same_wherever_it_stands(tmp_path: Path) -> None:
    repository = checked("spec-fields")
    moved = repository.write(tmp_path / "a folder with spaces" / "répo")

    assert text.render(check_repository(moved)) == repository.report
