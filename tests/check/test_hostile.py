"""Input that nobody meant: no traceback, and everything else is still checked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from meshwright.check import check_repository
from meshwright.errors import MeshwrightError
from meshwright.manifests.kustomize import Kustomize
from meshwright.manifests.unit import BuildResult, BuildUnit
from support.repositories import GITOPS_SYNC, check, config_map, flux_kustomization, lines, write

GOOD = {
    "good/kustomization.yaml": "resources: [map.yaml]",
    "good/map.yaml": config_map("good") + "datta: {}\n",
}
GOOD_FINDING = "good/map.yaml:5:1 kubeconform/unknown-field"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match="does not exist"):
        check_repository(tmp_path / "nowhere")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(MeshwrightError, match="is not a folder"):
        check_repository(tmp_path / "file")


def test_no_gitops_repository(tmp_path: Path) -> None:
    write(tmp_path, {"README.md": "hello", "values.yaml": "a: 1"})

    with pytest.raises(MeshwrightError, match=r"no Flux Kustomization.*kustomization\.yaml"):
        check_repository(tmp_path)


def test_unknown_kubernetes_names_those_embedded(tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match=r"Kubernetes 1\.12: no embedded schemas.*available: 1\.\d+, "):
        check_repository(write(tmp_path, GOOD), kubernetes="1.12")


@pytest.mark.parametrize("asked", ["1.35", "v1.35", "1.35.4"])
def test_kubernetes_by_minor(tmp_path: Path, asked: str) -> None:
    assert check_repository(write(tmp_path, GOOD), kubernetes=asked).kubernetes == "1.35"


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, "latin/kustomization.yaml": "resources: [map.yaml]"})
    (tmp_path / "latin" / "map.yaml").write_bytes(b"kind: ConfigMap\n# caf\xe9\n")

    report = check_repository(tmp_path)

    assert lines(report) == [GOOD_FINDING, "latin/map.yaml:2:6 build/yaml"]
    assert "not UTF-8" in report.findings[1].message


def test_binary_and_huge_files_beside(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "blob.yaml").write_bytes(os.urandom(2000) + b"\x00\xff")
    with (tmp_path / "huge.yaml").open("wb") as huge:
        huge.write(b"apiVersion: kustomize.toolkit.fluxcd.io/v1\n")
        huge.truncate(11 * 1024 * 1024)

    assert lines(check_repository(tmp_path)) == [GOOD_FINDING]


def test_loop_of_links(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "good" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.yaml").symlink_to("self.yaml")

    assert lines(check_repository(tmp_path)) == [GOOD_FINDING]


def test_link_as_resource(tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, "linked/kustomization.yaml": "resources: [there/map.yaml]"})
    (tmp_path / "linked" / "there").symlink_to(tmp_path / "good", target_is_directory=True)

    report = check_repository(tmp_path)

    assert lines(report) == [GOOD_FINDING, "linked/kustomization.yaml:1:13 build/symbolic-link"]


def test_empty_folder_is_not_in_git(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "clusters/home/sync.yaml": GITOPS_SYNC,
            "clusters/home/apps.yaml": flux_kustomization("apps", "./apps"),
        },
    )
    (tmp_path / "apps").mkdir()

    report = check_repository(tmp_path)

    assert lines(report) == ["clusters/home/apps.yaml:4:29 build/missing-path"]
    assert "Git does not track empty folders" in report.findings[0].message


def test_path_that_is_a_file(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "clusters/home/sync.yaml": GITOPS_SYNC,
            "clusters/home/apps.yaml": flux_kustomization("apps", "./apps.yaml"),
            "apps.yaml": config_map("apps"),
        },
    )

    assert lines(report) == ["clusters/home/apps.yaml:4:29 build/missing-path"]


def test_broken_file_that_mentions_flux(tmp_path: Path) -> None:
    broken = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: [Kustomization\n"

    report = check(tmp_path, {**GOOD, "clusters/home/apps.yaml": broken})

    assert "clusters/home/apps.yaml:2:7 build/yaml" in lines(report)


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    bad = {"build/out/kustomization.yaml": "resources: [gone.yaml]"}
    write(tmp_path, {**GOOD, **bad, ".gitignore": "build/\n"})

    assert lines(check_repository(tmp_path)) == [GOOD_FINDING]


@pytest.mark.parametrize(
    "spec",
    [
        "postBuild: 5",
        "postBuild: {substitute: [a], substituteFrom: x}",
        "patches: {a: b}, images: text, components: 3",
        "path: [a]",
        "sourceRef: none",
        "commonMetadata: [x]",
    ],
)
def test_wrong_types_in_a_spec(tmp_path: Path, spec: str) -> None:
    head = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n"
    own = {"path": "path: ./good", "sourceRef": "sourceRef: {kind: GitRepository, name: flux-system}"}
    usual = ", ".join(text for name, text in own.items() if not spec.startswith(name))
    apps = f"{head}spec: {{interval: 1m, prune: true, {usual}, {spec}}}\n"

    report = check(
        tmp_path, {**GOOD, "clusters/home/sync.yaml": GITOPS_SYNC, "clusters/home/apps.yaml": apps}
    )

    wrong = [finding for finding in report.findings if finding.position.path == "clusters/home/apps.yaml"]
    assert wrong
    assert GOOD_FINDING in lines(report)


@pytest.mark.parametrize(
    "body",
    [
        "resources: text",
        "resources: [1, null, {a: b}]",
        "patches: {a: b}",
        "configMapGenerator: 7",
        "configMapGenerator: [x, {name: 3, files: y}]",
        "openapi: text",
        "[]",
        "",
        "helmCharts: text",
    ],
)
def test_wrong_types_in_a_kustomization(tmp_path: Path, body: str) -> None:
    report = check(tmp_path, {**GOOD, "odd/kustomization.yaml": body})

    assert GOOD_FINDING in lines(report)


@pytest.mark.parametrize("place", ["resource", "patch", "beside a chart"])
def test_aliases_without_end_never_reach_kustomize(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes all the memory there is: the rest of its folder is built without it."""
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)]
    bomb = config_map("one") + "a0: &a0 [lol]\n" + "".join(rows)
    kustomization = {
        "resource": "resources: [one.yaml]",
        "patch": "resources: [two.yaml]\npatches: [{path: one.yaml}]",
        "beside a chart": "resources: [one.yaml]\nhelmCharts: [{name: a, repo: https://a.b, version: 1.0.0}]",
    }[place]
    build = Kustomize.build

    def watched(self: Kustomize, units: Sequence[BuildUnit], explain: Any) -> list[BuildResult]:
        # A test that failed by taking all the memory would tell nobody.
        for unit in units:
            given = unit.manifest or unit.copies.get(unit.folder)
            assert unit.folder == "good" or (given and "one.yaml" not in str([unit.manifest, unit.copies]))
        return build(self, units, explain)

    monkeypatch.setattr(Kustomize, "build", watched)

    report = check(
        tmp_path,
        {**GOOD, "a/kustomization.yaml": kustomization, "a/one.yaml": bomb, "a/two.yaml": config_map("one")},
    )

    assert [line for line in lines(report) if line.startswith("a/one.yaml")] == ["a/one.yaml:11:5 build/yaml"]
    assert GOOD_FINDING in lines(report)


