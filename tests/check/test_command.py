"""The command as a person or a pipeline runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from meshwright.check.output import text
from meshwright.check.report import Report, RootSummary
from meshwright.commands.check import check
from meshwright.errors import ExitCode, MeshwrightError, Position
from meshwright.finding import Finding, NotSeen, Severity
from support.repositories import config_map, write

CLEAN = {"app/kustomization.yaml": "resources: [map.yaml]", "app/map.yaml": config_map("x")}
FAULTY = {**CLEAN, "app/map.yaml": config_map("x") + "datta: {}\n"}


def test_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(write(tmp_path, CLEAN), cache=False) is ExitCode.CLEAN
    assert capsys.readouterr().out == "1 of 1 root judged, 1 object, 0 findings\n"


def test_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(write(tmp_path, FAULTY), kubernetes="1.36", cache=False) is ExitCode.FINDINGS
    out = capsys.readouterr().out
    assert out.startswith(
        "1 of 1 root judged, 1 object\n\ncannot be applied:\n"
        "app/map.yaml:5:1: error: ConfigMap shop/x: unknown field 'datta'"
    )
    assert "\x1b" not in out, "no colour where nobody looks"


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(write(tmp_path, FAULTY), output="json", cache=False) is ExitCode.FINDINGS
    data = json.loads(capsys.readouterr().out)
    assert data["schema_version"] == 2
    assert data["summary"] == {
        "roots": 1,
        "judged": 1,
        "objects": 1,
        "errors": 1,
        "warnings": 0,
        "infos": 0,
        "infos_hidden": 0,
        "not_seen": 0,
        "exit_code": 1,
    }
    assert data["findings"][0]["file"] == "app/map.yaml"
    assert set(data["tools"]) == {"kustomize", "kubeconform"}


def test_could_not_run(tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match="does not exist"):
        check(tmp_path / "gone", cache=False)


def report(*findings: Finding, not_seen: tuple[NotSeen, ...] = ()) -> Report:
    roots = (RootSummary("folder", "app", "app", "", True, 3),)
    return Report(findings, not_seen, roots, {"kustomize": "v5.8.1"}, "1.36")


ERROR = Finding("build/x", Position("a.yaml", 1, 2), "wrong", "do this")
WARNING = Finding("values/y", Position("a.yaml", 3, 4), "odd", severity=Severity.WARNING)


def test_text_with_everything() -> None:
    seen = NotSeen("Secret x", "it is encrypted", Position("b.yaml", 1, 1))

    assert text.render(report(ERROR, WARNING, not_seen=(seen,))) == (
        "1 of 1 root judged, 3 objects\n"
        "\n"
        "cannot be applied:\n"
        "a.yaml:1:2: error: wrong [build/x]\n"
        "  fix: do this\n"
        "\n"
        "hangs or fails:\n"
        "a.yaml:3:4: warning: odd [values/y]\n"
        "\n"
        "not seen:\n"
        "  b.yaml:1:1: Secret x: it is encrypted\n"
        "\n"
        "1 error, 1 warning; not seen: 1\n"
    )


def test_warnings_alone_do_not_fail() -> None:
    assert report(WARNING).exit_code is ExitCode.CLEAN
    assert text.render(report(WARNING)).endswith("\n0 errors, 1 warning\n")


def test_colour_changes_no_word() -> None:
    coloured = text.render(report(ERROR, WARNING), colour=True)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text.render(report(ERROR, WARNING))
