"""Several clusters in one repository: what two of them share by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from meshwright.apps.clusters import ANSWERS, cluster_files, cluster_of, is_answers
from meshwright.check.model.index import Item, Model
from meshwright.check.model.inlinepem import anchors_by_cluster
from meshwright.check.model.publichosts import public_hosts
from meshwright.check.model.workloads import workloads
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import items_of

# The folders that each cluster of a generated repository has.
_PLACE = re.compile(r"(?:\./)?(?:platform|clusters|mesh/components|mesh/apps)/([^/]+)(?:/|\Z)")


@rule(
    "MW661",
    "host-on-several-clusters",
    "Two clusters serve the same host name",
    why="DNS leads to only one of them, or the ExternalDNS of each cluster overwrites the other's record.",
    fix="use another host name on one of the clusters, for example with an override of source.path",
    source="ExternalDNS docs, registry: records belong to one owner",
    severity=Severity.WARNING,
)
def shared_hosts(model: Model) -> Iterator[Hit]:
    first: dict[str, Item] = {}
    for host in public_hosts(model):
        if not host.item.cluster or "$" in host.name:
            continue
        # Names have no case.
        other = first.setdefault(host.name.lower(), host.item)
        if other.cluster != host.item.cluster:
            yield Hit(
                host.item.at(*host.pointer),
                f"{host.item.title} on {_name(host.item.cluster)} serves {host.name}, "
                f"as {other.title} on {_name(other.cluster)} does",
                subject=host.item.title,
            )


@rule(
    "MW662",
    "path-of-another-cluster",
    "A cluster applies the files of another one",
    why="The cluster gets the host names, sizes and edits of the other one, and every later change to them immediately.",
    fix="use the path with the name of its own cluster",
    source="Meshwright's docs/clusters.md: each cluster has folders of its own",
)
def foreign_paths(model: Model) -> Iterator[Hit]:
    if not (model.files.is_file(ANSWERS) or _cluster_files(model)):
        return
    clusters = {path.split("/")[1] for path in model.files.below("clusters") if path.count("/") > 1}
    for item, path, pointer in _paths(model):
        own, found = _name(item.cluster), _PLACE.match(path)
        if own in clusters and found and found[1] in clusters and found[1] != own:
            yield Hit(
                item.at(*pointer),
                f"{item.title} of {own} applies {path}, which belongs to {found[1]}",
                subject=item.title,
            )


def _paths(model: Model) -> Iterator[tuple[Item, str, tuple[str | int, ...]]]:
    for item in model.items("Kustomization", "kustomize.toolkit.fluxcd.io"):
        yield item, str(item.get("spec", "path")), ("spec", "path")
    for item in model.items("Application", "argoproj.io"):
        yield item, str(item.get("spec", "source", "path")), ("spec", "source", "path")
        for number in range(len(item.list("spec", "sources"))):
            pointer = ("spec", "sources", number, "path")
            yield item, str(item.get(*pointer)), pointer


@rule(
    "MW663",
    "storage-class-of-another-cluster",
    "A StorageClass exists only on another cluster",
    why="The PersistentVolumeClaim stays Pending, and its pods are not scheduled.",
    fix="use a StorageClass of this cluster, for example with an override of source.path",
    source="Kubernetes docs, Storage Classes",
    severity=Severity.WARNING,
)
def foreign_storage_classes(model: Model) -> Iterator[Hit]:
    existing: dict[str, dict[str, Item]] = {}
    for item in model.items("StorageClass", "storage.k8s.io"):
        existing.setdefault(item.name, {})[item.cluster] = item
    for item, name, pointer in _claims(model):
        there = existing.get(name, {})
        if there and item.cluster not in there and "" not in there and model.sees_all_of(item.cluster):
            other = next(iter(there.values()))
            yield Hit(
                item.at(*pointer),
                f"{item.title} on {_name(item.cluster)} uses {other.title}, which only "
                f"{_name(other.cluster)} has",
                subject=item.title,
            )


def _claims(model: Model) -> Iterator[tuple[Item, str, tuple[str | int, ...]]]:
    for item in model.items("PersistentVolumeClaim", ""):
        yield item, str(item.get("spec", "storageClassName")), ("spec", "storageClassName")
    for item in model.items("StatefulSet", "apps"):
        for number, _ in enumerate(items_of(item.get("spec", "volumeClaimTemplates"))):
            pointer = ("spec", "volumeClaimTemplates", number, "spec", "storageClassName")
            yield item, str(item.get(*pointer)), pointer
    for workload in workloads(model):
        for number, _ in enumerate(items_of(workload.pod.get("volumes"))):
            volume = (*workload.template, "spec", "volumes", number)
            claim = (*volume, "ephemeral", "volumeClaimTemplate", "spec", "storageClassName")
            yield workload.item, str(workload.item.get(*claim)), claim


@rule(
    "MW664",
    "cluster-ahead-of-repository",
    "A cluster is newer than the repository's own files",
    why="CI installs the Meshwright of the repository's version. An older one does not know the cluster's files.",
    fix="run meshwright update",
    source="Meshwright's docs/clusters.md, the week of a change",
    severity=Severity.WARNING,
)
def ahead(model: Model) -> Iterator[Hit]:
    repository = _answers(model, ANSWERS)
    if repository is None or (version := _version(repository)) is None:
        return
    for path in _cluster_files(model):
        document = _answers(model, path)
        if document and (own := _version(document)) and own > version:
            cluster = cluster_of(path)
            yield Hit(
                document.position(("_commit",)),
                f"cluster {cluster} is at {document.data['_commit']}, but the repository's own files are at "
                f"{repository.data['_commit']}",
                subject=f"cluster {cluster}",
            )


@rule(
    "MW665",
    "anchor-on-several-clusters",
    "Two clusters that are not linked have the same trust anchor",
    why="Whoever can sign with the anchor or the issuer of one cluster can also issue identities that the other one "
    "accepts. Clusters that do not talk to each other need no common anchor.",
    fix="use a separate anchor for each cluster",
    source="linkerd.io, Multi-cluster communication: linked clusters share a trust anchor",
    severity=Severity.INFO,
)
def shared_anchors(model: Model) -> Iterator[Hit]:
    anchors = model.once(anchors_by_cluster)
    linked = {
        frozenset((_name(item.cluster), str(item.get("spec", "targetClusterName"))))
        for item in model.items("Link", "multicluster.linkerd.io")
    }
    first: dict[bytes, str] = {}
    for cluster, found in anchors.items():
        others = {first.setdefault(certificate, cluster) for certificate in found.certificates}
        for other in sorted(others - {cluster}):
            if frozenset((_name(cluster), _name(other))) not in linked:
                there = anchors[other].pem
                yield Hit(
                    found.pem.position,
                    f"{found.pem.label} on {_name(cluster)} has an anchor of {_name(other)} ({there.position})",
                    subject=found.pem.subject,
                )


def _cluster_files(model: Model) -> list[str]:
    return cluster_files(model.files.paths)


def _answers(model: Model, path: str) -> Document | None:
    """The answers of this template in a file of the root; None for anything else."""
    if not model.files.is_file(path):
        return None
    try:
        documents = model.files.documents(path)
    except YamlFault:
        return None
    data = documents[0].data if documents else None
    return documents[0] if is_answers(data) else None


def _version(answers: Document) -> Version | None:
    try:
        return Version(str(answers.data.get("_commit")))
    except InvalidVersion:
        return None


def _name(cluster: str) -> str:
    return cluster.rpartition("/")[2]
