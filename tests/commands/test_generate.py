"""What `meshwright generate` prints for people, for pull requests and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshwright.commands.generate import generate
from meshwright.errors import ExitCode
from meshwright.resources import schema_root
from support.specs import SpecCase, write_case

SPEC = "schema_version: 1\nnamespace: shop\ninject: enabled\n"
OBJECTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.29.0"}]}
"""
OVERLAY, WIRING = "mesh/apps/home/shop/kustomization.yaml", "clusters/home/apps/shop.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "apps/shop/kustomization.yaml": "resources: [all.yaml]\n",
        "apps/shop/all.yaml": OBJECTS,
        "apps/shop/mesh.yaml": SPEC,
    }
    return write_case(tmp_path, SpecCase("shop", files, (), {}))


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    schema = json.loads((schema_root() / "generate-report.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []
    return data


def test_json_of_a_run_and_of_a_check(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(repository, check=True, output="json") is ExitCode.FINDINGS
    before = report(capsys)
    assert before["summary"] == {"applications": 1, "changed": 1, "removed": 0}
    assert not before["written"]
    assert {"file": OVERLAY, "state": "missing"} in before["files"]

    assert generate(repository, output="json") is ExitCode.CLEAN
    assert report(capsys)["written"]
    assert generate(repository, check=True, output="json") is ExitCode.CLEAN
    after = report(capsys)
    assert (after["files"], after["written"], after["summary"]["changed"]) == ([], False, 0)

    (repository / "apps/shop/mesh.yaml").write_text(f"{SPEC}timeout: 7m\n")
    assert generate(repository, check=True, output="json") is ExitCode.FINDINGS
    assert {"file": WIRING, "state": "stale"} in report(capsys)["files"]

    (repository / "apps/shop/mesh.yaml").unlink()
    assert generate(repository, check=True, output="json") is ExitCode.FINDINGS
    gone = report(capsys)
    assert gone["summary"] == {"applications": 0, "changed": 0, "removed": 1}
    assert {"file": OVERLAY, "state": "superfluous"} in gone["files"]


def test_errors_are_annotations_and_findings(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "apps/shop/mesh.yaml").write_text(f"{SPEC}timeuot: 7m\n")

    assert generate(repository, output="github") is ExitCode.FINDINGS
    assert capsys.readouterr().out == (
        "::error file=apps/shop/mesh.yaml,line=4,col=1,title=mesh/unknown::"
        "unknown field 'timeuot'; did you mean 'timeout'?\nmeshwright generate: 1 error, 0 warnings\n"
    )
    assert generate(repository, output="json") is ExitCode.FINDINGS
    data = report(capsys)
    assert [item["id"] for item in data["findings"]] == ["mesh/unknown"]
    assert not data["written"]


def test_stale_files_are_annotations(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate(repository)
    capsys.readouterr()
    (repository / "apps/shop/mesh.yaml").write_text(f"{SPEC}timeout: 7m\n")

    assert generate(repository, check=True, output="github") is ExitCode.FINDINGS

    *annotations, counts = capsys.readouterr().out.splitlines()
    assert (
        f"::error file={WIRING},title=generate/stale::{WIRING} differs from what its mesh.yaml generates"
        "%0Afix: run `meshwright generate` and commit it"
    ) in annotations
    assert (
        counts == f"meshwright generate: {len(annotations)} error{'s' * (len(annotations) > 1)}, 0 warnings"
    )


def test_a_check_says_the_same_when_nothing_changed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(repository)
    capsys.readouterr()

    for _ in range(2):
        assert generate(repository, check=True) is ExitCode.CLEAN
        assert capsys.readouterr().out == "1 application: 0 stale, 1 unchanged, 0 to be removed\n"
