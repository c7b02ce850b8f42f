"""What Copier accepts and refuses: tests/valid/answers.json and tests/invalid/answers.json."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from meshwright.errors import MeshwrightError
from meshwright.resources import schema_root
from meshwright.scaffold import render
from meshwright.yaml import parse

TESTS = Path(__file__).resolve().parents[1]
INVALID: dict[str, dict[str, Any]] = json.loads((TESTS / "invalid" / "answers.json").read_text("utf-8"))
VALID: dict[str, dict[str, Any]] = json.loads((TESTS / "valid" / "answers.json").read_text("utf-8"))


@pytest.mark.parametrize("case", INVALID)
def test_bad_answer_is_refused_by_name_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    expected = INVALID[case]
    destination = tmp_path / "repository"

    with pytest.raises(MeshwrightError) as refused:
        render(expected["answers"], destination)

    assert expected["error"] in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not destination.exists()
    if str(refused.value).startswith("Validation error"):
        question, _, message = str(refused.value).partition("': ")
        name = question.rpartition("'")[2]
        assert len(str(refused.value)) <= 80, "Copier cuts it at the edge of a terminal"
        assert not message.startswith(name), "Copier names the question"


@pytest.mark.parametrize("case", VALID)
def test_good_answers_give_the_files_they_ask_for(case: str, tmp_path: Path) -> None:
    expected = VALID[case]
    destination = tmp_path / "repository"

    render(expected["answers"], destination)

    assert [path for path in expected["present"] if not (destination / path).is_file()] == []
    assert [path for path in expected["absent"] if (destination / path).exists()] == []
    assert_answers_file_is_valid(destination)


def assert_answers_file_is_valid(repository: Path) -> None:
    schema = json.loads((schema_root() / "answers.schema.json").read_text(encoding="utf-8"))
    stored = parse((repository / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(stored)] == []


def test_the_copier_command_itself_refuses_with_the_reason_and_an_exit_code(
    root: Path, tmp_path: Path
) -> None:
    destination = tmp_path / "repository"

    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "copier",
            "copy",
            "--defaults",
            "--vcs-ref=HEAD",
            "--data=viz_host=.*",
            root,
            destination,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode != 0
    assert "Validation error for question 'viz_host': use 1 to 253 of a-z, 0-9, - and ." in run.stderr
    assert not destination.exists()
