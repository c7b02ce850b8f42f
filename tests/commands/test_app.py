"""`meshwright app` as a person or a pipeline runs it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.generate import generate
from meshwright.commands import app as command
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.yaml import dump, dump_all, parse
from support.specs import SpecCase, write_case
from support.terminal import CONTROL_D, ENTER, Terminal
from support.trees import read_tree

Data = dict[str, Any]
COMPONENTS = Path(__file__).parents[2] / "examples/pi-cluster/mesh/components/pi-cluster"


def workload(
    kind: str, name: str, *, template: Data | None = None, ports: list[Data] | None = None, **pod: Any
) -> Data:
    container: Data = {"name": "main", "image": "busybox:1.37.0", "ports": ports or []}
    body: Data = {
        "metadata": {"labels": {"app": name}, **(template or {})},
        "spec": {"serviceAccountName": name, "containers": [container], **pod},
    }
    spec: Data = {"template": body}
    if kind == "CronJob":
        spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": spec}}
    version = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    }


NAMESPACE: Data = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
POLICY: Data = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 8080}]}]},
}
ELASTIC: Data = {
    "apiVersion": "elasticsearch.k8s.elastic.co/v1",
    "kind": "Elasticsearch",
    "metadata": {"name": "logs", "namespace": "shop"},
    "spec": {"nodeSets": [{"name": "a", "count": 1}]},
}
ROUTE: Data = {
    "apiVersion": "traefik.io/v1alpha1",
    "kind": "IngressRoute",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "routes": [{"kind": "Rule", "match": "Host(`a.example`)", "services": [{"name": "web", "port": 80}]}]
    },
}
BASES: dict[str, list[Data]] = {
    "a deployment": [NAMESPACE, workload("Deployment", "web", ports=[{"containerPort": 8080}])],
    "a database": [
        NAMESPACE,
        workload("StatefulSet", "nats", ports=[{"containerPort": 4222, "name": "client"}]),
    ],
    "jobs": [NAMESPACE, workload("Job", "seed"), workload("CronJob", "nightly")],
    "host network": [
        NAMESPACE,
        workload("DaemonSet", "agent", hostNetwork=True),
        workload("Deployment", "web"),
    ],
    "no namespace object": [workload("Deployment", "web")],
    "one opted out": [
        NAMESPACE,
        workload("Deployment", "old", template={"annotations": {"linkerd.io/inject": "disabled"}}),
        workload("Deployment", "web"),
    ],
    "a network policy": [NAMESPACE, workload("Deployment", "web"), POLICY],
    "an operator's resource": [NAMESPACE, ELASTIC],
    "a route": [NAMESPACE, workload("Deployment", "web"), ROUTE],
}


def repository(root: Path, objects: list[Data], answers: Data | None = None) -> Path:
    files = {
        "apps/shop/kustomization.yaml": "resources: [all.yaml]\n",
        "apps/shop/all.yaml": dump_all(objects),
    }
    return write_case(root, SpecCase("app", files, (), answers or {}))


def added(root: Path, capsys: pytest.CaptureFixture[str], **more: Any) -> Data:
    capsys.readouterr()
    assert command.add("shop", output="json", repository=root, **more) is ExitCode.CLEAN
    data: Data = json.loads(capsys.readouterr().out)
    return data


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


def test_without_a_terminal_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, BASES["a deployment"])
    before = read_tree(root)

    assert command.add("shop", repository=root) is ExitCode.FINDINGS

    assert read_tree(root) == before
    assert "run the command again with --yes" in capsys.readouterr().out


BARE = {
    "apps/shop/web.yaml": dump(workload("Deployment", "web")),
    "apps/shop/values.yaml": "replicas: 2\n",
    "apps/shop/db/kustomization.yaml": "resources: [db.yaml]\n",
    "apps/shop/db/db.yaml": dump(workload("StatefulSet", "db")),
    "apps/shop/README.md": "",
}


def test_a_folder_without_a_kustomization_gets_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_case(tmp_path, SpecCase("app", BARE, (), {}))

    data = added(root, capsys, yes=True)

    assert data["files"] == ["apps/shop/kustomization.yaml", "apps/shop/mesh.yaml"]
    assert data["notes"] == [
        "apps/shop has no kustomization.yaml: one is proposed that lists db, web.yaml",
        "not listed in it, because they are not manifests: values.yaml",
    ]
    assert [item["name"] for item in data["workloads"]] == ["db", "web"]
    assert parse((root / "apps/shop/kustomization.yaml").read_text())["resources"] == ["db", "web.yaml"]
    outcome = generate(root, check=False, force=False, remember=False)
    assert [str(finding) for finding in outcome.findings] == []


def test_its_namespace_is_set_if_nothing_else_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = workload("Deployment", "web")
    del bare["metadata"]["namespace"]
    root = write_case(tmp_path, SpecCase("app", {"apps/shop/web.yaml": dump(bare)}, (), {}))

    data = added(root, capsys, yes=True)

    assert data["before"] == []
    assert parse((root / "apps/shop/kustomization.yaml").read_text())["namespace"] == "shop"
    outcome = generate(root, check=False, force=False, remember=False)
    assert [str(finding) for finding in outcome.findings] == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"apps/shop/README.md": ""},
            "^apps/shop: no kustomization.yaml and no manifests; add them, or name",
        ),
        ({"apps/shop/a.yaml": "a: [\n"}, "^apps/shop/a.yaml:"),
        (
            {"apps/shop/a.yaml": dump(NAMESPACE), "apps/shop/b.yaml": dump(NAMESPACE)},
            "^apps/shop: no kustomization.yaml, and none can be proposed, because an object appears twice",
        ),
    ],
)
def test_a_folder_for_which_none_can_be_proposed(files: dict[str, str], said: str, tmp_path: Path) -> None:
    root = write_case(tmp_path, SpecCase("app", files, (), {}))

    with pytest.raises(MeshwrightError, match=said):
        command.add("shop", repository=root, yes=True)

    assert not (root / "apps/shop/mesh.yaml").exists()


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


def test_old_control_plane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, BASES["jobs"])
    release = {"spec": {"chart": {"spec": {"version": "2025.4.4"}}}}
    file = root / "platform/home/linkerd-control-plane/helmrelease.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(dump(release))

    said = [item["text"] for item in added(root, capsys)["remarks"] if "Job seed" in item["subject"]]

    assert any("would keep it from completing" in text for text in said)


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_a_chart_that_is_not_at_hand(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_case(tmp_path, SpecCase("chart", {}, (), {"engine": engine}))

    data = added(root, capsys, chart="https://charts.example.org/shop@1.2.3", yes=True)

    assert "was not found" in data["notes"][0]
    assert data["proposal"]["scope"] == "namespace"
    outcome = generate(root, check=False, force=False, remember=False)
    assert [str(finding) for finding in outcome.findings] == []
    base = root / "apps/shop"
    assert (base / "helmrelease.yaml").exists() == (engine == "flux")
    assert ("helmCharts" in (base / "kustomization.yaml").read_text()) == (engine == "argocd")


def test_helm_charts_on_flux_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    charts = "helmCharts: [{name: podinfo, repo: 'https://example.org/charts', version: 6.9.2}]\n"
    root = write_case(tmp_path, SpecCase("chart", {"apps/shop/kustomization.yaml": charts}, ()))

    with pytest.raises(MeshwrightError, match=r"^apps/shop/kustomization.yaml:1:1: .* with a HelmRelease$"):
        added(root, capsys, yes=True)

    assert not (root / "apps/shop/mesh.yaml").exists()


def test_a_chart_at_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_case(tmp_path / "repository", SpecCase("chart", {}, ()))
    chart = tmp_path / "charts/shop"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: shop, version: 1.2.3}")
    (chart / "templates/all.yaml").write_text(dump(workload("Deployment", "web")))

    charts = tmp_path / "charts"
    data = added(root, capsys, chart="https://charts.example.org/shop@1.2.3", charts=charts, yes=True)

    assert data["proposal"]["workloads"] == [{"kind": "Deployment", "name": "web", "chart": "shop"}]
    assert generate(root, check=False, force=False, remember=False).exit_code is ExitCode.CLEAN
    assert "postRenderers" in (root / "mesh/apps/home/shop/kustomization.yaml").read_text()


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


def test_show_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path, BASES["a deployment"])
    with pytest.raises(MeshwrightError, match="no application 'shp'"):
        command.show("shp", repository=root)
    with pytest.raises(MeshwrightError, match="not a generated repository"):
        command.list_apps(repository=tmp_path / "apps")
