"""Linked clusters: one name everywhere, access that can be revoked, commands that make the credentials."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from meshwright.check import check_repository
from meshwright.scaffold import render
from meshwright.yaml import parse, parse_all
from support.trees import read_tree, tree_diff

EAST = {
    "name": "east",
    "gateway": "gateway.east.example.org",
    "api_server": "https://east.example.org:6443",
    "trust_domain": "east.example.org",
}
ACCOUNT = "linkerd-service-mirror-remote-access"


def load(file: Path) -> Any:
    return parse(file.read_text(encoding="utf-8"))


def rendered(folder: Path, links: list[dict[str, Any]], **answers: Any) -> Path:
    render({"links": links, **answers}, folder / "repository")
    return folder / "repository" / "platform/home"


def values(platform: Path) -> dict[str, Any]:
    found: dict[str, Any] = load(platform / "linkerd-multicluster/values.yaml")
    return found


def link(platform: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = load(platform / f"linkerd-links/link-{name}.yaml")
    return found


def test_no_links_leave_no_trace(tmp_path: Path) -> None:
    render({}, tmp_path / "none")
    render({"links": []}, tmp_path / "empty")

    assert not tree_diff(read_tree(tmp_path / "none"), read_tree(tmp_path / "empty"))
    assert not [
        path for path in read_tree(tmp_path / "none") if "linkerd-multicluster" in path or "links" in path
    ]


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_one_name_stands_wherever_linkerd_compares_it(engine: str, tmp_path: Path) -> None:
    platform = rendered(tmp_path, [EAST], engine=engine)
    found = link(platform, "east")

    assert [entry["link"]["ref"]["name"] for entry in values(platform)["controllers"]] == ["east"]
    assert found["metadata"]["name"] == found["spec"]["targetClusterName"] == "east"
    assert found["spec"]["clusterCredentialsSecret"] == "cluster-credentials-east"
    assert load(platform / "linkerd-links/kustomization.yaml")["resources"] == ["link-east.yaml"]
    # The controllers read no other namespace than that of the chart.
    assert found["metadata"]["namespace"] == "linkerd-multicluster"


def test_a_gateway_is_probed_on_the_port_of_the_link(tmp_path: Path) -> None:
    platform = rendered(tmp_path, [{**EAST, "port": 30143, "probe_port": 30191}])
    spec = link(platform, "east")["spec"]
    [controller] = values(platform)["controllers"]

    assert spec["gatewayPort"] == "30143", "the schema refuses numbers"
    assert spec["probeSpec"] == {"path": "/ready", "port": "30191", "period": "3s"}
    assert controller["gateway"] == {"probe": {"port": 30191}}
    assert spec["gatewayIdentity"] == (
        "linkerd-gateway.linkerd-multicluster.serviceaccount.identity.linkerd.east.example.org"
    )


@pytest.mark.parametrize(
    ("network", "selectors"),
    [
        ({"gateway": "east.example.org"}, {"selector"}),
        ({}, {"remoteDiscoverySelector", "federatedServiceSelector"}),
        (
            {"gateway": "east.example.org", "flat": True},
            {"selector", "remoteDiscoverySelector", "federatedServiceSelector"},
        ),
    ],
)
def test_a_link_selects_what_the_network_can_reach(
    network: dict[str, Any], selectors: set[str], tmp_path: Path
) -> None:
    platform = rendered(tmp_path, [{"name": "east", **network}])
    spec = link(platform, "east")["spec"]
    chosen = {key: value for key, value in spec.items() if key.lower().endswith("selector")}

    assert chosen.keys() == selectors
    # Without a port, every Service that `selector` finds would fail.
    assert ("selector" in spec) == ("gatewayPort" in spec) == ("probeSpec" in spec)
    # One value that is not a string stops every Link of the cluster.
    assert all(isinstance(value, str) for item in chosen.values() for value in item["matchLabels"].values())


@pytest.mark.parametrize(
    ("links", "answers", "expected"),
    [
        ([EAST], {}, "LoadBalancer"),
        ([{"name": "east"}], {}, "none"),
        ([{**EAST, "export": False}], {}, "none"),
        ([{"name": "east", "import": False}], {}, "LoadBalancer"),
        ([EAST], {"link_gateway": "NodePort"}, "NodePort"),
        ([{"name": "east"}], {"link_gateway": "LoadBalancer"}, "LoadBalancer"),
    ],
)
def test_there_is_a_gateway_where_somebody_comes_through_it(
    links: list[dict[str, Any]], answers: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    gateway = values(rendered(tmp_path, links, **answers))["gateway"]

    assert gateway.get("serviceType", "none") == expected
    assert gateway.get("enabled", True) == (expected != "none")
    assert ("nodePort" in gateway) == (expected == "NodePort")


def test_access_is_revoked_for_one_cluster_alone(tmp_path: Path) -> None:
    both = values(rendered(tmp_path / "both", [EAST, {"name": "north"}]))
    one = values(rendered(tmp_path / "one", [{**EAST, "export": False}, {"name": "north"}]))
    none = values(rendered(tmp_path / "none", [{**EAST, "export": False}]))

    assert both["remoteMirrorServiceAccountName"] == [f"{ACCOUNT}-east", f"{ACCOUNT}-north"]
    assert one["remoteMirrorServiceAccountName"] == [f"{ACCOUNT}-north"]
    assert len(one["controllers"]) == 2, "its Services are still mirrored here"
    # Otherwise the chart creates an account with its default name.
    assert none["remoteMirrorServiceAccount"] is False


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_mirrors_do_not_take_what_an_engine_owns(engine: str, tmp_path: Path) -> None:
    """The other cluster may have another engine, and Argo CD prunes what has its label."""
    platform = rendered(tmp_path, [EAST], engine=engine)
    spec, local = link(platform, "east")["spec"], values(platform)["localServiceMirror"]

    assert {"argocd.argoproj.io/*", "app.kubernetes.io/instance", "kustomize.toolkit.fluxcd.io/*"} <= set(
        spec["excludedLabels"]
    )
    assert local["excludedLabels"] == ",".join(spec["excludedLabels"])
    assert local["excludedAnnotations"] == ",".join(spec["excludedAnnotations"])


@pytest.mark.parametrize(
    ("answers", "allowed"),
    [
        ({"metrics": "none"}, None),
        ({"inject": "disabled"}, "NetworkAuthentication"),
        ({"inject": "enabled"}, "ServiceAccount"),
    ],
)
def test_prometheus_may_read_every_metrics_port(
    answers: dict[str, Any], allowed: str | None, tmp_path: Path
) -> None:
    layer = rendered(tmp_path, [EAST], **answers) / "linkerd-multicluster"
    if allowed is None:
        assert not (layer / "policy.yaml").exists()
        return
    found = parse_all((layer / "policy.yaml").read_text(encoding="utf-8"))
    policies = [item["spec"] for item in found if item["kind"] == "AuthorizationPolicy"]

    # Those of templates/service-mirror-policy.yaml in the chart that have pods.
    assert {spec["targetRef"]["name"] for spec in policies} == {
        *("linkerd-admin", "controller", "local-service-mirror")
    }
    assert {ref["kind"] for spec in policies for ref in spec["requiredAuthenticationRefs"]} == {allowed}


def test_links_start_after_their_kind_exists_and_controllers_after_the_gate(tmp_path: Path) -> None:
    repository = rendered(tmp_path, [EAST, {"name": "south", "import": False}]).parents[1]
    wiring = {
        layer: load(repository / f"clusters/home/platform/{layer}.yaml")["spec"]
        for layer in ("linkerd-multicluster", "linkerd-links")
    }

    needs = {layer: {need["name"] for need in spec["dependsOn"]} for layer, spec in wiring.items()}
    assert needs["linkerd-links"] == {"linkerd-multicluster"}
    assert "linkerd-gate" in needs["linkerd-multicluster"]
    assert wiring["linkerd-multicluster"]["wait"] is True
    assert not list(repository.rglob("link-south.yaml"))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="the commands of the README are kubectl's")
def test_the_commands_of_the_readme_make_both_credentials(tmp_path: Path) -> None:
    repository = rendered(tmp_path, [EAST]).parents[1]
    lines = (repository / "clusters/home/README.md").read_text(encoding="utf-8").splitlines()
    first, last = (
        next(number for number, line in enumerate(lines) if line.strip().startswith(text))
        for text in ("peer=east ", 'rm "$file"')
    )
    programs = tmp_path / "programs"
    programs.mkdir()
    kubectl = programs / "kubectl"
    kubectl.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '  *"--context east --namespace linkerd-multicluster get secret '
        f'{ACCOUNT}-home-token"*token*}}) printf %s "$ANSWER_TOKEN" ;;\n'
        f'  *"get secret {ACCOUNT}-home-token"*ca*) printf %s "$ANSWER_CA" ;;\n'
        f'  *) exec {shutil.which("kubectl")} "$@" ;;\n'
        "esac\n",
        encoding="utf-8",
    )
    kubectl.chmod(0o755)
    encoded = {
        "ANSWER_TOKEN": base64.b64encode(b"a-token").decode(),
        "ANSWER_CA": base64.b64encode(b"a certificate").decode(),
    }

    subprocess.run(
        ["bash", "-euc", "\n".join(line.strip() for line in lines[first : last + 1])],
        cwd=repository,
        env={**os.environ, **encoded, "PATH": f"{programs}:{os.environ['PATH']}"},
        check=True,
        capture_output=True,
    )

    written = repository / "credentials-east.yaml"
    ours, theirs = parse_all(written.read_text(encoding="utf-8"))
    assert [secret["metadata"]["namespace"] for secret in (ours, theirs)] == [
        "linkerd-multicluster",
        "linkerd",
    ]
    config = parse(base64.b64decode(theirs["data"]["kubeconfig"]).decode())
    assert config["clusters"][0]["cluster"] == {
        "server": EAST["api_server"],
        "certificate-authority-data": encoded["ANSWER_CA"],
    }
    assert config["users"][0]["user"] == {"token": "a-token"}
    assert config["current-context"] == "east"
    assert {path.name for path in repository.iterdir()} & {"ca.crt"} == set()
    # The rules know what linkerd-destination reads: type, label and both domains.
    for number, secret in enumerate((ours, theirs)):
        assert secret["type"] == "mirror.linkerd.io/remote-kubeconfig"
        assert (
            secret["metadata"]["name"]
            == link(repository / "platform/home", "east")["spec"]["clusterCredentialsSecret"]
        ), number
    layer = repository / "platform/home/linkerd-links"
    written.rename(layer / "credentials-east.yaml")
    listed = (layer / "kustomization.yaml").read_text(encoding="utf-8")
    (layer / "kustomization.yaml").write_text(f"{listed}  - credentials-east.yaml\n", encoding="utf-8")
    found = {finding.id for finding in check_repository(repository).findings}
    assert found == {"MW902"}, "a Secret in plain text, and nothing else"


# Each rule once; the other places in make test-long.
MISTAKES = [
    ("linkerd-links/link-east.yaml", '  name: "east"', '  name: "esat"', {"MW641", "MW633"}),
    pytest.param(
        "linkerd-links/link-east.yaml",
        'targetClusterName: "east"',
        'targetClusterName: "esat"',
        {"MW641"},
        marks=pytest.mark.long,
    ),
    pytest.param(
        "linkerd-links/link-east.yaml",
        "cluster-credentials-east",
        "cluster-credentials-esat",
        {"MW641"},
        marks=pytest.mark.long,
    ),
    ("linkerd-links/link-east.yaml", 'exported: "true"', "exported: true", {"MW642"}),
    ("linkerd-links/link-east.yaml", '  gatewayPort: "4143"\n', "", {"MW643"}),
    ("linkerd-links/link-east.yaml", 'gatewayPort: "4143"', 'gatewayPort: "4144"', {"MW648"}),
    pytest.param(
        "linkerd-links/link-east.yaml",
        ".linkerd.cluster.local",
        ".linkerd.east.example.org",
        {"MW648"},
        marks=pytest.mark.long,
    ),
    ("linkerd-links/link-east.yaml", 'port: "4191"', 'port: "30191"', {"MW644"}),
    pytest.param(
        "linkerd-multicluster/values.yaml", 'name: "east"', 'name: "esat"', {"MW633"}, marks=pytest.mark.long
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), MISTAKES)
def test_a_place_that_disagrees_is_found(
    file: str, old: str, new: str, expected: set[str], root: Path, tmp_path: Path
) -> None:
    repository = Path(shutil.copytree(root / "examples/linked", tmp_path / "repository"))
    edited = repository / "platform/west" / file
    text = edited.read_text(encoding="utf-8")
    assert old in text
    edited.write_text(text.replace(old, new, 1), encoding="utf-8")

    assert expected <= {finding.id for finding in check_repository(repository).findings}
