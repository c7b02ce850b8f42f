"""What a kubelet would wait for and see: volumes, the proxy's identity, a program, how a Job ends.

The agent marks a pod by two conditions, and kwok's stages act on them. A pod whose container is a program
that this machine runs for real (programs.py) starts that program, and is ready when it answers.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.api import Api, ApiError, Object, conditions
from engine.programs import Programs

STARTABLE, SUCCEEDS = "engine.test/startable", "engine.test/succeeds"
PROXY, AWAIT = "linkerd-proxy", "linkerd-await"
IDENTITY = {"linkerd.io/control-plane-component": "identity"}
PAUSE = 0.3


@dataclass
class PodAgent:
    """Looks at all pods, a few times a second."""

    api: Api
    programs: Programs
    ended: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    trouble: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.thread = threading.Thread(target=self._run, name="pods", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        if self.thread is not None:
            self.thread.join(10)

    def _run(self) -> None:
        while not self.ended.is_set():
            try:
                self.look()
            except OSError:
                # A conflict, or an object that went meanwhile: it looks again.
                pass
            except Exception:
                self.trouble.append(traceback.format_exc())
            time.sleep(PAUSE)

    def look(self) -> None:
        """One round over all pods."""
        pods = [pod for pod in self.api.list("v1", "Pod") if "deletionTimestamp" not in pod["metadata"]]
        self.programs.keep(pods)
        identity = any(
            pod["metadata"]["namespace"] == "linkerd"
            and IDENTITY.items() <= pod["metadata"].get("labels", {}).items()
            and conditions(pod).get("Ready", {}).get("status") == "True"
            for pod in pods
        )
        for pod in pods:
            if "nodeName" in pod["spec"] and STARTABLE not in conditions(pod):
                self._try(pod, identity)

    def _try(self, pod: Object, identity: bool) -> None:
        own = IDENTITY.items() <= pod["metadata"].get("labels", {}).items()
        if has_proxy(pod) and not own and not identity:
            return
        if self._missing(pod) or not self.programs.started(pod):
            return
        if (
            pod["metadata"].get("labels", {}).get("app.kubernetes.io/name") == "startupapicheck"
            and not self._certificates()
        ):
            return
        marks = [_mark(STARTABLE, "True"), _mark(SUCCEEDS, "True" if self._succeeds(pod) else "False")]
        try:
            self.api.request(
                "PATCH",
                self.api.path("v1", "Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]) + "/status",
                {"status": {"conditions": marks}},
                "application/strategic-merge-patch+json",
            )
        except ApiError as error:
            if error.status != 404:
                raise

    def _missing(self, pod: Object) -> bool:
        """Whether a Secret or ConfigMap that the pod cannot do without is not there, or lacks a key."""
        namespace = pod["metadata"]["namespace"]
        for kind, name, keys in needed(pod):
            found = self.api.get("v1", kind, name, namespace)
            if found is None or not keys <= {*found.get("data", {}), *found.get("binaryData", {})}:
                return True
        return False

    def _certificates(self) -> bool:
        """What cert-manager's own start-up check asks again and again: is a certificate request taken?"""
        meta = {"generateName": "check-", "namespace": "cert-manager"}
        spec = {"dnsNames": ["check.example.test"], "secretName": "check", "issuerRef": {"name": "check"}}
        asked = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": meta, "spec": spec}
        try:
            self.api.request(
                "POST",
                self.api.path("cert-manager.io/v1", "Certificate", "cert-manager") + "?dryRun=All",
                asked,
            )
        except ApiError:
            return False
        return True

    def _succeeds(self, pod: Object) -> bool:
        """A container that waits for its own pod's proxy fails where there is none."""
        commands = " ".join(
            " ".join([*one.get("command", []), *one.get("args", [])]) for one in pod["spec"]["containers"]
        )
        return AWAIT not in commands or has_proxy(pod)


def has_proxy(pod: Mapping[str, Any]) -> bool:
    """Whether a pod has Linkerd's proxy, as a container or a native sidecar."""
    spec = pod["spec"]
    return any(one["name"] == PROXY for one in [*spec.get("containers", []), *spec.get("initContainers", [])])


def needed(pod: Object) -> list[tuple[str, str, set[str]]]:
    """Secrets and ConfigMaps without which a kubelet does not start the pod: kind, name, keys."""
    found: list[tuple[str, str, set[str]]] = []

    def add(kind: str, source: Any, name_key: str, keys: set[str]) -> None:
        if source and not source.get("optional"):
            found.append((kind, source[name_key], keys))

    for volume in pod["spec"].get("volumes", []):
        add(
            "Secret",
            volume.get("secret"),
            "secretName",
            {i["key"] for i in volume.get("secret", {}).get("items", [])},
        )
        items = volume.get("configMap", {}).get("items", [])
        add("ConfigMap", volume.get("configMap"), "name", {item["key"] for item in items})
        for source in volume.get("projected", {}).get("sources", []):
            for kind, part in (("Secret", "secret"), ("ConfigMap", "configMap")):
                add(
                    kind,
                    source.get(part),
                    "name",
                    {item["key"] for item in source.get(part, {}).get("items", [])},
                )
    for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]:
        for source in container.get("envFrom", []):
            add("Secret", source.get("secretRef"), "name", set())
            add("ConfigMap", source.get("configMapRef"), "name", set())
        for variable in container.get("env", []):
            given = variable.get("valueFrom", {})
            for kind, part in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
                add(kind, given.get(part), "name", {given[part]["key"]} if part in given else set())
    return found


def _mark(kind: str, status: str) -> Object:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"type": kind, "status": status, "lastTransitionTime": now}
