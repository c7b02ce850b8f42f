"""Builds in as few processes as possible, each result with its own build."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from meshwright.check import check_repository
from meshwright.check.model.loader import load
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.workspace import Workspace
from support.repositories import GITOPS_SYNC, check, config_map, flux_kustomization, lines, write


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of kustomize processes."""
    commands: list[list[str]] = []
    popen = subprocess.Popen

    def record(command: list[str], **options: Any) -> Any:
        commands.append(command)
        return popen(command, **options)

    monkeypatch.setattr(subprocess, "Popen", record)
    return commands


def builds(started: list[list[str]]) -> int:
    return sum("build" in command for command in started)


def app(name: str, text: str = "") -> dict[str, str]:
    return {
        f"{name}/kustomization.yaml": f"resources: [{name}.yaml]\n{text}",
        f"{name}/{name}.yaml": config_map(name),
    }


GENERATED = "configMapGenerator: [{name: %s-values, literals: [a=b]}]\n"


def test_independent_roots_share_a_process(tmp_path: Path, started: list[list[str]]) -> None:
    plain, generating = {**app("a"), **app("d")}, {**app("b", GENERATED % "b"), **app("c", GENERATED % "c")}

    report = check(tmp_path, {**plain, **generating})

    assert report.findings == ()
    assert [root.objects for root in report.roots] == [1, 2, 2, 1]
    # One for those that give new names, which would change what others refer to, and one for the others.
    assert builds(started) == 2


def test_overlays_of_one_base_do_not_share(tmp_path: Path, started: list[list[str]]) -> None:
    overlays = {f"{name}/kustomization.yaml": "resources: [../base]\n" for name in ("dev", "prod")}

    report = check(tmp_path, {**app("base"), **overlays})

    assert [(root.path, root.objects) for root in report.roots] == [("dev", 1), ("prod", 1)]
    assert builds(started) == 2


RELEASE = """
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata: {name: release}
    spec:
      interval: 1h
      chart: {spec: {chart: c, version: 1.0.0, sourceRef: {kind: HelmRepository, name: r}}}
      install: {strategy: {name: RetryOnFailure}}
      valuesFrom: [{kind: ConfigMap, name: VALUES}]
"""
NAMES = (
    "nameReference: [{kind: ConfigMap, version: v1, "
    "fieldSpecs: [{kind: HelmRelease, path: spec/valuesFrom/name}]}]"
)


def release(values: str, name: str = "release") -> str:
    return RELEASE.replace("VALUES", values).replace("name: release", f"name: {name}")


def test_name_references_of_one_root_do_not_reach_another(tmp_path: Path) -> None:
    literals = "configMapGenerator: [{name: %s-values, literals: ['values.yaml={}']}]\n"
    report = check(
        tmp_path,
        {
            "good/kustomization.yaml": (
                "resources: [r.yaml]\nconfigurations: [names.yaml]\n" + literals % "good"
            ),
            "good/names.yaml": NAMES,
            "good/r.yaml": release("good-values", "good"),
            "bad/kustomization.yaml": "resources: [r.yaml]\n" + literals % "bad",
            "bad/r.yaml": release("bad-values", "bad"),
        },
    )

    assert [finding.id for finding in report.findings] == ["values/missing-configmap"]
    assert report.findings[0].position.path == "bad/r.yaml"
    assert "configMapGenerator names it 'bad-values-" in report.findings[0].message


def test_hashed_name_of_another_root_is_not_known(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "maker/kustomization.yaml": (
                "configurations: [names.yaml]\n"
                "configMapGenerator: [{name: shared, literals: ['values.yaml={}']}]\n"
            ),
            "maker/names.yaml": NAMES,
            "user/kustomization.yaml": "resources: [r.yaml]\n",
            "user/r.yaml": release("shared"),
        },
    )

    assert [finding.id for finding in report.findings] == ["values/missing-configmap"]
    assert "ConfigMap 'shared', which only 'maker' builds" in report.findings[0].message


