"""Findings that share a cause are one, and a report puts the most serious consequences first."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meshwright.check.causes import Cause, causes_of
from meshwright.check.consequences import Consequence, beginning_of, consequence_of
from meshwright.check.output import github, json_output, statistics, text
from meshwright.check.report import Report, RootSummary
from meshwright.check.rules.registry import load_rules
from meshwright.check.verdict.selection import Selection
from meshwright.cli import app
from meshwright.errors import ExitCode, Position
from meshwright.finding import Finding, Severity
from meshwright.findingids import FINDINGS
from support.repositories import write

ROOTS = (RootSummary("folder", "app", "app", "", True, 3),)


def old_api(path: str, name: str, *, severity: Severity = Severity.WARNING) -> Finding:
    message = f"HelmRelease shop/{name} has version v2beta1 (see {path}:9:9)"
    return Finding("MW706", Position(path, 1, 1), message, "write v2", f"HelmRelease shop/{name}", severity)


def report(*findings: Finding, **more: bool) -> Report:
    return Report(findings, (), ROOTS, {"kustomize": "v5.8.1"}, "1.36", each=more.get("each", False))


@pytest.mark.parametrize("id", [*(rule.id for rule in load_rules()), *FINDINGS])
def test_every_finding_has_a_consequence(id: str) -> None:
    assert beginning_of(id)


def test_no_entry_is_without_effect() -> None:
    from meshwright.check import consequences

    listed = [begin for ids in consequences._IDS.values() for begin in ids.split()]
    ids = [*(rule.id for rule in load_rules()), *FINDINGS]
    assert len(listed) == len(set(listed))
    assert set(listed) == {beginning_of(id) for id in ids}


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("MW901", Consequence.LEAKED),
        ("limit/timeout", Consequence.NOT_CHECKED),
        ("kubeconform/unknown-field", Consequence.NOT_APPLIED),
        ("MW001", Consequence.HANGS),
        ("MW004", Consequence.UNMESHED),
        ("MW102", Consequence.LOST),
        ("MW914", Consequence.UNTIDY),
    ],
)
def test_what_follows(id: str, expected: Consequence) -> None:
    assert consequence_of(id) is expected


def test_the_same_of_several_objects_is_one_cause() -> None:
    findings = [old_api(f"{name}.yaml", name) for name in "abc"]

    assert causes_of(findings) == (Cause(findings[0], (findings[1], findings[2])),)
    assert causes_of(findings, each=True) == tuple(Cause(finding) for finding in findings)


def test_one_place_of_several_objects_is_one_cause() -> None:
    at = Position("namespace.yaml", 4, 5)
    routes = [
        Finding("MW514", at, f"Route {name} is refused for host {name}.example", subject=f"Route {name}")
        for name in ("x", "y")
    ]

    assert causes_of(routes) == (Cause(routes[0], (routes[1],)),)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        # Two faults of one object, at one place.
        (Finding("schema/required", Position("a", 1, 1), "lacks x", subject="A a"),
         Finding("schema/required", Position("a", 1, 1), "lacks y", subject="A a")),
        # Different parties.
        (Finding("MW651", Position("a", 1, 1), "A a names Service x", subject="A a"),
         Finding("MW651", Position("b", 1, 1), "A b names Service y", subject="A b")),
        # Different severities, and different ids.
        (old_api("a", "a"), old_api("b", "b", severity=Severity.ERROR)),
        (Finding("MW104", Position("a", 1, 1), "same"), Finding("MW102", Position("a", 1, 1), "same")),
        # Different ways out.
        (Finding("build/yaml", Position("a", 1, 1), "same", "do x"),
         Finding("build/yaml", Position("b", 1, 1), "same", "do y")),
    ],
)  # fmt: skip
def test_different_causes_stay_apart(one: Finding, two: Finding) -> None:
    assert len(causes_of([one, two])) == 2


def test_no_finding_is_lost_or_doubled() -> None:
    findings = [
        Finding(id, Position(path, line, 1), f"{subject} {word}", subject=subject, severity=severity)
        for id, path, line, subject, word, severity in product(
            ("MW901", "MW914"), ("a", "b"), (0, 1), ("", "A a", "A b"), ("x", "y"), Severity
        )
    ]

    causes = causes_of(findings)

    assert sorted((item for cause in causes for item in (cause.finding, *cause.others)), key=repr) == sorted(
        findings, key=repr
    )
    ranks = [cause.rank for cause in causes]
    assert ranks == sorted(ranks)


def test_other_places_are_counted_and_listed() -> None:
    findings = [old_api(f"{name}.yaml", name) for name in "abcdefgh"]

    shown = text.render(report(*findings))

    assert (
        "  and 7 more: b.yaml:1:1, c.yaml:1:1, d.yaml:1:1, e.yaml:1:1, f.yaml:1:1, ... (--all shows each)"
        in shown
    )
    assert shown.endswith("\n0 errors, 1 warning\n")
    assert text.render(report(*findings, each=True)).count("[MW706]") == 8
    [finding] = json_output.as_data(report(*findings))["findings"]
    assert [other["file"] for other in finding["others"]] == [f"{name}.yaml" for name in "bcdefgh"]
    assert "%0Aand 7 more: b.yaml:1:1, c.yaml:1:1" in github.render(report(*findings))


def test_on_a_terminal_what_to_do_first() -> None:
    findings = [
        Finding("MW914", Position("a", line, 1), f"fault {line}", f"do {line}") for line in range(1, 7)
    ]
    findings.append(Finding("MW901", Position("z", 1, 1), "a key", "replace it"))

    shown = text.render(report(*findings), to_do=True)

    assert "do first:\n  1. z:1:1: replace it [MW901]\n  2. a:1:1: do 1 [MW914]\n" in shown
    assert "  5. a:4:1: do 4 [MW914]\n\n7 errors" in shown
    assert "do first" not in text.render(report(*findings))
    assert "do first" not in text.render(report(*findings[:3]), to_do=True)


def test_infos_are_counted_and_hidden() -> None:
    info = [old_api(f"{name}.yaml", name, severity=Severity.INFO) for name in "ab"]
    given = report(old_api("c.yaml", "c"), *info)

    hidden = Selection().apply(given)
    assert text.render(hidden).endswith("0 errors, 1 warning; 1 info not shown (--severity info)\n")
    shown = Selection(severity=Severity.INFO).apply(given)
    assert text.render(shown).endswith("\n0 errors, 1 warning, 1 info\n")
    assert "::notice file=a.yaml" in github.render(shown)
    assert shown.exit_code is ExitCode.CLEAN


def test_statistics_by_rule(tmp_path: Path) -> None:
    findings = [old_api(f"{name}.yaml", name) for name in "abc"]
    key = Finding("MW901", Position("z", 1, 1), "a key", name="private-key-in-git")

    assert statistics.render(report(*findings, key)) == (
        "1 of 1 root judged, 3 objects\n"
        "findings  causes  severity  rule\n"
        "       1       1  error     MW901 private-key-in-git\n"
        "       3       1  warning   MW706\n"
        "1 error, 1 warning\n"
    )
    said = CliRunner().invoke(app, ["check", str(tmp_path), "--statistics", "--format", "json"])
    assert str(said.exception) == "--statistics is text; leave out --format json"


@pytest.mark.parametrize(("allowed", "code"), [(False, ExitCode.FINDINGS), (True, ExitCode.CLEAN)])
def test_a_root_that_matters_must_be_judged(allowed: bool, code: ExitCode) -> None:
    unseen = RootSummary("argocd", "mesh", "argocd/mesh", "", False, 0, "", matters=True)
    other = RootSummary("folder", "blog", "blog", "", False, 0)
    partial = RootSummary("folder", "part", "part", "", False, 2, "", matters=True)
    given = Report((), (), (*ROOTS, unseen, other, partial), {}, "1.36", allow_unseen=allowed)

    assert given.exit_code is code
    shown = text.render(given)
    assert shown.startswith(
        "2 of 4 roots judged (1 in part), 5 objects; "
        "2 not: Application argocd/mesh (not seen), folder blog (not seen)\n"
    )
    told = (
        "Application argocd/mesh (not seen) has objects of the mesh or of an engine, but could not be judged"
    )
    assert (told in shown) is not allowed
    assert (told in text.render(given, brief=True)) is not allowed


def test_nothing_to_judge_is_no_success(tmp_path: Path) -> None:
    root = write(tmp_path, {"app/kustomization.yaml": "resources: [https://example.org/x.yaml]\n"})

    said = CliRunner().invoke(app, ["check", str(root), "--no-cache"])

    assert said.exit_code == 2
    assert "nothing was judged: no object was found in Flux Kustomizations" in said.output
    assert "1 not: folder app (not seen)" in said.output
    allowed = CliRunner().invoke(app, ["check", str(root), "--no-cache", "--allow-unseen"])
    assert allowed.exit_code == 0
    data = json.loads(CliRunner().invoke(app, ["check", str(root), "--no-cache", "--format", "json"]).stdout)
    assert data["summary"]["exit_code"] == 2
    assert data["roots"] == [
        {"kind": "folder", "path": "app", "name": "app", "cluster": "", "built": False, "judged": False,
         "matters": False, "objects": 0}
    ]  # fmt: skip


def test_a_root_with_objects_of_the_mesh_matters(tmp_path: Path) -> None:
    files = {
        "mesh/kustomization.yaml": "resources: [https://example.org/x.yaml]\n",
        "mesh/server.yaml": "apiVersion: policy.linkerd.io/v1beta3\nkind: Server\nmetadata: {name: web}\n",
        "app/kustomization.yaml": "resources: [map.yaml]\n",
        "app/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: web}\n",
    }

    said = CliRunner().invoke(app, ["check", str(write(tmp_path, files)), "--no-cache", "--select", "MW1"])

    assert said.exit_code == 1
    assert re.search(r"^folder mesh \(not seen\) has objects of the mesh", said.output, re.MULTILINE)
