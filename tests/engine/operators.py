"""Stand-ins for controllers that are not built here, as far as order and injection depend on them.

K3s: its packaged Traefik, which a Job of its own Helm controller sets up anew when a HelmChartConfig changes.
ECK: pods, Secret and phase of Elasticsearch and Kibana.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import yaml

from engine import kinds
from engine.api import Api, Object

K3S, ECK = "k3s", "elastic-operator"
TRAEFIK_LABELS = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "traefik-kube-system"}
PAUSE = 0.5


@dataclass
class Operator:
    """A controller that looks at its objects again and again."""

    api: Api
    look: Callable[[Api], None]
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        threading.Thread(target=self._run, name="operator", daemon=True).start()

    def stop(self) -> None:
        self.ended.set()

    def _run(self) -> None:
        while not self.ended.is_set():
            # A conflict, or a kind that is not there yet: it looks again.
            with contextlib.suppress(OSError):
                self.look(self.api)
            time.sleep(PAUSE)


def install_k3s(api: Api) -> None:
    """What a k3s server has when it is up: CRDs, and its Traefik, not meshed."""
    kinds.serve(api, [*kinds.crds(*kinds.K3S), *kinds.crds(*kinds.TRAEFIK), *kinds.gateway()])
    api.apply(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "traefik", "namespace": "kube-system"},
        },
        K3S,
    )
    for name in ("coredns", "metrics-server", "local-path-provisioner"):
        api.apply(_deployment(name, "kube-system", {"k8s-app": name}, {}), K3S)
    chart = {"chart": "https://%{KUBERNETES_API}%/static/charts/traefik.tgz"}
    meta = {"name": "traefik", "namespace": "kube-system"}
    api.apply({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": meta, "spec": chart}, K3S)
    api.apply(_traefik({}), K3S)


def _traefik(annotations: dict[str, str]) -> Object:
    """Traefik as the chart of k3s makes it, with the account that its release is named after."""
    made = _deployment("traefik", "kube-system", TRAEFIK_LABELS, annotations)
    made["spec"]["template"]["spec"]["serviceAccountName"] = "traefik"
    return made


def look_k3s(api: Api) -> None:
    """Set Traefik up anew with what a HelmChartConfig says, by a Job as k3s does it."""
    config = api.get("helm.cattle.io/v1", "HelmChartConfig", "traefik", "kube-system")
    if config is None:
        return
    name = f"helm-install-traefik-{config['metadata']['generation']}"
    job = api.get("batch/v1", "Job", name, "kube-system")
    if job is None:
        api.apply(_job(name, "kube-system"), K3S)
        return
    if not job.get("status", {}).get("succeeded"):
        return
    values = yaml.safe_load(config["spec"].get("valuesContent", "")) or {}
    annotations = values.get("deployment", {}).get("podAnnotations", {})
    now = api.get("apps/v1", "Deployment", "traefik", "kube-system") or {}
    if now["spec"]["template"]["metadata"].get("annotations", {}) != annotations:
        api.apply(_traefik(annotations), K3S)


def look_eck(api: Api) -> None:
    """Make what ECK makes of an Elasticsearch and a Kibana, once the operator's own pod runs."""
    operator = api.get("apps/v1", "StatefulSet", "elastic-operator", "elastic-system")
    if operator is None or not operator.get("status", {}).get("readyReplicas"):
        return
    for one in api.list("elasticsearch.k8s.elastic.co/v1", "Elasticsearch"):
        meta = one["metadata"]
        name, namespace = meta["name"], meta["namespace"]
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"{name}-es-elastic-user",
                "namespace": namespace,
                "ownerReferences": [_owner(one)],
            },
            "stringData": {"elastic": "stand-in"},
        }
        if api.get("v1", "Secret", f"{name}-es-elastic-user", namespace) is None:
            api.apply(secret, ECK)
        template = one["spec"]["nodeSets"][0].get("podTemplate", {})
        _made(api, one, _set(f"{name}-es-default", template, one))
    for one in api.list("kibana.k8s.elastic.co/v1", "Kibana"):
        template = one["spec"].get("podTemplate", {})
        _made(api, one, _set(f"{one['metadata']['name']}-kb", template, one))


def _made(api: Api, owner: Object, workload: Object) -> None:
    meta = workload["metadata"]
    now = api.get("apps/v1", "StatefulSet", meta["name"], meta["namespace"])
    if now is None:
        api.apply(workload, ECK)
        return
    ready = now.get("status", {}).get("readyReplicas") == 1
    status = {"phase": "Ready", "health": "green", "observedGeneration": owner["metadata"]["generation"]}
    if ready and owner.get("status") != status:
        api.merge(owner, {"status": status}, "/status")


def _set(name: str, template: Object, owner: Object) -> Object:
    annotations = template.get("metadata", {}).get("annotations", {})
    made = _deployment(
        name, owner["metadata"]["namespace"], {"common.k8s.elastic.co/name": name}, annotations
    )
    made["kind"] = "StatefulSet"
    made["metadata"]["ownerReferences"] = [_owner(owner)]
    made["spec"]["serviceName"] = name
    # ECK switches the token off; the injector brings one of its own.
    made["spec"]["template"]["spec"]["automountServiceAccountToken"] = False
    return made


def _owner(one: Object) -> Object:
    meta = one["metadata"]
    return {
        "apiVersion": one["apiVersion"],
        "kind": one["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }


def _deployment(name: str, namespace: str, labels: dict[str, str], annotations: dict[str, str]) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {"containers": [{"name": name, "image": f"stand-in/{name}:1"}]},
            },
        },
    }


def _job(name: str, namespace: str) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "template": {
                "spec": {
                    "restartPolicy": "OnFailure",
                    "containers": [{"name": "helm", "image": "stand-in/klipper-helm:1"}],
                }
            }
        },
    }
