"""Which Kustomizations there are, in which cluster, with which objects."""

from __future__ import annotations

from pathlib import Path

from meshwright.check.report import Report
from meshwright.flux.generator import merge
from support.repositories import GITOPS_SYNC, check, config_map, flux_kustomization, lines


def flux_roots(report: Report) -> list[tuple[str, str, int]]:
    return [(root.name, root.path, root.objects) for root in report.roots if root.kind == "flux"]


def test_kustomization_that_only_built_output_has(tmp_path: Path) -> None:
    template = flux_kustomization("apps", "./apps")
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/kustomization.yaml": "resources: [sync.yaml, ../../shared]\nnameSuffix: ''\n",
        "shared/kustomization.yaml": (
            "resources: [ks.yaml]\npatches:\n- target: {kind: Kustomization}\n"
            "  patch: |\n    - {op: replace, path: /spec/path, value: ./elsewhere}\n"
        ),
        "shared/ks.yaml": template,
        "apps/map.yaml": config_map("never-built"),
        "elsewhere/map.yaml": config_map("built") + "datta: {}\n",
    }

    report = check(tmp_path, files)

    assert flux_roots(report) == [
        ("flux-system/flux-system", "clusters/home", 2),
        ("flux-system/apps", "elsewhere", 1),
    ]
    assert lines(report) == ["elsewhere/map.yaml:5:1 kubeconform/unknown-field"]


def test_kustomizations_that_only_apply_each_other(tmp_path: Path) -> None:
    files = {
        "a/ks.yaml": flux_kustomization("b", "./b"),
        "b/ks.yaml": flux_kustomization("a", "./a"),
    }

    assert flux_roots(check(tmp_path, files)) == [("flux-system/a", "a", 1), ("flux-system/b", "b", 1)]


def test_common_metadata_is_applied(tmp_path: Path) -> None:
    metadata = "commonMetadata: {annotations: {linkerd.io/inject: true}}"
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/apps.yaml": flux_kustomization("apps", "./apps", metadata),
        "apps/map.yaml": config_map("x"),
    }

    found = lines(check(tmp_path, files))

    # The value must be text: in the Kustomization itself, and in everything that it marks.
    assert "apps/map.yaml:3:11 kubeconform/type" in found
    assert any(line.startswith("clusters/home/apps.yaml") for line in found)


def test_image_override_keeps_the_name_and_replaces_the_tag() -> None:
    own = {"images": [{"name": "web", "newName": "mirror/web", "digest": "sha256:0"}]}
    merged = merge(own, {"images": [{"name": "web", "newTag": "2"}, {"name": "db", "newTag": "3"}]}, [])

    assert merged["images"] == [
        {"name": "web", "newName": "mirror/web", "newTag": "2"},
        {"name": "db", "newTag": "3"},
    ]
    assert own["images"][0]["digest"] == "sha256:0"


def test_generator_of_a_merged_kustomization_is_found(tmp_path: Path) -> None:
    spec = "namePrefix: blue-, postBuild: {substitute: {a: b}}"
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/apps.yaml": flux_kustomization("apps", "./apps", spec),
        "apps/kustomization.yaml": "namespace: shop\n"
        "configMapGenerator: [{name: script, files: [run.sh, other=data/run.sh]}]",
        "apps/run.sh": "fine\n",
        "apps/data/run.sh": "one\necho ${NONE}\n",
    }

    assert lines(check(tmp_path, files)) == ["apps/data/run.sh:2:6 build/undefined-variable"]


def test_flux_runs_no_helm(tmp_path: Path) -> None:
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/apps.yaml": flux_kustomization("apps", "./apps"),
        "apps/kustomization.yaml": "helmCharts: [{name: web, version: 1.0.0, repo: https://charts.example.org}]",
    }

    report = check(tmp_path, files)

    assert lines(report) == ["apps/kustomization.yaml:1:1 build/helm-charts"]
    assert report.not_seen == ()


def test_generated_value_is_placed_at_its_generator(tmp_path: Path) -> None:
    spec = "postBuild: {substitute: {flag: 'yes'}}"
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/apps.yaml": flux_kustomization("apps", "./apps", spec),
        "apps/kustomization.yaml": "namespace: shop\nconfigMapGenerator:\n- name: a\n"
        "- name: b\n  literals: ['k=${flag}']\n",
    }

    assert lines(check(tmp_path, files)) == ["apps/kustomization.yaml:4:3 kubeconform/type"]
