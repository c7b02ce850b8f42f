"""`app add` on folders as people have them: each case of adds/ on both engines, and generate after it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.generate import generate
from meshwright.commands import app as command
from meshwright.errors import MeshwrightError
from meshwright.yaml import parse
from support.specs import SpecCase, write_case
from support.trees import read_tree


@dataclass(frozen=True)
class AddCase:
    """A folder, the options of the command, and by engine what is proposed or why it is refused."""

    title: str
    app: str
    files: dict[str, str]
    expect: dict[str, dict[str, Any]]
    options: dict[str, str] = field(default_factory=dict)


CASES = [
    AddCase(title, **data)
    for file in sorted((Path(__file__).parent / "adds").glob("*.yaml"))
    for title, data in parse(file.read_text(encoding="utf-8"), file.name).items()
]


@pytest.mark.parametrize("engine", ["flux", "argocd"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title.replace(" ", "-"))
def test_add(case: AddCase, engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_case(tmp_path, SpecCase("add", case.files, (), {"engine": engine}))
    wanted, before = case.expect[engine], read_tree(root)
    if refused := wanted.get("refused"):
        with pytest.raises(MeshwrightError) as caught:
            command.add(case.app, output="json", repository=root, yes=True, **case.options)  # type: ignore[arg-type]  # options are data
        assert str(caught.value) == refused
        assert "\n" not in refused
        assert read_tree(root) == before
        return

    command.add(case.app, output="json", repository=root, yes=True, **case.options)  # type: ignore[arg-type]  # options are data

    data = json.loads(capsys.readouterr().out)
    assert data["proposal"] == wanted["proposal"]
    assert data["notes"] == wanted.get("notes", [])
    assert data["before"] == wanted.get("before", [])
    if "remarks" in wanted:
        assert [f"{item['subject']}: {item['text']}" for item in data["remarks"]] == wanted["remarks"]
        assert {item["name"]: item["reason"] for item in data["workloads"]} == wanted["workloads"]
    outcome = generate(root, check=False, force=False, remember=False)
    said = [f"{item.position}: {item.message} [{item.id}]" for item in outcome.findings]
    assert said == wanted.get("findings", [])
    assert not said or data["before"], "what generate refuses was announced"
