"""`meshwright app list` and `app show`: which pods are meshed, and why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from meshwright.apps.generate import generate
from meshwright.commands import app as command
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.yaml import dump
from support.appcommands import BASES, COMPONENTS, NAMESPACE, Data, added, repository, workload


@pytest.mark.parametrize(
    ("level", "meshed"), [("restricted", "no"), ("baseline", "no"), ("privileged", "yes")]
)
def test_a_list_knows_that_pod_security_rejects_linkerd_init(
    level: str, meshed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {"pod-security.kubernetes.io/enforce": level}
    strict = {**NAMESPACE, "metadata": {"name": "shop", "labels": labels}}
    root = repository(tmp_path, [strict, workload("Deployment", "web")])
    added(root, capsys, yes=True)
    capsys.readouterr()

    assert command.list_apps("json", root) is ExitCode.CLEAN

    [listed] = json.loads(capsys.readouterr().out)["applications"]
    assert listed["meshed"] == meshed
    refused = f"Pod Security level {level} of namespace shop rejects pods with linkerd-init"
    assert listed["why"] == ("" if meshed == "yes" else refused)


@pytest.mark.parametrize(
    ("template", "pod", "injected", "reason"),
    [
        (
            {"annotations": {"linkerd.io/inject": "enabled"}},
            {},
            True,
            "its pods' linkerd.io/inject is enabled",
        ),
        ({"annotations": {"linkerd.io/inject": "ingress"}}, {}, True, "ingress"),
        ({"annotations": {"linkerd.io/inject": "disabled"}}, {}, False, "is disabled"),
        ({"annotations": {"linkerd.io/inject": "true"}}, {}, False, "'true', which is not one of enabled"),
        ({}, {}, False, "neither its pods nor namespace shop"),
        ({"annotations": {"linkerd.io/inject": "enabled"}}, {"hostNetwork": True}, False, "host network"),
        (
            {"annotations": {"linkerd.io/inject": "enabled"}},
            {"initContainers": [{"name": "istio-init", "image": "x"}]},
            False,
            "it already has a container 'istio-init'",
        ),
        (
            {"annotations": {"linkerd.io/inject": "enabled"}},
            {"automountServiceAccountToken": False},
            True,
            "enabled",
        ),
    ],
)
def test_verdicts(
    template: Data,
    pod: Data,
    injected: bool,
    reason: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = repository(tmp_path, [NAMESPACE, workload("Deployment", "web", template=template, **pod)])

    found = added(root, capsys)["workloads"][0]

    assert found["meshed"] is injected
    assert reason in found["reason"]


@pytest.mark.parametrize(
    ("of_namespace", "template", "meshed", "reason"),
    [
        (
            "enabld",
            {"annotations": {"linkerd.io/inject": "enabled"}},
            False,
            "namespace shop's linkerd.io/inject",
        ),
        (
            "enabled",
            {"annotations": {"linkerd.io/inject": ""}},
            True,
            "namespace shop's linkerd.io/inject is enabled",
        ),
        (
            "enabled",
            {"labels": {"linkerd.io/cni-resource": "x"}},
            False,
            "pods with label linkerd.io/cni-resource",
        ),
        (
            "enabled",
            {"labels": {"linkerd.io/control-plane-component": "x"}},
            False,
            "control-plane-component",
        ),
    ],
)
def test_verdicts_with_a_namespace(
    of_namespace: str,
    template: Data,
    meshed: bool,
    reason: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    metadata = {"name": "shop", "annotations": {"linkerd.io/inject": of_namespace}}
    objects = [{**NAMESPACE, "metadata": metadata}, workload("Deployment", "web", template=template)]

    found = added(repository(tmp_path, objects), capsys)["workloads"][0]

    assert found["meshed"] is meshed
    assert reason in found["reason"]


ROLLOUT: Data = {**workload("Deployment", "web"), "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}


def listed(root: Path, capsys: pytest.CaptureFixture[str], spec: Data) -> Data:
    """What `app list` says about application shop with this mesh.yaml, with the template's components."""
    shutil.copytree(COMPONENTS, root / "mesh/components/home", dirs_exist_ok=True)
    (root / "apps/shop/mesh.yaml").write_text(
        dump({"schema_version": 1, "namespace": "shop", "inject": "enabled", **spec}), encoding="utf-8"
    )
    capsys.readouterr()
    command.list_apps("json", root)
    found: Data = json.loads(capsys.readouterr().out)["applications"][0]
    return found


