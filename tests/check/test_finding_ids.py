"""Every id that the package can print is described, and nothing else is."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.check.rules.registry import load_rules
from meshwright.commands.explain import explain
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.findingids import FINDINGS
from meshwright.resources import schema_root
from support.repositories import write

PACKAGE = Path(__file__).parents[2] / "generator/meshwright"
# The codes of schemaproblems.Problem.
CODES = ("required", "type", "unknown", "value")
# Of the calls whose id is computed, by module: what they can give.
COMPUTED = {
    "faults.py": {"internal/error"},
    "apps/loading.py": {f"mesh/{code}" for code in CODES},
    "check/schema/objects.py": {
        f"kubeconform/{code}" for code in ("unknown-field", *CODES) if code != "unknown"
    },
    "check/schema/answersfile.py": {f"schema/{code}" for code in CODES},
    "check/schema/chartvalues.py": {f"values/{code}" for code in (*CODES, "removed")},
    "check/verdict/configuration.py": {f"schema/{code}" for code in CODES},
    "check/rules/runner.py": set(),
    "manifests/manifestfile.py": {f"{step}/yaml" for step in ("build", "mesh", "schema", "values")},
}


def given() -> Iterator[tuple[str, ast.expr]]:
    """The first argument of each call of Finding, with its module."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and node.args:
                yield path.relative_to(PACKAGE).as_posix(), node.args[0]


def test_every_id_is_described() -> None:
    written, computed = set(), set()
    for module, argument in given():
        if isinstance(argument, ast.Constant):
            written.add(argument.value)
        else:
            computed.add(module)

    assert computed == set(COMPUTED)
    assert written | set().union(*COMPUTED.values()) == set(FINDINGS)


def test_reports_may_contain_every_id_of_a_check() -> None:
    schema = json.loads((schema_root() / "check-report.schema.json").read_text(encoding="utf-8"))
    pattern = schema["properties"]["findings"]["items"]["properties"]["id"]["pattern"]

    refused = [id for id in FINDINGS if not re.search(pattern, id) and not id.startswith("generate/")]
    assert refused == []


@pytest.mark.parametrize("id", FINDINGS)
def test_each_is_explained_with_its_fix(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain([id.upper()]) is ExitCode.CLEAN

    out = capsys.readouterr().out
    assert out.startswith(f"{id}: ")
    assert "\nfix: " in out
    assert not re.search(r"[.;:]$|[{}]", f"{FINDINGS[id].meaning}"), id


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    explain()

    listed = [line.split()[0].rstrip(":") for line in capsys.readouterr().out.splitlines()]
    assert listed == [*(rule.id for rule in load_rules()), *FINDINGS]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("build/yml", "no finding is called 'build/yml'; did you mean 'build/yaml'?"),
        ("pods-race-injectr", "no finding is called 'pods-race-injectr'; did you mean 'pods-race-injector'?"),
        ("shop", "'shop' is an application: `meshwright app show shop` shows it, and `meshwright explain "
                 "shop NAME2` explains why it waits for another"),
        ("linkerd-crds", "'linkerd-crds' is a layer: `meshwright explain linkerd-crds NAME2` explains why it "
                         "waits for another"),
        ("*", "no finding is called '*'; give the id or name of a finding, such as MW004, "
              "pods-race-injector or build/yaml, or two components: the one that waits, then "
              "the other"),
        ("nothing", "no finding is called 'nothing'; give the id or name of a finding, such as MW004, "
                    "pods-race-injector or build/yaml, or two components: the one that waits, then "
                    "the other"),
    ],
)  # fmt: skip
def test_other_names_get_help(name: str, said: str, tmp_path: Path) -> None:
    files = {
        ".copier-answers.yml": "engine: flux\n",
        "apps/shop/mesh.yaml": "x: 1\n",
        "platform/home/linkerd-crds/kustomization.yaml": "",
    }
    root = write(tmp_path, files)

    with pytest.raises(MeshwrightError) as refused:
        explain([name], repository=root / "apps")

    assert str(refused.value) == said


def test_three_names_are_too_many() -> None:
    with pytest.raises(MeshwrightError, match=r"^too many names: give the id or name of a finding"):
        explain(["a", "b", "c"])
