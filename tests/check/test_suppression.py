"""Findings that somebody has decided to live with, and the four formats for machines."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from meshwright.check import check_repository
from meshwright.check.report import Report
from meshwright.check.verdict.baseline import FILE, write_baseline
from meshwright.commands.check import check
from meshwright.errors import ExitCode, MeshwrightError
from support.repositories import write

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: linkerd-crds, namespace: argocd}}
spec:
  project: default
  destination: {{server: "https://kubernetes.default.svc", namespace: linkerd}}
  source:
    repoURL: https://helm.linkerd.io/edge
    chart: linkerd-crds
{0}
"""


def repository(tmp_path: Path, line: str = "    targetRevision: 2026.x", **more: str) -> Path:
    return write(tmp_path, {"linkerd.yaml": APPLICATION.format(line), **more})


def said(root: Path) -> list[str]:
    return [f"{item.position} {item.id}" for item in check_repository(root).findings]


def test_without_one(tmp_path: Path) -> None:
    assert said(repository(tmp_path)) == ["linkerd.yaml:10:21 MW102"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    targetRevision: 2026.x # meshwright: ignore MW102 we test each edge first", []),
        ("    # meshwright: ignore MW102 we test each edge first\n    targetRevision: 2026.x", []),
        ("    targetRevision: 2026.x # meshwright: ignore linkerd-version-range we test each edge first", []),
        (
            "    targetRevision: 2026.x # meshwright: ignore linkerd-version",
            ["linkerd.yaml:10:21 MW102", "linkerd.yaml:10:28 suppression/unknown-rule"],
        ),
        (
            "    targetRevision: 2026.x # meshwright: ignore chart-version-range it is for another rule",
            ["linkerd.yaml:10:21 MW102", "linkerd.yaml:10:28 suppression/unused"],
        ),
        (
            "    targetRevision: 2026.x # meshwright: ignore MW102",
            ["linkerd.yaml:10:21 MW102", "linkerd.yaml:10:28 suppression/no-reason"],
        ),
        (
            "    targetRevision: 2026.x # meshwright: ignore MW199 because",
            ["linkerd.yaml:10:21 MW102", "linkerd.yaml:10:28 suppression/unknown-rule"],
        ),
        (
            "    targetRevision: 2026.x # meshwright: ignore build/yml because",
            ["linkerd.yaml:10:21 MW102", "linkerd.yaml:10:28 suppression/unknown-rule"],
        ),
        (
            "    targetRevision: 2026.x # meshwright: ignore build/yaml because",
            ["linkerd.yaml:10:21 MW102", "linkerd.yaml:10:28 suppression/unused"],
        ),
        (
            "    targetRevision: 2026.x # meshwright: ignore",
            ["linkerd.yaml:10:21 MW102", "linkerd.yaml:10:28 suppression/no-rule"],
        ),
        (
            "    targetRevision: 2026.8.3 # meshwright: ignore MW102 once it was a range",
            ["linkerd.yaml:10:30 suppression/unused"],
        ),
    ],
)
def test_comments(line: str, expected: list[str], tmp_path: Path) -> None:
    assert said(repository(tmp_path, line)) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("ignore: [{rule: MW102, reason: we test each edge first}]", []),
        ("ignore: [{rule: linkerd-version-range, reason: we test each edge first}]", []),
        (
            "ignore: [{rule: linkerd-version-range, subject: Application argocd/linkerd-crds, reason: ...}]",
            [],
        ),
        (
            "ignore: [{rule: linkerd-version-rnge, reason: we test each edge first}]",
            [".meshwright.yaml:1:17 suppression/unknown-rule", "linkerd.yaml:10:21 MW102"],
        ),
        (
            "ignore: [{rule: values/unknwon, reason: we test each edge first}]",
            [".meshwright.yaml:1:17 suppression/unknown-rule", "linkerd.yaml:10:21 MW102"],
        ),
        (
            "ignore: [{rule: Linkerd-Version, reason: not the form of a name}]",
            [".meshwright.yaml:1:17 schema/value", "linkerd.yaml:10:21 MW102"],
        ),
        ("ignore: [{rule: MW102, path: '*.yaml', reason: we test each edge first}]", []),
        (
            "ignore: [{rule: MW102, path: 'clusters/**', reason: we test each edge first}]",
            [".meshwright.yaml:1:17 suppression/unused", "linkerd.yaml:10:21 MW102"],
        ),
        ("ignore: [{rule: MW102}]", [".meshwright.yaml:1:10 schema/required", "linkerd.yaml:10:21 MW102"]),
        (
            f"ignore: [{{rule: MW102, path: '{'*a' * 30}', reason: it would take Python a day}}]",
            [".meshwright.yaml:1:17 suppression/unused", "linkerd.yaml:10:21 MW102"],
        ),
        ("ignored: []", [".meshwright.yaml:1:1 schema/unknown", "linkerd.yaml:10:21 MW102"]),
        ("- 1", [".meshwright.yaml:1:1 schema/type", "linkerd.yaml:10:21 MW102"]),
    ],
)
def test_settings(settings: str, expected: list[str], tmp_path: Path) -> None:
    assert said(repository(tmp_path, **{".meshwright.yaml": settings})) == expected


