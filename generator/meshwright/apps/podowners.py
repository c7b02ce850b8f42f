"""Kinds that create pods, from Kubernetes and from operators, and the location of their pod annotations."""

from __future__ import annotations

from meshwright.apps.model import PodOwner
from meshwright.apps.operatorkinds import OPERATOR_KINDS
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import mapping_of

_TEMPLATE = ("spec", "template", "metadata", "annotations")
_CRON = ("spec", "jobTemplate", *_TEMPLATE)
_POD = ("spec", "template", "spec")

# The kinds that Linkerd's injector supports (pkg/inject), then kinds from which operators create pods.
OWNERS = (
    PodOwner("Pod", "", ("metadata", "annotations"), ("spec",)),
    PodOwner("ReplicationController", "", _TEMPLATE, _POD),
    PodOwner("Deployment", "apps", _TEMPLATE, _POD),
    PodOwner("ReplicaSet", "apps", _TEMPLATE, _POD),
    PodOwner("StatefulSet", "apps", _TEMPLATE, _POD),
    PodOwner("DaemonSet", "apps", _TEMPLATE, _POD),
    PodOwner("Job", "batch", _TEMPLATE, _POD),
    PodOwner("CronJob", "batch", _CRON, ("spec", "jobTemplate", *_POD)),
    *OPERATOR_KINDS,
)
JOB_KINDS = frozenset({"Job", "CronJob", "ScaledJob"})

_BY_KIND = {(owner.group, owner.kind): owner for owner in OWNERS}


def pod_owner(item: BuiltObject) -> PodOwner | None:
    """How ``item`` creates pods; None if it creates none or its kind is unknown."""
    group, slash, _ = item.api_version.partition("/")
    if item.kind == "Rollout" and "workloadRef" in mapping_of(item.data.get("spec")):
        # Its pods are those of the Deployment that it names.
        return None
    return _BY_KIND.get((group if slash else "", item.kind))