def test_plain_configmap_of_another_root_is_found(tmp_path: Path) -> None:
    shared = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {values.yaml: '{}'}\n"
    files = {**app("maker"), "maker/maker.yaml": shared}

    report = check(
        tmp_path,
        {**files, "user/kustomization.yaml": "resources: [r.yaml]\n", "user/r.yaml": release("shared")},
    )

    assert report.findings == ()


def test_built_objects_carry_no_trace_of_the_build(tmp_path: Path) -> None:
    deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, annotations: {own: kept}}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, annotations: {own: kept}}
            spec: {containers: [{name: web, image: web}]}
    """
    folder = write(
        tmp_path, {**app("a"), "a/kustomization.yaml": "resources: [a.yaml, d.yaml]", "a/d.yaml": deployment}
    )
    files = RepositoryFiles(folder)

    with Workspace(files.root) as workspace:
        objects = [dict(built.data) for _, built in load(files, workspace).objects()]

    written = [files.documents(path)[0].data for path in ("a/a.yaml", "a/d.yaml")]
    assert sorted(objects, key=str) == sorted(written, key=str)


def test_each_broken_root_is_told_and_the_rest_is_built(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for number in range(12):
        files |= app(f"app{number}")
        if number % 3 == 0:
            files[f"app{number}/kustomization.yaml"] += "images: [{name: x, newTag: 1}]\n"

    report = check(tmp_path, files)

    broken = [f"app{number}/kustomization.yaml:2:28 build/wrong-type" for number in (0, 3, 6, 9)]
    assert sorted(lines(report)) == sorted(broken)
    assert sum(root.built for root in report.roots) == 8
    assert sum(root.objects for root in report.roots) == 8


def test_roots_with_one_identity_are_all_validated(tmp_path: Path) -> None:
    bad = config_map("same") + "datta: {}\n"
    files: dict[str, str] = {}
    for name in ("a", "b", "c"):
        files |= {f"{name}/kustomization.yaml": "resources: [m.yaml]\n", f"{name}/m.yaml": bad}

    assert lines(check(tmp_path, files)) == [f"{name}/m.yaml:5:1 kubeconform/unknown-field" for name in "abc"]


def test_variables_of_kustomize_do_not_meet(tmp_path: Path) -> None:
    text = "vars: [{name: X, objref: {kind: ConfigMap, name: %s, apiVersion: v1}}]\n"

    report = check(tmp_path, {**app("a", text % "a"), **app("b", text % "b")})

    # Only that vars are on their way out is said, once for each.
    assert [line.split()[-1] for line in lines(report)] == ["MW914", "MW914"]
    assert [root.objects for root in report.roots] == [1, 1]


def test_remote_bases_never_reach_kustomize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    fake = tmp_path / "kustomize"
    fake.write_text(
        f"#!/bin/sh\ncase $1 in build) touch '{asked}';; *) echo v5.8.1;; esac\n", encoding="utf-8"
    )
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("MESHWRIGHT_KUSTOMIZE", str(fake))
    repository = write(tmp_path / "repo", {"a/kustomization.yaml": "resources: ['https://127.0.0.1:9/x']\n"})

    report = check_repository(repository)

    assert [item.position.path for item in report.not_seen] == ["a/kustomization.yaml"]
    assert not asked.exists()


def test_generated_kustomization_lists_files_in_order(tmp_path: Path) -> None:
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/apps.yaml": flux_kustomization("apps", "./apps"),
        "apps/b.yaml": config_map("b"),
        "apps/deep/er/a.yml": config_map("a"),
        "apps/part/kustomization.yaml": "resources: [../../outside.yaml]\n",
        "apps/part/deep/ignored.yaml": "no: manifest",
        "outside.yaml": config_map("outside"),
        "apps/readme.md": "no YAML",
    }

    report = check(tmp_path, files)

    assert report.findings == ()
    assert [root.objects for root in report.roots if root.path == "apps"] == [3]