def run(root: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[ExitCode, str]:
    code = check(root, cache=False, **options)
    return code, capsys.readouterr().out


def test_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path)
    assert run(root, capsys, write_baseline=True)[0] is ExitCode.CLEAN
    assert run(root, capsys)[0] is ExitCode.CLEAN
    assert run(root, capsys, baseline=False)[0] is ExitCode.FINDINGS

    write(
        tmp_path,
        {
            "moved.yaml": "",
            "linkerd.yaml": "# a line more\n" + APPLICATION.format("    targetRevision: 2026.x"),
        },
    )
    assert run(root, capsys)[0] is ExitCode.CLEAN, "an edit elsewhere makes no finding new"

    write(tmp_path, {"linkerd.yaml": APPLICATION.format("    targetRevision: 2026.8.3")})
    code, out = run(root, capsys)
    assert code is ExitCode.CLEAN
    assert "baseline/gone" in out

    entry = {"id": "MW102", "file": "a.yaml", "message": "x", "count": float("inf")}
    endless = json.dumps({"format": 1, "findings": [entry]})
    for text in ("{}", "[" * 100_000, endless):
        (root / ".meshwright-baseline.json").write_text(text)
        with pytest.raises(MeshwrightError, match="not a baseline of this version"):
            run(root, capsys)


def test_a_baseline_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to("elsewhere")

    with pytest.raises(MeshwrightError, match=f"{FILE}: is a symbolic link"):
        write_baseline(tmp_path, Report((), (), (), {}, "1.36"))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"select": ("MW1",)}, ExitCode.FINDINGS),
        ({"select": ("values",)}, ExitCode.CLEAN),
        ({"ignore": ("MW102",)}, ExitCode.CLEAN),
        ({"select": ("linkerd-version-range",)}, ExitCode.FINDINGS),
        ({"select": ("chart-version-range",)}, ExitCode.CLEAN),
        ({"ignore": ("linkerd-version-range",)}, ExitCode.CLEAN),
        ({"severity": "error"}, ExitCode.FINDINGS),
    ],
)
def test_selection(
    options: dict[str, object], code: ExitCode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(repository(tmp_path), capsys, **options)[0] is code


@pytest.mark.parametrize("option", ["select", "ignore"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MW9999", "; `meshwright explain` lists all"),
        ("valeus", "; did you mean 'values'?"),
        ("mw102", "; did you mean 'MW102'?"),
        ("linkerd-version", "; did you mean 'linkerd-version-range'?"),
        ("build/yml", "; did you mean 'build/yaml'?"),
        ("", "; `meshwright explain` lists all"),
    ],
)
def test_a_name_that_selects_nothing_is_an_error(option: str, name: str, said: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {option: ["MW1", name]}

    with pytest.raises(MeshwrightError) as refused:
        check(repository(tmp_path), cache=False, **options)

    assert str(refused.value) == f"--{option} {name}: no finding has this id or name{said}"


def test_changed_since(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], cwd=root, check=True)
    assert run(root, capsys, changed_since="HEAD")[0] is ExitCode.CLEAN

    write(
        root,
        {
            "second.yaml": APPLICATION.format("    targetRevision: '2026'").replace(
                "name: linkerd-crds", "name: b"
            )
        },
    )

    code, out = run(root, capsys, changed_since="HEAD")
    assert code is ExitCode.FINDINGS
    assert [line.partition(":")[0] for line in out.splitlines() if "MW102" in line] == ["second.yaml"]
    with pytest.raises(MeshwrightError, match="--changed-since nothing"):
        run(root, capsys, changed_since="nothing")
    with pytest.raises(MeshwrightError, match="not a revision"):
        run(root, capsys, changed_since="--output=x")


def test_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path)

    sarif = json.loads(run(root, capsys, output="sarif")[1])["runs"][0]
    driver = sarif["tool"]["driver"]
    assert [(rule["id"], rule["name"]) for rule in driver["rules"]] == [("MW102", "linkerd-version-range")]
    place = sarif["results"][0]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "linkerd.yaml"},
        "region": {"startLine": 10, "startColumn": 21},
    }

    suite = ElementTree.fromstring(run(root, capsys, output="junit")[1])
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert str(suite[0][0].get("message")).endswith(")")
    assert " [MW102 linkerd-version-range] (fix: " in str(suite[0][0].get("message"))

    first = run(root, capsys, output="github")[1].splitlines()[0]
    assert first.startswith("::error file=linkerd.yaml,line=10,col=21,title=MW102 linkerd-version-range::")
    assert "%0Afix: pin an exact version" in first


def test_reports_show_number_and_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, **{"kustomization.yaml": "resources: [linkerd.yaml, gone.yaml]"})

    out = run(root, capsys)[1]
    assert " [MW102 linkerd-version-range]\n" in out
    assert " [build/missing-resource]\n" in out

    found = json.loads(run(root, capsys, output="json")[1])["findings"]
    assert {(item["id"], item.get("name")) for item in found} == {
        ("MW102", "linkerd-version-range"),
        ("build/missing-resource", None),
    }


def test_a_baseline_may_name_the_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path)
    run(root, capsys, write_baseline=True)
    file = root / ".meshwright-baseline.json"
    (entry,) = json.loads(file.read_text())["findings"]
    assert (entry["id"], entry["name"]) == ("MW102", "linkerd-version-range")

    file.write_text(json.dumps({"format": 1, "findings": [{**entry, "id": entry["name"]}]}))

    code, out = run(root, capsys)
    assert code is ExitCode.CLEAN
    assert "baseline/gone" not in out


def test_caret(tmp_path: Path) -> None:
    from meshwright.check.output import text

    root = repository(tmp_path)

    shown = text.render(check_repository(root), source=root).splitlines()

    line = shown.index("  10 |     targetRevision: 2026.x")
    assert shown[line + 1].index("^") == shown[line].index("2026.x")
