"""Each rule in other forms that users write: Lists, patches, charts' values, generateName, absent fields.

forms/<family>.yaml has two small repositories for each rule, written from the rule's page: ``right`` looks
like the fault and is none, ``faulty`` has it on each line that ends with ``# !``, and on those of ``marks``.
They are built with kustomize.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshwright.check import check_repository
from meshwright.check.rules.registry import load_rules
from meshwright.check.schema.kubeconform import Kubeconform
from support.repositories import write

_FORMS = Path(__file__).parent / "forms"
_MARK = "# !"


@dataclass(frozen=True)
class Form:
    """One repository and the rule that is asked about it."""

    rule: str
    name: str
    files: dict[str, str]
    marks: tuple[str, ...] = ()

    @property
    def marked(self) -> list[str]:
        """``file:line`` of each line with the mark, and of those that ``marks`` names in shared files."""
        here = [
            f"{path}:{number}"
            for path, text in self.files.items()
            for number, line in enumerate(text.splitlines(), 1)
            if line.rstrip().endswith(_MARK)
        ]
        return sorted([*here, *self.marks])


def load_forms() -> list[Form]:
    """All repositories, with the shared files that they name."""
    shared: dict[str, dict[str, str]] = yaml.safe_load(_text(_FORMS / "shared.yaml"))
    found = []
    for file in sorted(_FORMS.glob("*.yaml")):
        if file.name == "shared.yaml":
            continue
        content: dict[str, dict[str, Any]] = yaml.safe_load(_text(file))
        for rule, cases in content.items():
            for name, case in cases.items():
                files = {path: text for block in case.get("with", ()) for path, text in shared[block].items()}
                files = _built_from_the_top({**files, **case["files"]})
                found.append(Form(rule, name, files, tuple(case.get("marks", ()))))
    return found


def _text(file: Path) -> str:
    # No file of this repository looks as if it held a key.
    return file.read_text(encoding="utf-8").replace("{PRIVATE}", "PRIVATE")


def _built_from_the_top(files: dict[str, str]) -> dict[str, str]:
    """``files`` with a kustomization of all files of the top folder, unless they have an entry point."""
    if "kustomization.yaml" in files or any(path.startswith("clusters/") for path in files):
        return files
    top = [path for path in files if "/" not in path and path.endswith(".yaml") and path[0] != "."]
    return {"kustomization.yaml": yaml.safe_dump({"resources": top}), **files}


FORMS = load_forms()


@pytest.fixture(autouse=True)
def without_kubeconform(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a rule says does not depend on it, and it costs as much as all else."""
    monkeypatch.setattr(Kubeconform, "judge", lambda *_: ([], None))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.rule} {form.name}")
def test_form(form: Form, tmp_path: Path) -> None:
    report = check_repository(write(tmp_path, form.files))

    places = [item.position for item in report.findings if item.id == form.rule]
    found = {f"{place.path}:{place.line}" for place in places}
    assert sorted(found) == form.marked
    assert not [item.message for item in report.findings if item.id.startswith("internal/")]
    assert form.name.startswith("faulty") == bool(form.marked)


def test_every_rule_has_a_right_and_a_faulty_form() -> None:
    rules = {rule.id for rule in load_rules()}

    assert {form.rule for form in FORMS} <= rules
    for rule in rules:
        names = {form.name.split()[0] for form in FORMS if form.rule == rule}
        assert names == {"right", "faulty"}, rule
