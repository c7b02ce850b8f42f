"""Repositories with one application for `meshwright app`, and its answers as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meshwright.commands import app as command
from meshwright.errors import ExitCode
from meshwright.yaml import dump_all
from support.specs import SpecCase, write_case

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
