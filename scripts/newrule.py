"""The stub of a new rule: a function in its module, and its cases. Both run, with TODOs to write."""

from __future__ import annotations

import re
from pathlib import Path

from meshwright.check.rules.registry import rules_by_name
from meshwright.errors import MeshwrightError
from scripts.ruletable import free_id

_ROOT = Path(__file__).resolve().parents[1]
_RULES = _ROOT / "generator" / "meshwright" / "check" / "rules"
_CASES = _ROOT / "tests" / "rules" / "cases"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FUNCTION = """

@rule(
    "{id}",
    "{name}",
    "TODO: what is wrong, in one line",
    why="TODO: what happens on the cluster because of it.",
    fix="TODO: what to change",
    source="TODO: where the fact was read",
)
def {function}(model: Model) -> Iterator[Hit]:
    for item in model.items("ConfigMap", ""):
        if item.get("data", "todo"):
            yield Hit(item.at("data", "todo"), f"{{item.title}} sets todo", subject=item.title)
"""
_CASES_OF_IT = """\
---
{id}:
- name: "TODO: a case where it fires"
  files:
    a.yaml: |
      apiVersion: v1
      kind: ConfigMap
      metadata: {{name: web, namespace: shop}}
      data: {{todo: written}}
  expect: []
- name: "TODO: a case that looks suspicious but is right"
  files:
    a.yaml: |
      apiVersion: v1
      kind: ConfigMap
      metadata: {{name: web, namespace: shop}}
      data: {{done: written}}
  expect: []
"""


def new_rule(module: str, name: str) -> str:
    """Write the stub into ``module``; returns its id. Raises MeshwrightError for a wrong module or name."""
    id = free_id(module)
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise MeshwrightError(
            f"'{name}' is not a name of a rule: at most 40 of a-z and 0-9, with dashes between words"
        )
    if name in rules_by_name():
        raise MeshwrightError(f"rule {rules_by_name()[name].id} is called {name}; choose another name")
    with (_RULES / f"{module}.py").open("a", encoding="utf-8") as file:
        file.write(_FUNCTION.format(id=id, name=name, function=name.replace("-", "_")))
    with (_CASES / f"{module}.yaml").open("a", encoding="utf-8") as file:
        file.write(_CASES_OF_IT.format(id=id))
    return id
