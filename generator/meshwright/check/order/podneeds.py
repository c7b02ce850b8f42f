"""What keeps a pod from starting, as its spec and the claims of its workload name it.

source: kubelet (volumes, env and envFrom wait for their objects), Kubernetes' admission of pods (the
ServiceAccount, PriorityClass and RuntimeClass must exist) and the volume binder (a claim waits for its
StorageClass). A pod may start without its image pull secret, because its image may be public.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.check.model.index import Item
from meshwright.check.model.workloads import Workload
from meshwright.yaml.pointer import items_of, mapping_of

# The readiness endpoint on the proxy's admin port.
_READINESS = ":4191/ready"
# Kinds that belong to no namespace.
CLUSTER_WIDE = frozenset(
    {"PriorityClass", "RuntimeClass", "StorageClass", "PersistentVolume", "ClusterTrustBundle"}
)
_VOLUMES = (
    ("secret", "Secret", "secretName"),
    ("configMap", "ConfigMap", "name"),
    ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
    ("azureFile", "Secret", "secretName"),
)
# Volumes of drivers, with the field of the Secret that they need to mount.
_DRIVERS = (
    *((driver, "secretRef") for driver in ("cephfs", "flexVolume", "iscsi", "rbd", "scaleIO")),
    ("csi", "nodePublishSecretRef"),
)
_SOURCES = (("secret", "Secret"), ("configMap", "ConfigMap"), ("clusterTrustBundle", "ClusterTrustBundle"))
_DEVICES = (("resourceClaimName", "ResourceClaim"), ("resourceClaimTemplateName", "ResourceClaimTemplate"))
_ENV_FROM = (("secretRef", "Secret"), ("configMapRef", "ConfigMap"))
_ENV = (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap"))
_NAMED = (
    ("priorityClassName", "PriorityClass", "has"),
    ("runtimeClassName", "RuntimeClass", "has"),
)


@dataclass(frozen=True)
class PodNeed:
    """An object without which a pod does not start; ``verb`` follows the workload: ``mounts``."""

    verb: str
    kind: str
    name: str


def is_awaited(workload: Workload) -> bool:
    """Whether the health of a workload depends on its pods: a CronJob has none yet."""
    if workload.item.built.kind == "CronJob":
        return False
    return workload.item.get("spec", "replicas") != 0 and workload.item.get("spec", "suspend") is not True


def needs_of_pods(workload: Workload) -> Iterator[PodNeed]:
    """Everything that the pods of a workload need, each once."""
    yield from dict.fromkeys(_needs(workload))


def of_claim(claim: Mapping[str, Any]) -> Iterator[PodNeed]:
    """What the spec of a PersistentVolumeClaim names: its class, its volume, and what it is filled from."""
    spec = mapping_of(claim.get("spec"))
    for field, kind in (("storageClassName", "StorageClass"), ("volumeName", "PersistentVolume")):
        if spec.get(field):
            yield PodNeed("claims from", kind, str(spec[field]))
    source = mapping_of(spec.get("dataSourceRef") or spec.get("dataSource"))
    if source.get("name") and not source.get("namespace"):
        yield PodNeed("is filled from", str(source.get("kind")), str(source["name"]))


def _needs(workload: Workload) -> Iterator[PodNeed]:
    pod = workload.pod
    for volume in items_of(pod.get("volumes")):
        yield from _volume(mapping_of(volume))
    for claim in workload.item.list("spec", "volumeClaimTemplates"):
        yield from of_claim(mapping_of(claim))
    for field in ("initContainers", "containers"):
        for container in items_of(pod.get(field)):
            yield from _environment(mapping_of(container))
    for field, kind, verb in _NAMED:
        if pod.get(field):
            yield PodNeed(verb, kind, str(pod[field]))
    # The API server copies the deprecated field, and creates the account default of each namespace.
    account = pod.get("serviceAccountName") or pod.get("serviceAccount") or "default"
    if account != "default":
        yield PodNeed("runs as", "ServiceAccount", str(account))
    for claim in items_of(pod.get("resourceClaims")):
        for field, kind in _DEVICES:
            yield from _reference("claims", kind, claim, field)


def _volume(volume: Mapping[str, Any]) -> Iterator[PodNeed]:
    for field, kind, key in _VOLUMES:
        yield from _reference("mounts", kind, volume.get(field), key)
    for driver, field in _DRIVERS:
        yield from _reference("mounts", "Secret", mapping_of(volume.get(driver)).get(field))
    for source in items_of(mapping_of(volume.get("projected")).get("sources")):
        for field, kind in _SOURCES:
            yield from _reference("mounts", kind, mapping_of(source).get(field))
    yield from of_claim(mapping_of(mapping_of(volume.get("ephemeral")).get("volumeClaimTemplate")))


def _environment(container: Mapping[str, Any]) -> Iterator[PodNeed]:
    for entry in items_of(container.get("envFrom")):
        for field, kind in _ENV_FROM:
            yield from _reference("reads", kind, mapping_of(entry).get(field))
    for entry in items_of(container.get("env")):
        for field, kind in _ENV:
            yield from _reference("reads", kind, mapping_of(mapping_of(entry).get("valueFrom")).get(field))


def _reference(verb: str, kind: str, source: Any, key: str = "name") -> Iterator[PodNeed]:
    if isinstance(source, Mapping) and source.get(key) and source.get("optional") is not True:
        yield PodNeed(verb, kind, str(source[key]))


def needs_of_claim(item: Item) -> Iterator[PodNeed]:
    """What a PersistentVolumeClaim waits for before it is bound."""
    if item.built.kind == "PersistentVolumeClaim":
        yield from of_claim(item.built.data)


def is_gate(workload: Workload) -> bool:
    """Whether it is a Job that fails until its pod has a ready proxy."""
    containers = items_of(workload.pod.get("containers"))
    return workload.item.built.kind == "Job" and any(map(_fails_without_proxy, containers))


def _fails_without_proxy(container: object) -> bool:
    """Whether it queries the proxy's readiness, or runs linkerd-await with a time limit."""
    if not isinstance(container, Mapping):
        return False
    words = [str(word) for field in ("command", "args") for word in items_of(container.get(field))]
    if any(_READINESS in word for word in words):
        return True
    awaits = bool(words) and words[0].rsplit("/", 1)[-1] == "linkerd-await"
    options = words[: words.index("--")] if "--" in words else words
    limited = any(word.startswith(("--timeout=", "-t")) or word == "--timeout" for word in options)
    return awaits and limited and "--timeout-fatal=false" not in options
