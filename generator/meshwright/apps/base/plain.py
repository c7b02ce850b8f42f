"""Reads bases whose kustomization only lists manifests, with the same result as a kustomize build."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from meshwright.apps.model import Base, HelmEntry
from meshwright.errors import Position
from meshwright.manifests.inside import leads_out, read_inside
from meshwright.manifests.kustomization import FILE_NAMES
from meshwright.manifests.remote import is_remote
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import Document, YamlFault, load_documents
from meshwright.yaml.pointer import items_of, mapping_of

# Fields that do not change which objects exist, nor their pods, ports and selectors.
_IRRELEVANT_FIELDS = frozenset(
    {"apiVersion", "kind", "metadata", "images", "replicas", "configMapGenerator", "secretGenerator"}
    | {"generatorOptions", "sortOptions", "buildMetadata", "configurations", "openapi", "crds"}
)
_SUPPORTED_FIELDS = frozenset({"resources", "namespace", "labels", "helmCharts", "helmGlobals"})
# What lets labels reach selectors and pods.
_REACHING = ("includeSelectors", "includeTemplates", "fields")
_LOCAL = "config.kubernetes.io/local-config"
_MAX_DEPTH = 30
_MAX_FOLDERS = 1000

# Built-in kinds without a namespace.
CLUSTER_SCOPED = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("networking.k8s.io", "IngressClass"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
    }
)
# Cluster-scoped kinds that kustomize 5.8 does not know (its openapi is older) and gives a namespace.
_UNKNOWN_TO_KUSTOMIZE = frozenset(
    {
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    }
)


class _NeedsKustomize(Exception):
    """Only kustomize itself can build this base."""


class PlainReader:
    """Reads bases below ``root``."""

    def __init__(
        self,
        root: Path,
        read: Callable[[str], list[Document]] | None = None,
        supposed: Mapping[str, str] | None = None,
    ) -> None:
        """``read`` returns the documents of a repository file, for example from a cache.

        ``supposed`` has texts of kustomizations that do not exist yet, by folder.
        """
        self._root = root
        self._supposed = supposed or {}
        self._read = read or (lambda path: read_documents(root, path))
        self._visited = 0

    def read(self, path: str) -> Base | None:
        """The base in folder ``path``; None if it needs kustomize, or has a fault for kustomize to report."""
        charts: list[HelmEntry] = []
        helm: list[Position] = []
        self._visited = 0
        try:
            objects = tuple(self._folder(path, charts, helm, ()))
        except (_NeedsKustomize, YamlFault, OSError):
            return None
        identities = {
            (item.api_version.partition("/")[0], item.kind, item.namespace, item.name) for item in objects
        }
        if len(identities) != len(objects):
            return None
        names = [str(entry.data.get("releaseName") or entry.data["name"]) for entry in charts]
        names += [_release_name(item.data) for item in objects if item.kind == "HelmRelease"]
        return Base(path, objects, tuple(names), helm=tuple(helm), entries=tuple(charts))

    def _folder(
        self, path: str, charts: list[HelmEntry], helm: list[Position], stack: tuple[str, ...]
    ) -> Iterator[BuiltObject]:
        self._visited += 1
        # Folders that list each other twice at each level would never end; kustomize's limits apply to them.
        if path in stack or len(stack) > _MAX_DEPTH or self._visited > _MAX_FOLDERS:
            raise _NeedsKustomize
        document = self._kustomization(path)
        data = document.data
        for entry in items_of(data.get("labels")):
            if not isinstance(entry, dict) or any(entry.get(field) for field in _REACHING):
                raise _NeedsKustomize
            # kustomize refuses other values than texts.
            if not all(isinstance(value, str) for value in mapping_of(entry.get("pairs")).values()):
                raise _NeedsKustomize
        first = len(charts)
        for number, chart in enumerate(_listed(data, "helmCharts")):
            if not isinstance(chart, dict) or not isinstance(chart.get("name"), str):
                raise _NeedsKustomize
            own, at = str(chart.get("namespace") or ""), document.position(("helmCharts", number))
            charts.append(HelmEntry(chart, path, own, at))
        if data.get("helmCharts"):
            helm.append(document.position(("helmCharts",), key=True))
        namespace = data.get("namespace")
        if namespace is not None and not isinstance(namespace, str):
            raise _NeedsKustomize
        for entry in _listed(data, "resources"):
            if not isinstance(entry, str) or is_remote(entry):
                raise _NeedsKustomize
            inner = posixpath.normpath(posixpath.join(path, entry))
            if leads_out(self._root, inner):
                raise _NeedsKustomize
            for item in self._entry(inner, charts, helm, (*stack, path)):
                yield _with_namespace(item, namespace) if namespace else item
        if namespace:
            charts[first:] = [replace(entry, namespace=namespace) for entry in charts[first:]]

    def _entry(
        self, path: str, charts: list[HelmEntry], helm: list[Position], stack: tuple[str, ...]
    ) -> Iterator[BuiltObject]:
        if (self._root / path).is_dir():
            yield from self._folder(path, charts, helm, stack)
            return
        for document in self._read(path):
            yield from _objects(document)

    def _kustomization(self, path: str) -> Document:
        if path in self._supposed:
            documents = load_documents(self._supposed[path], f"{path}/{FILE_NAMES[0]}")
        else:
            found = [name for name in FILE_NAMES if (self._root / path / name).is_file()]
            if len(found) != 1:
                raise _NeedsKustomize
            documents = self._read(f"{path}/{found[0]}")
        data = documents[0].data if len(documents) == 1 else None
        if not isinstance(data, dict) or data.get("kind", "Kustomization") != "Kustomization":
            raise _NeedsKustomize
        if any(
            value
            for key, value in data.items()
            if key not in _IRRELEVANT_FIELDS and key not in _SUPPORTED_FIELDS
        ):
            raise _NeedsKustomize
        return documents[0]


def read_documents(root: Path, path: str) -> list[Document]:
    """The documents of a file of the repository at ``root``. Raises YamlFault, OSError."""
    try:
        text = read_inside(root, path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise YamlFault(Position(path), f"not UTF-8 at byte {error.start}") from None
    return load_documents(text, path)


def _listed(data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name)
    if found is not None and not isinstance(found, list):
        raise _NeedsKustomize
    return found or []


def _objects(document: Document) -> Iterator[BuiltObject]:
    data, origin = document.data, Origin(document.path, place=document.position())
    if not isinstance(data, dict):
        raise _NeedsKustomize
    items = data.get("items") if str(data.get("kind", "")).endswith("List") else None
    for item in items if isinstance(items, list) else [data]:
        if not isinstance(item, dict) or not item.get("apiVersion") or not item.get("kind"):
            raise _NeedsKustomize
        metadata = item.get("metadata")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            raise _NeedsKustomize
        # kustomize leaves such an object out.
        if _LOCAL in mapping_of(metadata.get("annotations")):
            raise _NeedsKustomize
        yield BuiltObject(item, origin)


def _with_namespace(item: BuiltObject, namespace: str) -> BuiltObject:
    """Apply kustomize's field ``namespace``, which also renames a Namespace."""
    group, slash, _ = item.api_version.partition("/")
    key = (group if slash else "", item.kind)
    metadata = dict(item.data["metadata"])
    if key == ("", "Namespace"):
        metadata["name"] = namespace
    elif key not in CLUSTER_SCOPED or key in _UNKNOWN_TO_KUSTOMIZE:
        metadata["namespace"] = namespace
    else:
        return item
    return BuiltObject({**item.data, "metadata": metadata}, item.origin)


def _release_name(data: Mapping[str, Any]) -> str:
    """The name by which the overlay refers to a HelmRelease: the object's own name."""
    return str(data["metadata"]["name"])
