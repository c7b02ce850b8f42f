"""How an update lists what the template renamed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from meshwright.commands.update import update
from support.upgrades import Step, adopt, copy, make_template, release

pytestmark = pytest.mark.usefixtures("renders_here")

OLD, NEW = "template/platform/home/alpha", "template/platform/home/beta"
# Longer than what moves along with them, so that git sees nothing of the old text in the new.
OTHER = "".join(f"changed{n}: {n}\n" for n in range(40))


def listed(
    tmp_path: Path, steps: Sequence[Step], output: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> str:
    start = [{"write": {"file": f"{OLD}/third.yaml", "text": OTHER.replace("changed", "third")}}]
    template = make_template(tmp_path / "template", start)
    repository = adopt(copy(template, tmp_path / "home", {}, "v1.0.0"))
    release(template, steps, "v2.0.0")

    update(repository, preview=True, output=output)

    return capsys.readouterr().out


def test_a_renamed_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [{"move": {"from": f"{OLD}/other.yaml", "to": f"{OLD}/settings.yaml"}}]

    lines = listed(tmp_path, steps, "text", capsys).splitlines()

    assert lines[1:3] == [
        "layer alpha",
        "  R platform/home/alpha/other.yaml -> platform/home/alpha/settings.yaml",
    ]
    assert "  D platform/home/alpha/other.yaml" not in lines


def test_a_renamed_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also with a file in it that is written anew."""
    steps = [
        {"move": {"from": OLD, "to": NEW}},
        {"write": {"file": f"{NEW}/other.yaml", "text": OTHER}},
        {"write": {"file": f"{NEW}/more.yaml", "text": "more: true\n"}},
    ]

    lines = listed(tmp_path, steps, "text", capsys).splitlines()

    assert lines[1:4] == [
        "layer beta",
        "  R platform/home/alpha/ -> platform/home/beta/ (3 files)",
        "  A platform/home/beta/more.yaml",
    ]
    assert [line for line in lines if line.startswith("  D ")] == []


def test_two_files_of_a_folder_stay_two_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        {"move": {"from": f"{OLD}/{name}.yaml", "to": f"{NEW}/{name}.yaml"}} for name in ("values", "other")
    ]

    lines = listed(tmp_path, steps, "text", capsys).splitlines()

    assert [line[:29] for line in lines if line.startswith("  R ")] == [
        "  R platform/home/alpha/other",
        "  R platform/home/alpha/value",
    ]


def test_json_names_the_old_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [{"move": {"from": f"{OLD}/other.yaml", "to": f"{OLD}/settings.yaml"}}]

    changes = json.loads(listed(tmp_path, steps, "json", capsys))["changes"]

    assert {item["path"]: item.get("renamed_from") for item in changes if "alpha" in item["path"]} == {
        "platform/home/alpha/other.yaml": None,
        "platform/home/alpha/settings.yaml": "platform/home/alpha/other.yaml",
    }
