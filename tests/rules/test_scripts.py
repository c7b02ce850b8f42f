"""`python -m scripts.rules` makes stubs that run, and writes only what a case expects."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright.check.rules.registry import load_rules
from meshwright.errors import MeshwrightError
from scripts import ruletable
from scripts.rulecases import with_expected
from support.rulecases import CASES, found_in, load_cases

_COPIED = (
    "generator",
    "scripts",
    "schema",
    "tests/support",
    "tests/rules",
    "docs/rules",
    "template/includes",
)
_FILES = ("CONTRIBUTING.md", "docs/rules.md", "pyproject.toml", "copier.yml", "tests/conftest.py")


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    for folder in _COPIED:
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in _FILES:
        shutil.copy(root / file, tmp_path / file)
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "generator"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_a_new_rule_runs_and_asks_to_be_written(checkout: Path) -> None:
    id = ruletable.free_id("policy")

    made = run(checkout, "scripts.rules", "--new", "policy", "server-without-todo")

    assert (made.returncode, made.stderr) == (0, "")
    module = (checkout / "generator/meshwright/check/rules/policy.py").read_text(encoding="utf-8")
    assert f'@rule(\n    "{id}",\n    "server-without-todo",\n    "TODO' in module
    cases = (checkout / "tests/rules/cases/policy.yaml").read_text(encoding="utf-8")
    assert f'\n---\n{id}:\n- name: "TODO: ' in cases
    assert '    - "a.yaml:4:14: ConfigMap shop/web sets todo"\n' in cases
    assert "`server-without-todo`" in (checkout / f"docs/rules/{id}.md").read_text(encoding="utf-8")
    row = f"| [{id}](rules/{id}.md) | `server-without-todo` |"
    assert row in (checkout / "docs/rules.md").read_text(encoding="utf-8")
    assert f"{id} | MW{int(id[2:]) + 1} |" in (checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tried = run(
        checkout, "pytest", "-q", "tests/rules/test_rules.py", "tests/rules/test_registry.py", "-k", id
    )
    assert tried.returncode == 0, tried.stdout
    again = run(checkout, "scripts.rules", "--new", "policy", "server-without-todo")
    assert again.stderr == f"scripts.rules: rule {id} is called server-without-todo; choose another name\n"


def test_accept_writes_the_lines_of_one_rule(checkout: Path) -> None:
    before = {file: file.read_text(encoding="utf-8") for file in (checkout / "tests/rules/cases").iterdir()}
    wrong = {file: re.sub(r'- "a.yaml:\d+:\d+: ', '- "a.yaml:1:1: ', text) for file, text in before.items()}
    for file, text in wrong.items():
        file.write_text(text, encoding="utf-8")

    made = run(checkout, "scripts.rules", "--accept", "MW416")

    assert (made.returncode, made.stdout, made.stderr) == (0, "tests/rules/cases/policy.yaml\n", "")
    for file in before:
        parts = zip(*(text[file].split("\n---\n") for text in (before, wrong)), strict=True)
        expected = [right if right.startswith("MW416:") else other for right, other in parts]
        assert file.read_text(encoding="utf-8") == "\n---\n".join(expected), "the rest stays wrong"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--new", "polic"], "check/rules has no module 'polic'; did you mean 'policy'?"),
        (
            ["--new", "policy", "Server"],
            "'Server' is not a name of a rule: at most 40 of a-z and 0-9, with dashes between words",
        ),
        (
            ["--accept", "MW000", "MW416", "MW999"],
            "there is no rule MW000\nmeshwright: there is no rule MW999",
        ),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], said: str, root: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "scripts.rules", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (made.returncode, made.stderr) == (1, f"scripts.rules: {said}\n")


def test_what_is_expected_already_stays_as_it_is_written() -> None:
    cases = load_cases()
    for file in CASES.iterdir():
        expected: dict[str, list[tuple[str, ...]]] = {}
        for case in cases:
            if case.family == file.stem:
                expected.setdefault(case.rule, []).append(case.expect)
        text = file.read_text(encoding="utf-8")
        assert with_expected(text, expected) == text


_TEXT = """\
# A comment.
MW000:
- name: zero
  files: {}
  expect: [other]
---
MW001:
- name: one
  files:
    a.yaml: |
      expect: {PRIVATE}
  expect:
    - 'a.yaml:1:1: "old"'   # a remark
    - plain
- name: two
  expect: []
  files: {a.yaml: ""}
- {name: three, files: {}, expect: [same]}
"""


def test_only_what_differs_is_written() -> None:
    assert (
        with_expected(_TEXT, {"MW001": [[], ['a.yaml:3:4: "new"', "ä: b"], ["same"]]})
        == """\
# A comment.
MW000:
- name: zero
  files: {}
  expect: [other]
---
MW001:
- name: one
  files:
    a.yaml: |
      expect: {PRIVATE}
  expect: []
- name: two
  expect:
    - "a.yaml:3:4: \\"new\\""
    - "ä: b"
  files: {a.yaml: ""}
- {name: three, files: {}, expect: [same]}
"""
    )


def test_a_free_id_follows_the_last_of_its_module() -> None:
    taken = {rule.id for rule in load_rules()}
    for module, rules in ruletable.modules().items():
        id = ruletable.free_id(module)
        assert id not in taken
        assert id[2] == rules[-1].id[2]
        between = range(int(rules[-1].id[2:]) + 1, int(id[2:]))
        assert all(f"MW{number:03}" in taken for number in between)
    with pytest.raises(MeshwrightError, match="no module 'nothing'"):
        ruletable.free_id("nothing")


def test_the_lines_of_a_case_have_their_columns() -> None:
    case = next(case for case in load_cases() if case.rule == "MW416" and case.expect)

    assert found_in(case) == list(case.expect)
