"""Fields of Kubernetes' own kinds with a fixed set of values, which their schemas do not have.

source: Kubernetes pkg/apis/{core,apps,batch,networking,storage}/validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import Item
from meshwright.check.model.workloads import workload_of
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

_ACCESS = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
# "*" is any element of a list.
_FIELDS: dict[tuple[str, str], dict[Pointer, tuple[str, ...]]] = {
    ("", "PersistentVolume"): {
        ("spec", "accessModes", "*"): _ACCESS,
        ("spec", "persistentVolumeReclaimPolicy"): ("Retain", "Delete", "Recycle"),
    },
    ("", "PersistentVolumeClaim"): {("spec", "accessModes", "*"): _ACCESS},
    ("", "Service"): {
        ("spec", "type"): ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
        ("spec", "externalTrafficPolicy"): ("Cluster", "Local"),
        ("spec", "internalTrafficPolicy"): ("Cluster", "Local"),
        ("spec", "sessionAffinity"): ("None", "ClientIP"),
        ("spec", "ipFamilyPolicy"): ("SingleStack", "PreferDualStack", "RequireDualStack"),
        ("spec", "ports", "*", "protocol"): _PROTOCOLS,
    },
    ("apps", "DaemonSet"): {("spec", "updateStrategy", "type"): ("RollingUpdate", "OnDelete")},
    ("apps", "Deployment"): {("spec", "strategy", "type"): ("RollingUpdate", "Recreate")},
    ("apps", "StatefulSet"): {
        ("spec", "updateStrategy", "type"): ("RollingUpdate", "OnDelete"),
        ("spec", "podManagementPolicy"): ("OrderedReady", "Parallel"),
        ("spec", "volumeClaimTemplates", "*", "spec", "accessModes", "*"): _ACCESS,
    },
    ("batch", "CronJob"): {("spec", "concurrencyPolicy"): ("Allow", "Forbid", "Replace")},
    ("networking.k8s.io", "Ingress"): {
        ("spec", "rules", "*", "http", "paths", "*", "pathType"): (
            "Exact",
            "Prefix",
            "ImplementationSpecific",
        )
    },
    ("networking.k8s.io", "NetworkPolicy"): {
        ("spec", "policyTypes", "*"): ("Ingress", "Egress"),
        ("spec", "ingress", "*", "ports", "*", "protocol"): _PROTOCOLS,
        ("spec", "egress", "*", "ports", "*", "protocol"): _PROTOCOLS,
    },
    ("storage.k8s.io", "StorageClass"): {
        ("reclaimPolicy",): ("Delete", "Retain"),
        ("volumeBindingMode",): ("Immediate", "WaitForFirstConsumer"),
    },
}
_OF_PODS: dict[Pointer, tuple[str, ...]] = {
    ("dnsPolicy",): ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    ("containers", "*", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    ("initContainers", "*", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    ("containers", "*", "ports", "*", "protocol"): _PROTOCOLS,
}
_RESTARTS = {"batch": ("OnFailure", "Never"), "apps": ("Always",), "": ("Always", "OnFailure", "Never")}


def fields_of(item: Item) -> Iterator[tuple[Pointer, Any, tuple[str, ...]]]:
    """Each such field of an object: where it is, its value, and the values that the API server allows."""
    for pointer, allowed in _FIELDS.get((item.built.group, item.built.kind), {}).items():
        yield from _found(item.built.data, pointer, (), allowed)
    if (workload := workload_of(item)) is None:
        return
    start: Pointer = (*workload.template, "spec")
    for pointer, allowed in _OF_PODS.items():
        yield from _found(workload.pod, pointer, start, allowed)
    restarts = _RESTARTS.get(item.built.group)
    if restarts is not None and workload.pod.get("containers"):
        # A pod's default is Always, which a Job refuses.
        value = workload.pod.get("restartPolicy", "Always")
        yield (*start, "restartPolicy"), value, restarts


def _found(
    value: Any, pointer: Pointer, at: Pointer, allowed: tuple[str, ...]
) -> Iterator[tuple[Pointer, Any, tuple[str, ...]]]:
    if not pointer:
        # The API server fills in its default for an empty text.
        if value not in (None, ""):
            yield at, value, allowed
    elif pointer[0] == "*":
        for number, entry in enumerate(items_of(value)):
            yield from _found(entry, pointer[1:], (*at, number), allowed)
    else:
        step = str(pointer[0])
        yield from _found(mapping_of(value).get(step), pointer[1:], (*at, step), allowed)
