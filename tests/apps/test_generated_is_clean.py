"""What `generate` writes passes `check`: every valid spec, and every folder that `app add` accepts.

Each is put into the example of both engines, if its answers fit that repository.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.generate import generate
from meshwright.check import check_repository
from meshwright.commands import app as command
from meshwright.errors import ExitCode
from meshwright.finding import Severity
from meshwright.yaml import parse
from support.specs import SpecCase, load_spec_cases

TESTS = Path(__file__).parents[1]
EXAMPLES = {"flux": "pi-cluster", "argocd": "pi-cluster-argocd"}
SPECS = load_spec_cases(TESTS / "valid" / "specs")
ADDS: dict[str, dict[str, Any]] = {
    title: data
    for file in sorted((TESTS / "commands" / "adds").glob("*.yaml"))
    for title, data in parse(file.read_text(encoding="utf-8"), file.name).items()
}
# Specs whose answers are not those of the examples: generate refuses them there, as it should.
ELSEWHERE = {
    "flux": {"chart-argocd", "own-component-and-patches", "pod-security-with-the-cni-plugin"},
    "argocd": {
        "chart-values",
        "own-component-and-patches",
        "pod-security-with-the-cni-plugin",
        "post-renderers",
        "post-renderers-behind-others",
    },
}
# Faults of a case's own manifests.
OWN_FAULTS = {
    "native-only-to-services-with-an-address": "MW651",
    # Its Kustomization is still there, and waits for what the example does not have.
    "a Flux Kustomization": "MW701",
    # Their values are set after the proposal, which says so.
    "variables in names": "MW681",
    # The user decides whether the project allows kube-system.
    "a namespace that the injector ignores": "build/project-destination",
    "a namespace that Argo CD's project excludes": "build/project-destination",
    # One of its objects lies in a namespace of the platform, which the project does not allow either.
    "mixed namespaces keep what is said": "MW816",
}


def placed(root: Path, tmp_path: Path, engine: str, files: dict[str, str]) -> Path:
    """The example for an engine, with these files of applications."""
    target = tmp_path / "repository"
    shutil.copytree(root / "examples" / EXAMPLES[engine], target, symlinks=True)
    for path, text in files.items():
        if path.startswith(("apps/", "components/")):
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return target


def faults(target: Path, name: str) -> list[str]:
    """The errors of a check, without those of the case's own manifests."""
    found = [item for item in check_repository(target).findings if item.severity is Severity.ERROR]
    return [
        f"{item.position}: {item.message} [{item.id}]" for item in found if item.id != OWN_FAULTS.get(name)
    ]


@pytest.mark.long
@pytest.mark.parametrize("engine", EXAMPLES)
@pytest.mark.parametrize("case", SPECS, ids=lambda case: case.name)
def test_of_a_spec(case: SpecCase, engine: str, root: Path, tmp_path: Path) -> None:
    target = placed(root, tmp_path, engine, case.files)
    outcome = generate(target, check=False, force=False, remember=False)
    assert (outcome.exit_code is ExitCode.FINDINGS) == (case.name in ELSEWHERE[engine])
    if outcome.exit_code is ExitCode.CLEAN:
        assert faults(target, case.name) == []


@pytest.mark.long
@pytest.mark.parametrize("engine", EXAMPLES)
@pytest.mark.parametrize("title", ADDS, ids=lambda title: title.replace(" ", "-"))
def test_of_a_folder(title: str, engine: str, root: Path, tmp_path: Path) -> None:
    case = ADDS[title]
    if "refused" in case["expect"][engine] or "findings" in case["expect"][engine]:
        pytest.skip("refused, see tests/commands/test_app_adds.py")
    target = placed(root, tmp_path, engine, case["files"])
    command.add(case["app"], output="json", repository=target, yes=True, **case.get("options", {}))

    assert generate(target, check=False, force=False, remember=False).exit_code is ExitCode.CLEAN

    assert faults(target, title) == []
