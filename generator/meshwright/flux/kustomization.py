"""A Flux Kustomization, and where in the repository it was written."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import Pointer, mapping_of

GROUP = "kustomize.toolkit.fluxcd.io"
INSTANCE_GROUP = "fluxcd.controlplane.io"


@dataclass(frozen=True, order=True)
class SourceReference:
    """The source of a Kustomization, without its namespace: raw files rarely set it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'"


@dataclass(frozen=True)
class FluxKustomization:
    """``built`` is the object as applied; its origin names the file that defines it."""

    built: BuiltObject
    files: RepositoryFiles
    # The object in the file, if it is not the Kustomization itself.
    written: BuiltObject | None = None
    path_pointer: Pointer = ("spec", "path")

    @property
    def spec(self) -> Mapping[str, Any]:
        """The spec, empty when it is not a mapping."""
        return mapping_of(self.built.data.get("spec"))

    @property
    def name(self) -> str:
        """namespace/name, or only the name if no namespace is known."""
        return self.built.qualified_name

    @property
    def title(self) -> str:
        """Kind and name, for messages."""
        return f"Kustomization {self.name}"

    @property
    def path(self) -> str:
        """The folder it builds, relative to the repository root, which is "."."""
        return normalise(str(self.spec.get("path") or ""))

    @property
    def source(self) -> SourceReference:
        """Its sourceRef."""
        reference = mapping_of(self.spec.get("sourceRef"))
        return SourceReference(str(reference.get("kind") or ""), str(reference.get("name") or ""))

    def place(self, cluster: str) -> str:
        """The cluster that gets its objects, for a Kustomization that is itself on ``cluster``."""
        return place_of(self.built, cluster)

    @property
    def origin(self) -> str:
        """The file that defines it."""
        return self.built.origin.path or self.built.origin.configured_in or ""

    def position(self, *pointer: str | int, key: bool = False) -> Position:
        """The position of a value in the file."""
        return position_of(self.files, self.written or self.built, pointer, key=key)

    @property
    def path_position(self) -> Position:
        """The position of its path."""
        return self.position(*self.path_pointer)


def normalise(path: str) -> str:
    """A Flux path relative to the repository: ``./x``, ``x/`` and ``/x`` are equal, ``..`` cannot leave it.

    source: securejoin in kustomize-controller, which keeps every path below the artifact.
    """
    return posixpath.normpath(posixpath.join("/", path)).lstrip("/") or "."


def other_cluster(built: BuiltObject) -> str:
    """The other cluster of a spec.kubeConfig, by its Secret or ConfigMap; empty without one."""
    config = mapping_of(mapping_of(built.data.get("spec")).get("kubeConfig"))
    references = (mapping_of(config.get("secretRef")), mapping_of(config.get("configMapRef")))
    names = (reference["name"] for reference in references if reference.get("name"))
    return next((f"{built.namespace}/{name}" for name in names), "")


def place_of(built: BuiltObject, cluster: str) -> str:
    """The cluster that gets what a Kustomization or HelmRelease on ``cluster`` applies."""
    other = other_cluster(built)
    return f"{cluster} {other}" if other else cluster


def is_kustomization(data: Mapping[str, Any]) -> bool:
    """Whether an object is a Flux Kustomization of any version."""
    api_version = data.get("apiVersion")
    return (
        data.get("kind") == "Kustomization"
        and isinstance(api_version, str)
        and api_version.startswith(f"{GROUP}/")
    )


def is_instance(data: Mapping[str, Any]) -> bool:
    """Whether an object is a flux-operator FluxInstance that syncs a path."""
    spec = data.get("spec")
    sync = spec.get("sync") if isinstance(spec, Mapping) else None
    return (
        data.get("kind") == "FluxInstance"
        and str(data.get("apiVersion") or "").startswith(f"{INSTANCE_GROUP}/")
        and isinstance(sync, Mapping)
        and isinstance(sync.get("path"), str)
    )


def from_instance(files: RepositoryFiles, instance: BuiltObject) -> FluxKustomization:
    """The Kustomization that flux-operator creates for a FluxInstance's sync.

    source: flux-operator 0.58, which names it after the namespace unless sync.name is set.
    """
    sync = instance.data["spec"]["sync"]
    namespace = instance.namespace or "flux-system"
    name = str(sync.get("name") or namespace)
    data = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"path": sync["path"], "sourceRef": {"kind": sync.get("kind"), "name": name}},
    }
    built = BuiltObject(data, instance.origin)
    return FluxKustomization(built, files, written=instance, path_pointer=("spec", "sync", "path"))
