"""`meshwright app add` as a person or a pipeline runs it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.generate import generate
from meshwright.commands import app as command
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.yaml import parse
from support.appcommands import BASES, ELASTIC, NAMESPACE, POLICY, Data, added, repository, workload
from support.terminal import CONTROL_D, ENTER, Terminal
from support.trees import read_tree


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_generate_takes_what_add_proposes(
    name: str, engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path, BASES[name], {"engine": engine})

    data = added(root, capsys, yes=True)

    outcome = generate(root, check=False, force=False, remember=False)
    assert [str(finding) for finding in outcome.findings] == []
    assert data["before"] == []
    assert parse((root / "apps/shop/mesh.yaml").read_text()) == data["proposal"]
    capsys.readouterr()
    assert command.list_apps("json", root) is ExitCode.CLEAN
    listed = json.loads(capsys.readouterr().out)["applications"][0]
    assert listed["meshed"] == ("partly" if name in ("host network", "one opted out") else "yes")


@pytest.mark.parametrize(
    ("ingress", "class_name", "proposed"),
    [("own", None, True), ("k3s", "traefik", True), ("own", "nginx", False), ("none", None, False)],
)
def test_add_proposes_that_routes_lead_to_services(
    ingress: str, class_name: str | None, proposed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    route: Data = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"ingressClassName": class_name} if class_name else {},
    }
    root = repository(tmp_path, [NAMESPACE, workload("Deployment", "web"), route], {"ingress": ingress})

    assert ("ingress" in added(root, capsys)["proposal"]) == proposed


def test_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strict = {
        **NAMESPACE,
        "metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
    on_itself = workload(
        "Deployment", "web", ports=[{"containerPort": 26379, "name": "sentinel"}, {"containerPort": 4191}]
    )
    on_itself["metadata"]["annotations"] = {"linkerd.io/inject": "enabled"}
    root = repository(tmp_path, [strict, on_itself, workload("CronJob", "nightly"), POLICY, ELASTIC])

    data = added(root, capsys)

    said = "\n".join(f"{item['subject']}: {item['text']}" for item in data["remarks"])
    assert "Namespace shop: Pod Security level restricted forbids linkerd-init" in said
    assert "Deployment web: linkerd.io/inject is on the Deployment itself" in said
    assert "Deployment web: port 26379 (sentinel) is Redis Sentinel" in said
    assert "Deployment web: port 4191 of container 'main' is the proxy's own admin port" in said
    assert "CronJob nightly: it can complete while meshed" in said
    assert "NetworkPolicy web: it admits only its own ports" in said
    assert "Elasticsearch logs: ECK creates its pods" in said
    assert data["proposal"]["opaquePorts"] == [26379]
    level = "pod-security.kubernetes.io/enforce: privileged"
    assert data["before"] == [f"set {level} on Namespace shop (apps/shop/all.yaml:1:1)"]
    assert not data["written"]
    assert not (root / "apps/shop/mesh.yaml").exists()


def test_without_a_terminal_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, BASES["a deployment"])
    before = read_tree(root)

    assert command.add("shop", repository=root) is ExitCode.FINDINGS

    assert read_tree(root) == before
    assert "run the command again with --yes" in capsys.readouterr().out


@pytest.mark.parametrize("ingress", ["k3s", "none"])
def test_an_ingress_is_mentioned(ingress: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    route = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}
    named = {**route, "metadata": {"name": "web", "namespace": "shop"}, "spec": {}}
    other = {**route, "metadata": {"name": "old", "namespace": "shop"}, "spec": {"ingressClassName": "nginx"}}
    root = repository(tmp_path, [*BASES["a deployment"], named, other], {"ingress": ingress})

    found = [item for item in added(root, capsys)["remarks"] if item["subject"].startswith("Ingress")]

    assert [(item["subject"], item["advice"]) for item in found] == (
        [("Ingress web", "ingress: {} makes Traefik send them to the Service")] if ingress == "k3s" else []
    )


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (["y", ENTER], 0),
        (["maybe", ENTER, "yes", ENTER], 0),
        (["n", ENTER], 1),
        ([ENTER, "no", ENTER], 1),
        ([CONTROL_D], 1),
    ],
)
def test_the_question_takes_yes_or_no(keys: list[str], code: int, tmp_path: Path) -> None:
    root = repository(tmp_path, BASES["a deployment"])
    words: list[str | Path] = [sys.executable, "-m", "meshwright", "app", "add", "shop"]

    with Terminal(words, folder=root, environment=dict(os.environ)) as person:
        for answer in keys:
            person.answer("Write apps/shop/mesh.yaml? Answer y or n:", answer)
        assert person.end() == code
        assert ("nothing is written" in person.paper) == bool(code)

    assert (root / "apps/shop/mesh.yaml").exists() == (code == 0)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("Shop", {}, "not a DNS label"),
        ("traefik", {}, "a platform layer has this name"),
        ("../shop", {}, "not a DNS label"),
        ("gone", {}, "apps/gone: no such folder"),
        ("shpo", {}, "apps/shpo: no such folder in .*; did you mean 'shop'"),
        ("shop", {"path": "apps/shop", "chart": "x"}, "--path and --chart cannot be combined"),
        ("new", {"chart": "longhorn"}, "REPOSITORY-URL/NAME@VERSION"),
        ("there", {}, "already exists"),
    ],
)
def test_refusals(name: str, options: dict[str, Any], said: str, tmp_path: Path) -> None:
    root = repository(tmp_path, BASES["a deployment"])
    (root / "apps/there").mkdir()
    (root / "apps/there/mesh.yaml").write_text("schema_version: 1\n")

    with pytest.raises(MeshwrightError, match=said):
        command.add(name, repository=root, **options)
