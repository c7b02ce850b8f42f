"""The layer map: one source of order for the wiring, the folders and the README."""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from meshwright.scaffold import render
from meshwright.yaml import parse, parse_all
from support.configurations import pairs

EVERYTHING = {
    "ingress": "k3s",
    "gateway_api": "repo",
    "redirect": "cni",
    "nodes": 3,
    "viz_host": "linkerd.home.arpa",
    "links": [{"name": "east"}],
}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration with the most layers."""
    repository = tmp_path_factory.mktemp("everything") / "repository"
    render(EVERYTHING, repository)
    return repository


def wiring(repository: Path) -> dict[str, dict[str, Any]]:
    """The Flux Kustomization of each layer."""
    [folder] = repository.glob("clusters/*/platform")
    return {
        path.stem: parse(path.read_text(encoding="utf-8"))
        for path in folder.glob("*.yaml")
        if path.name not in ("kustomization.yaml", "project.yaml")
    }


def needs(repository: Path) -> dict[str, list[str]]:
    """Layer -> the layers that its dependsOn names."""
    return {
        name: [entry["name"] for entry in layer["spec"].get("dependsOn", [])]
        for name, layer in wiring(repository).items()
    }


def test_every_layer_has_a_folder_and_every_folder_a_layer(everything: Path) -> None:
    folders = {path.name for path in (everything / "platform/home").iterdir()}

    assert folders == wiring(everything).keys()
    assert all(
        layer["spec"]["path"] == f"./platform/home/{name}" for name, layer in wiring(everything).items()
    )


def test_the_root_lists_every_layer(everything: Path) -> None:
    root = parse((everything / "clusters/home/platform/kustomization.yaml").read_text(encoding="utf-8"))

    assert {Path(entry).stem for entry in root["resources"]} == wiring(everything).keys()


@pytest.mark.parametrize("answers", pairs(), ids=range(len(pairs())))
def test_needs_name_layers_that_exist_and_end_somewhere(answers: dict[str, Any], tmp_path: Path) -> None:
    render(answers, tmp_path / "repository")
    graph = needs(tmp_path / "repository")

    assert {need for entries in graph.values() for need in entries} <= graph.keys()
    list(TopologicalSorter(graph).static_order())


def test_nothing_is_ready_before_what_it_holds_is(everything: Path) -> None:
    depended_on = {need for entries in needs(everything).values() for need in entries}

    for name in depended_on:
        spec = wiring(everything)[name]["spec"]
        assert spec.get("wait") or spec.get("healthChecks"), name
        assert not (spec.get("wait") and spec.get("healthChecks")), (
            f"{name}: Flux ignores healthChecks beside wait"
        )


@pytest.mark.parametrize(
    "meshed",
    [*("linkerd-viz", "kube-prometheus-stack", "traefik", "traefik-injection"), "linkerd-multicluster"],
)
def test_what_is_meshed_waits_for_the_gate(meshed: str, tmp_path: Path) -> None:
    answers = {"inject": "enabled", "viz_host": "linkerd.home.arpa", "links": [{"name": "east"}]}
    render(answers, tmp_path / "repository")

    assert "linkerd-gate" in needs(tmp_path / "repository")[meshed]


def test_an_unmeshed_prometheus_does_not_wait_for_the_mesh(everything: Path) -> None:
    assert "linkerd-gate" not in needs(everything)["kube-prometheus-stack"]


def test_a_release_may_fail_once_within_its_layers_timeout(everything: Path) -> None:
    for release in everything.glob("platform/*/*/helmrelease.yaml"):
        spec = parse(release.read_text(encoding="utf-8"))["spec"]
        layer = wiring(everything)[release.parent.name]["spec"]
        assert minutes(layer["timeout"]) > 2 * minutes(spec["timeout"])
        for action in ("install", "upgrade"):
            assert spec[action]["strategy"]["name"] == "RetryOnFailure"
            assert spec[action]["crds"] == "CreateReplace"


def minutes(duration: str) -> int:
    assert duration.endswith("m")
    return int(duration[:-1])


@pytest.mark.parametrize(
    "layer",
    [
        "namespaces",
        "gateway-api",
        "prometheus-crds",
        "cert-manager",
        "trust-manager",
        "linkerd-trust",
        "linkerd-crds",
    ],
)
def test_layers_whose_loss_is_a_disaster_outlive_their_kustomization(everything: Path, layer: str) -> None:
    if layer in wiring(everything):
        assert wiring(everything)[layer]["spec"]["deletionPolicy"] == "Orphan"
    release = everything / "platform/home" / layer / "helmrelease.yaml"
    if release.exists():
        annotations = parse(release.read_text(encoding="utf-8"))["metadata"]["annotations"]
        assert annotations["kustomize.toolkit.fluxcd.io/prune"] == "disabled"


def test_a_layer_added_to_the_map_is_wired_on_both_engines(root: Path, tmp_path: Path) -> None:
    import shutil

    template = tmp_path / "template"
    template.mkdir()
    shutil.copy(root / "copier.yml", template)
    shutil.copytree(root / "template", template / "template")
    layers = template / "template/includes/layers.yml"
    layers.write_text(
        layers.read_text(encoding="utf-8")
        + """
made-up:
  enabled: true
  summary: a layer of this test
  needs:
    linkerd-gate: it is meshed
  gate: ready
  timeout: 5m
  keep: false
""",
        encoding="utf-8",
    )
    folder = template / "template/repo/platform/[[ cluster_name ]]/made-up"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("resources: []\n", encoding="utf-8")

    render({}, tmp_path / "repository", template=template)
    render({"engine": "argocd"}, tmp_path / "argocd", template=template)

    assert needs(tmp_path / "repository")["made-up"] == ["linkerd-gate"]
    waves = {
        name: int(
            wiring(tmp_path / "argocd")[name]["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]
        )
        for name in ("made-up", "linkerd-gate")
    }
    assert waves["made-up"] == waves["linkerd-gate"] + 1
    assert wiring(tmp_path / "argocd")["made-up"]["spec"]["source"]["path"] == "platform/home/made-up"
    assert (
        "| `made-up` | a layer of this test | `linkerd-gate` |"
        in (tmp_path / "repository/clusters/home/README.md").read_text()
    )


def test_the_readme_names_every_layer(everything: Path) -> None:
    text = (everything / "clusters/home/README.md").read_text(encoding="utf-8")

    assert [name for name in wiring(everything) if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(("nodes", "closed"), [(1, False), (2, False), (3, True)])
def test_injection_fails_closed_only_where_three_injectors_stand(
    nodes: int, closed: bool, tmp_path: Path
) -> None:
    answers = {"nodes": nodes, "viz_host": "linkerd.home.arpa", "ingress": "own"}
    render({**answers, "links": [{"name": "east"}]}, tmp_path / "repository")
    platform = tmp_path / "repository/platform/home"
    labelled = {
        item["metadata"]["name"]
        for item in parse_all((platform / "namespaces/namespaces.yaml").read_text(encoding="utf-8"))
        if item["metadata"].get("labels", {}).get("linkerd.meshwright.dev/injection") == "required"
    }

    assert (platform / "linkerd-required/webhook.yaml").exists() is closed
    assert labelled == ({"linkerd-viz", "linkerd-multicluster"} if closed else set()), (
        "Traefik must come up, and what is unmeshed too"
    )
    values = parse((platform / "linkerd-control-plane/values.yaml").read_text(encoding="utf-8"))
    assert values.get("webhookFailurePolicy", "Ignore") == "Ignore"
