"""Whatever a mesh.yaml or a manifest holds, it is told in findings: never a traceback."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.inspection.gathering import gather
from meshwright.apps.inspection.remarks import remarks
from meshwright.apps.inspection.status import app_status
from meshwright.yaml import dump, parse, parse_all
from support.specs import SpecCase, load_spec_cases, planned, write_case

VALID = load_spec_cases(Path(__file__).parents[1] / "valid" / "specs")
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "no",
    "${A}",
    "a\nb",
    [],
    {},
    [None],
    {"a": None},
    "é" * 70,
]


def mutate(value: Any, chooser: random.Random) -> Any:
    """``value`` with one thing in it replaced, dropped or doubled."""
    value = copy.deepcopy(value)
    here, parent, step = value, None, None  # type: Any, Any, Any
    for _ in range(chooser.randint(1, 8)):
        if isinstance(here, dict) and here:
            parent, step = here, chooser.choice(list(here))
        elif isinstance(here, list) and here:
            parent, step = here, chooser.randrange(len(here))
        else:
            break
        here = parent[step]
    if parent is None:
        return chooser.choice(ODD)
    if chooser.random() < 0.3 and isinstance(parent, dict):
        del parent[step]
    else:
        parent[step] = copy.deepcopy(chooser.choice(ODD))
    return value


@pytest.mark.parametrize("numbers", [range(6), pytest.param(range(6, 25), marks=pytest.mark.long)])
@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_no_traceback(case: SpecCase, numbers: range, tmp_path: Path) -> None:
    chooser = random.Random(f"{case.name} {numbers}")
    specs = [path for path in case.files if path.endswith("/mesh.yaml")]
    manifests = [path for path in case.files if path.endswith("/all.yaml")]
    for number in numbers:
        files = dict(case.files)
        path = chooser.choice([*specs, *manifests])
        if path in specs:
            files[path] = dump(mutate(parse(files[path]), chooser))
        else:
            documents = [mutate(item, chooser) for item in parse_all(files[path])]
            # A document that kustomize would refuse sends the base to it: seldom, for that takes a process.
            texts = [dump(item) for item in documents if number % 12 == 0 or _is_object(item)]
            files[path] = "---\n".join(texts) or "{}\n"
        root = write_case(tmp_path / str(number), SpecCase(case.name, files, (), case.answers))
        planned(root)
        [landscape] = gather(root).contexts
        for app in landscape.apps.values():
            app_status(app, landscape)
            remarks(landscape.bases[app.name], landscape.settings)


def _is_object(data: Any) -> bool:
    if not isinstance(data, dict) or not data.get("apiVersion") or not data.get("kind"):
        return False
    metadata = data.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)
