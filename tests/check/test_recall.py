"""Builds and verdicts of an earlier check: the same report as without them, and only what changed is done."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from meshwright.check import check_repository
from meshwright.check.cached import check_remembered
from meshwright.manifests.kustomize import Kustomize
from meshwright.manifests.unit import BuildResult, BuildUnit
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, write
from support.smallrepos import check_out, load_small_repositories
from support.storedrepos import checked

APPS = {
    "clusters/home/sync.yaml": GITOPS_SYNC,
    "clusters/home/apps.yaml": "---\n".join(
        flux_kustomization(name, f"./apps/{name}") for name in ("one", "two", "three")
    ),
    **{f"apps/{name}/map.yaml": config_map(name, key="a") for name in ("one", "two", "three")},
}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache that starts empty; the tools stay where they are."""
    from meshwright.tools import locate

    for name in ("kustomize", "kubeconform"):
        monkeypatch.setenv(f"MESHWRIGHT_{name.upper()}", str(locate(name).path))
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "builds"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that kustomize was really asked for."""
    folders: list[str] = []
    build = Kustomize.build

    def watched(self: Kustomize, units: list[BuildUnit], explain: Any) -> list[BuildResult]:
        folders.extend(unit.folder for unit in units)
        return build(self, units, explain)

    monkeypatch.setattr(Kustomize, "build", watched)
    return folders


def test_only_what_changed_is_built(tmp_path: Path, built: list[str]) -> None:
    repository = write(tmp_path / "r", APPS)
    check_remembered(repository)
    assert sorted(built) == ["apps/one", "apps/three", "apps/two", "clusters/home"]
    built.clear()

    write(repository, {"apps/two/map.yaml": config_map("two", key="b") + "datta: {}\n"})
    report = check_remembered(repository)

    assert built == ["apps/two"]
    assert [str(finding.position) for finding in report.findings] == ["apps/two/map.yaml:6:1"]


def test_a_fault_is_told_again_without_its_build(tmp_path: Path, built: list[str]) -> None:
    repository = write(
        tmp_path / "r", {**APPS, "apps/one/map.yaml": config_map("one", key="a") + "datta: {}\n"}
    )
    first = check_remembered(repository)
    built.clear()

    write(repository, {"README.md": "new"})
    second = check_remembered(repository)

    assert built == []
    assert first.findings
    assert second == first


@pytest.mark.parametrize(
    "change", ["patch", "generated file", "component", "base", "spec of flux", "new file"]
)
def test_nothing_stale(tmp_path: Path, change: str) -> None:
    """Every kind of input counts, also those that no resource list names."""
    files = {
        **APPS,
        "apps/one/kustomization.yaml": (
            "resources: [map.yaml, ../base]\n"
            "components: [../component]\n"
            "patches: [{path: patch.yaml}]\n"
            "configMapGenerator: [{name: made, namespace: shop, files: [data.txt]}]\n"
        ),
        "apps/one/patch.yaml": config_map("one", key="b"),
        "apps/one/data.txt": "text\n",
        "apps/base/kustomization.yaml": "resources: [base.yaml]\n",
        "apps/base/base.yaml": config_map("base", key="a"),
        "apps/component/kustomization.yaml": (
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: p.yaml}]\n"
        ),
        "apps/component/p.yaml": config_map("base", key="c"),
    }
    wrong = "datta: {}\n"
    changed = {
        "patch": {"apps/one/patch.yaml": config_map("one", key="b") + wrong},
        "generated file": {"apps/one/data.txt": "other\n"},
        "component": {"apps/component/p.yaml": config_map("base", key="c") + wrong},
        "base": {"apps/base/base.yaml": config_map("base", key="a") + wrong},
        "spec of flux": {
            "clusters/home/apps.yaml": flux_kustomization("one", "./apps/one", "namePrefix: 5"),
        },
        "new file": {"apps/two/more.yaml": config_map("more", key="a") + wrong},
    }[change]
    repository = write(tmp_path / "r", files)
    before = check_remembered(repository)
    assert before.findings == ()

    write(repository, changed)
    after = check_remembered(repository)

    assert after == check_repository(repository)
    if change not in ("generated file", "spec of flux"):
        assert after.findings


@pytest.mark.parametrize(
    "name",
    ["substitute-from", "patched-value", "two-clusters", "argocd-multi-source", "generated", "spec-fields"],
)
def test_the_same_report_with_and_without(tmp_path: Path, name: str) -> None:
    repository = checked(name).write(tmp_path / "r")
    rng = random.Random(name)
    check_remembered(repository)
    for _ in range(4):
        file = rng.choice(sorted(path for path in repository.rglob("*.yaml")))
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        del lines[rng.randrange(len(lines))]
        file.write_text("".join(lines), encoding="utf-8")

        assert check_remembered(repository) == check_repository(repository)


def test_small_repositories_twice(tmp_path: Path) -> None:
    for small in load_small_repositories("faulty")[::5]:
        repository = check_out(small, tmp_path / small.name)
        first = check_remembered(repository)
        (repository / "README.md").write_text("new", encoding="utf-8")

        assert check_remembered(repository) == first


def test_a_broken_cache_is_no_matter(tmp_path: Path, cache: Path) -> None:
    repository = write(tmp_path / "r", APPS)
    first = check_remembered(repository)
    (file,) = cache.glob("*.json")
    signature = json.loads(file.read_text(encoding="utf-8"))["signature"]
    foreign = json.dumps({"signature": signature, "content": {"builds": [], "valid": 7}})
    for content in ("", "[]", '{"signature": 1}', "\x00", foreign):
        file.write_text(content, encoding="utf-8")
        (repository / "README.md").write_text(content, encoding="utf-8")

        assert check_remembered(repository) == first


def test_what_is_gone_is_forgotten(tmp_path: Path, cache: Path) -> None:
    repository = write(tmp_path / "r", APPS)
    check_remembered(repository)
    (file,) = cache.glob("*.json")
    many = len(json.loads(file.read_text(encoding="utf-8"))["content"]["builds"])

    write(repository, {"clusters/home/apps.yaml": flux_kustomization("one", "./apps/one")})
    check_remembered(repository)

    assert len(json.loads(file.read_text(encoding="utf-8"))["content"]["builds"]) < many
