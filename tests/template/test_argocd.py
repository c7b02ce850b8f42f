"""The Argo CD side: entry point, project, waves' settings, gates and health checks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from meshwright.scaffold import render
from meshwright.yaml import parse, parse_all

EVERYTHING = {
    "engine": "argocd",
    "ingress": "k3s",
    "gateway_api": "repo",
    "redirect": "cni",
    "viz_host": "linkerd.home.arpa",
    "inject": "enabled",
    "links": [{"name": "east", "gateway": "gateway.east.example.org"}],
    "apps": ["elastic"],
}
DISASTERS = ["namespaces", "gateway-api", "prometheus-crds", "cert-manager", "trust-manager", "linkerd-trust"]
MESHED = ["kube-prometheus-stack", "linkerd-multicluster", "linkerd-viz", "traefik"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("argocd") / "repository"
    render(EVERYTHING, folder)
    return folder


def load(repository: Path, path: str) -> Any:
    return parse((repository / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def applications(repository: Path) -> dict[str, dict[str, Any]]:
    return {
        path.stem: load(repository, f"clusters/home/platform/{path.name}")
        for path in (repository / "clusters/home/platform").glob("*.yaml")
        if path.stem not in ("kustomization", "project")
    }


def test_nothing_of_flux_is_left(repository: Path) -> None:
    assert not list(repository.rglob("helmrelease.yaml"))
    assert not (repository / "clusters/home/flux-system").exists()
    for file in repository.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("kustomize.toolkit.fluxcd.io/substitute", "")
        # A linked cluster may have Flux, and mirrors must not take what Flux owns.
        assert "toolkit.fluxcd.io" not in re.sub(r"(kustomize|helm)\.toolkit\.fluxcd\.io/\*", "", text), file


def test_the_entry_point_syncs_the_layers_and_not_itself(repository: Path) -> None:
    root = load(repository, "clusters/home/argocd/root.yaml")
    listed = load(repository, "clusters/home/platform/kustomization.yaml")["resources"]

    assert root["spec"]["source"]["path"] == "clusters/home/platform"
    assert "project.yaml" in listed
    assert not [entry for entry in listed if "root" in entry or ".." in entry]


def test_everything_is_in_a_project_of_its_own(repository: Path, applications: dict[str, Any]) -> None:
    project = load(repository, "clusters/home/platform/project.yaml")
    sources = project["spec"]["sourceRepos"]
    places = {entry["namespace"] for entry in project["spec"]["destinations"]}
    root = load(repository, "clusters/home/argocd/root.yaml")

    assert project["metadata"]["name"] != "default"
    assert "*" not in [*sources, *places]
    for application in [root, *applications.values()]:
        assert application["spec"]["project"] == project["metadata"]["name"]
        assert application["spec"]["source"]["repoURL"] in sources
    namespaces = {
        item["metadata"]["namespace"]
        for file in (repository / "platform/home").rglob("*.yaml")
        if file.name not in ("kustomization.yaml", "values.yaml")
        for item in parse_all(file.read_text(encoding="utf-8"))
        if "namespace" in item["metadata"]
    }
    charts = {app["spec"]["destination"].get("namespace") for app in applications.values()} - {None}
    assert namespaces | charts <= places


def test_a_failed_sync_is_tried_for_ever_and_with_the_newest_commit(applications: dict[str, Any]) -> None:
    for application in applications.values():
        retry = application["spec"]["syncPolicy"]["retry"]
        assert retry["limit"] == -1
        assert retry["refresh"] is True


@pytest.mark.parametrize("layer", DISASTERS)
def test_a_person_confirms_what_would_be_a_disaster(layer: str, applications: dict[str, Any]) -> None:
    application = applications[layer]

    assert {"Prune=confirm", "Delete=confirm"} <= set(application["spec"]["syncPolicy"]["syncOptions"])
    assert "finalizers" not in application["metadata"]


def test_differences_are_ignored_for_nothing_but_the_ca(applications: dict[str, Any]) -> None:
    for application in applications.values():
        for entry in application["spec"].get("ignoreDifferences", []):
            assert "/" not in entry["group"], "a version in the group never matches"
            assert "caBundle" in str(entry.get("jqPathExpressions", entry.get("jsonPointers")))


@pytest.mark.parametrize("layer", MESHED)
def test_what_is_meshed_passes_the_gate_before_each_sync(layer: str, repository: Path) -> None:
    job = load(repository, f"platform/home/{layer}/gate.yaml")

    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "PreSync"
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
    assert "gate.yaml" in load(repository, f"platform/home/{layer}/kustomization.yaml")["resources"]
    gate = load(repository, "platform/home/linkerd-gate/job.yaml")
    assert job["spec"]["template"] == gate["spec"]["template"]
    assert job["spec"]["backoffLimit"] < 10, "a sync that runs for days looks at no newer commit"


def test_no_other_layer_has_a_hook(repository: Path) -> None:
    """One Argo hook in an Application switches its charts' Helm hooks off; cert-manager's check is one."""
    assert sorted(path.parent.name for path in repository.glob("platform/home/*/gate.yaml")) == MESHED


def test_argo_cds_values_carry_the_settings_and_every_health_check(repository: Path, root: Path) -> None:
    settings = load(repository, "clusters/home/argocd/values.yaml")["configs"]["cm"]
    checks = {
        key.rpartition("_")[2].lower(): text
        for key, text in settings.items()
        if key.startswith("resource.customizations.health.")
    }

    assert settings["kustomize.buildOptions"] == "--enable-helm"
    files = {path.stem: path for path in (root / "template/includes/argocd/health").glob("*.lua")}
    assert checks.keys() == files.keys()
    for name, path in files.items():
        assert checks[name].strip() == path.read_text(encoding="utf-8").strip()


def test_the_readme_says_what_waves_are_not(repository: Path) -> None:
    text = (repository / "clusters/home/README.md").read_text(encoding="utf-8")

    assert "Sync waves order only the bootstrap." in text
    assert "flux bootstrap" not in text


def test_applications_cannot_touch_the_platform_or_the_cluster(repository: Path) -> None:
    spec = load(repository, "clusters/home/apps/_project.yaml")["spec"]
    platform = {
        entry["namespace"]
        for entry in load(repository, "clusters/home/platform/project.yaml")["spec"]["destinations"]
    }
    denied = {entry["namespace"][1:] for entry in spec["destinations"] if entry["namespace"].startswith("!")}

    # The gate of a meshed application runs in linkerd-gate.
    assert platform - {"linkerd-gate"} <= denied
    assert {"kube-system", "kube-public", "kube-node-lease", "monitoring", "argocd", "linkerd-viz"} <= denied
    assert "linkerd-gate" not in denied
    allowed = spec["clusterResourceWhitelist"]
    assert {"group": "", "kind": "Namespace"} in allowed
    # Everything else is named: no application of the project can give itself a role of the cluster.
    assert all(entry.get("name", "*") != "*" for entry in allowed if entry["kind"] != "Namespace")
    assert {"elastic-operator", "fluent-bit"} <= {entry.get("name") for entry in allowed}


def test_without_catalog_applications_only_namespaces_are_allowed(tmp_path: Path) -> None:
    answers = {
        "engine": "argocd",
        "metrics": "existing",
        "existing_prometheus": {"namespace": "on", "url": "http://p.on:9090", "release": "prom"},
    }
    render(answers, tmp_path / "repository")

    spec = load(tmp_path / "repository", "clusters/home/apps/_project.yaml")["spec"]

    assert spec["clusterResourceWhitelist"] == [{"group": "", "kind": "Namespace"}]
    assert "!on" in [entry["namespace"] for entry in spec["destinations"]]