_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
)


@pytest.mark.parametrize(
    ("kustomization", "place"),
    [
        ("resources: [laughs.yaml]\n", "odd/laughs.yaml:6:5"),
        ("patches: [{path: laughs.yaml}]\nresources: [map.yaml]\n", "odd/laughs.yaml:6:5"),
        ("transformers: [laughs.yaml]\nresources: [map.yaml]\n", "odd/laughs.yaml:6:5"),
        ("configurations: [laughs.yaml]\nresources: [map.yaml]\n", "odd/laughs.yaml:6:5"),
        (f"resources: [map.yaml]\npatches:\n- patch: {json.dumps(_LAUGHS)}\n", "odd/kustomization.yaml:3:10"),
    ],
    ids=["resource", "patch", "transformer", "configuration", "inline"],
)
def test_a_billion_laughs_reach_no_tool(tmp_path: Path, kustomization: str, place: str) -> None:
    odd = {
        "odd/kustomization.yaml": kustomization,
        "odd/laughs.yaml": _LAUGHS,
        "odd/map.yaml": config_map("x"),
    }

    report = check(tmp_path, {**GOOD, **odd})

    assert f"{place} build/yaml" in lines(report)
    assert "aliases stand for more than" in " ".join(finding.message for finding in report.findings)
    assert GOOD_FINDING in lines(report)


def test_a_billion_laughs_in_a_patch_of_flux(tmp_path: Path) -> None:
    patch = json.dumps([{"patch": _LAUGHS, "target": {"kind": "ConfigMap"}}])
    apps = flux_kustomization("apps", "./good", f"patches: {patch}")

    report = check(
        tmp_path, {**GOOD, "clusters/home/sync.yaml": GITOPS_SYNC, "clusters/home/apps.yaml": apps}
    )

    assert any("aliases stand for more than" in finding.message for finding in report.findings)


def test_laughs_as_plain_data_are_left_alone(tmp_path: Path) -> None:
    odd = {
        "odd/kustomization.yaml": "configMapGenerator: [{name: x, files: [laughs.yaml]}]\n",
        "odd/laughs.yaml": _LAUGHS,
    }

    assert lines(check(tmp_path, {**GOOD, **odd})) == [GOOD_FINDING]


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    """A number of four hundred digits, an absolute path, no text: as kinds, paths and keys."""
    digits = "1" + "0" * 400
    odd = {
        "odd/kustomization.yaml": "resources: [odd.yaml]\n",
        "odd/odd.yaml": (
            f"apiVersion: source.toolkit.fluxcd.io/{digits}\nkind: /etc/passwd\nmetadata: {{name: x}}\n"
        ),
        "far/kustomization.yaml": f"resources: [{digits}]\n",
        "clusters/home/viz.yaml": (
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: viz, namespace: a}\n"
            "spec:\n  interval: 1h\n  chart: {spec: {chart: linkerd-viz, version: 2026.8.3, "
            "sourceRef: {kind: HelmRepository, name: l}}}\n  values: {dashboard: {null: 1}}\n"
        ),
        "clusters/home/sync.yaml": GITOPS_SYNC,
    }
    write(tmp_path, {**GOOD, **odd})
    (tmp_path / os.fsdecode(b"odd/\xff\xfe.yaml")).write_text("a: [", encoding="utf-8")

    assert GOOD_FINDING in lines(check_repository(tmp_path))