def test_pods_of_unknown_operators_are_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wonder = {**ROLLOUT, "apiVersion": "example.org/v1", "kind": "Wonder"}
    found = listed(repository(tmp_path, [NAMESPACE, wonder]), capsys, {"scope": "namespace"})

    assert found["meshed"] == "unknown"
    assert "example.org creates pods" in found["why"]


def test_a_rollout_is_a_workload(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(repository(tmp_path, [NAMESPACE, ROLLOUT]), capsys, {})

    assert (found["meshed"], [item["kind"] for item in found["workloads"]]) == ("yes", ["Rollout"])


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        (
            {"metadata": {"annotations": {"linkerd.io/inject": "disabled"}}},
            "its pods' linkerd.io/inject is disabled",
        ),
        (
            {"metadata": {"labels": {"linkerd.io/cni-resource": "x"}}},
            "pods with label linkerd.io/cni-resource",
        ),
        ({"spec": {"hostNetwork": True}}, "it uses the host network"),
    ],
)
def test_a_patch_decides(
    patch: Data, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path, [NAMESPACE, workload("Deployment", "web")])
    target = {"kind": "Deployment", "name": "web"}

    found = listed(root, capsys, {"patches": [{"target": target, "patch": {"spec": {"template": patch}}}]})

    assert (found["meshed"], reason in found["why"]) == ("no", True)


def test_an_invalid_namespace_keeps_all_pods_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metadata = {"name": "shop", "annotations": {"linkerd.io/inject": "enabld"}}
    root = repository(tmp_path, [{**NAMESPACE, "metadata": metadata}, workload("Deployment", "web")])

    found = listed(root, capsys, {})

    assert (found["meshed"], "'enabld'" in found["why"]) == ("no", True)


def test_what_kustomize_leaves_out_is_not_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ghost = workload("Deployment", "ghost")
    ghost["metadata"]["annotations"] = {"config.kubernetes.io/local-config": "true"}

    found = listed(repository(tmp_path, [NAMESPACE, workload("Deployment", "web"), ghost]), capsys, {})

    assert [item["name"] for item in found["workloads"]] == ["web"]


def test_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, BASES["a database"])
    added(root, capsys, yes=True)
    assert command.show("shop", repository=root) is ExitCode.CLEAN
    assert "mesh/apps/home/shop/kustomization.yaml: not generated yet" in capsys.readouterr().out
    generate(root, check=False, force=False, remember=False)

    command.show("shop", repository=root)

    out = capsys.readouterr().out
    assert "StatefulSet  nats  yes" in out
    assert "linkerd-gate: its pods are meshed" in out
    assert "mesh/apps/home/shop/kustomization.yaml: as generated" in out


@pytest.mark.parametrize(
    ("spec", "advice"),
    [
        ({}, ["opaquePorts: [4222]", "ingress: {} makes Traefik send them to the Service"]),
        ({"ingress": {}}, ["opaquePorts: [4222]"]),
        ({"opaquePorts": ["4000-4400"], "ingress": {}}, []),
        ({"skipInboundPorts": [4222], "ingress": {}}, []),
    ],
)
def test_what_mesh_yaml_takes_care_of_is_no_remark(
    spec: Data, advice: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ports: list[Data] = [{"name": "nats", "containerPort": 4222}]
    route = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {}}
    named = {**route, "metadata": {"name": "web", "namespace": "shop"}}
    objects = [NAMESPACE, workload("Deployment", "web", ports=ports), named]
    root = repository(tmp_path, objects)
    added(root, capsys, yes=True)
    text = {"schema_version": 1, "namespace": "shop", "inject": "enabled", **spec}
    (root / "apps/shop/mesh.yaml").write_text(dump(text), encoding="utf-8")
    capsys.readouterr()

    command.show("shop", output="json", repository=root)

    found = [item["advice"] for item in json.loads(capsys.readouterr().out)["remarks"]]
    assert [text for text in found if text.startswith(("opaquePorts", "ingress"))] == advice


def test_show_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path, BASES["a deployment"])
    with pytest.raises(MeshwrightError, match="no application 'shp'"):
        command.show("shp", repository=root)
    with pytest.raises(MeshwrightError, match="not a generated repository"):
        command.list_apps(repository=tmp_path / "apps")
