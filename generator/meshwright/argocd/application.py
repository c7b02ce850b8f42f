"""An Argo CD Application with its sources and its position in the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

GROUP = "argoproj.io"
_VERSION = f"{GROUP}/v1alpha1"

_LOCAL = frozenset({"", "in-cluster", "https://kubernetes.default.svc"})


@dataclass(frozen=True)
class Application:
    """``built`` is the object as applied; its origin names the file that defines it.

    For an Application that an ApplicationSet generates, ``written`` is the set and ``prefix`` its template.
    """

    built: BuiltObject
    files: RepositoryFiles
    written: BuiltObject | None = None
    prefix: Pointer = ()

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
        maker = f" (of {self.written.title})" if self.written else ""
        return f"Application {self.name}{maker}"

    @property
    def origin(self) -> str:
        """The file that defines it."""
        return self.built.origin.path or self.built.origin.configured_in or ""

    @property
    def is_manual(self) -> bool:
        """Whether a user starts each sync: without ``automated``, or with ``enabled: false`` in it."""
        automated = mapping_of(self.spec.get("syncPolicy")).get("automated")
        return not isinstance(automated, Mapping) or automated.get("enabled") is False

    @property
    def project(self) -> str:
        """The name of its AppProject; Argo CD reads an empty name as default."""
        return str(self.spec.get("project") or "default")

    @property
    def destination(self) -> Mapping[str, Any]:
        """spec.destination: server or name of the cluster, and the namespace."""
        return mapping_of(self.spec.get("destination"))

    @property
    def target(self) -> str:
        """The other cluster of its destination, by server or name; empty for Argo CD's own, or if unknown."""
        found = str(self.destination.get("server") or self.destination.get("name") or "").rstrip("/")
        return "" if found in _LOCAL or "{{" in found or found.endswith(".invalid") else found

    def place(self, cluster: str) -> str:
        """The cluster that gets its objects, for an Application that is itself on ``cluster``."""
        return f"{cluster} {self.target}" if self.target else cluster

    @property
    def sources(self) -> list[ApplicationSource]:
        """``sources`` if set, else the source hydrator's dry source, else ``source``."""
        several = [
            ApplicationSource(self, item, ("spec", "sources", number))
            for number, item in enumerate(items_of(self.spec.get("sources")))
            if isinstance(item, Mapping)
        ]
        if several:
            return several
        hydrator = mapping_of(self.spec.get("sourceHydrator"))
        if isinstance(hydrator.get("drySource"), Mapping):
            return [ApplicationSource(self, hydrator["drySource"], ("spec", "sourceHydrator", "drySource"))]
        single = self.spec.get("source")
        return [ApplicationSource(self, single, ("spec", "source"))] if isinstance(single, Mapping) else []

    def position(self, *pointer: str | int, key: bool = False) -> Position:
        """The position of a value in the file."""
        return position_of(self.files, self.written or self.built, (*self.prefix, *pointer), key=key)


@dataclass(frozen=True)
class ApplicationSource:
    """One source of an Application; ``pointer`` leads to it in the Application."""

    application: Application
    data: Mapping[str, Any]
    pointer: Pointer

    @property
    def repository(self) -> str:
        """Its repoURL, as written."""
        return str(self.data.get("repoURL") or "")

    @property
    def chart(self) -> str:
        """The name of a Helm chart, without its folders; empty if the source is not a chart."""
        return posixpath.basename(str(self.data.get("chart") or "").rstrip("/"))

    @property
    def revision(self) -> str:
        """targetRevision; the version for a chart."""
        return str(self.data.get("targetRevision") or "")

    @property
    def reference(self) -> str:
        """The ref by which values files of other sources refer to this repository."""
        return str(self.data.get("ref") or "")

    @property
    def has_path(self) -> bool:
        """Whether it builds something itself, rather than only providing a ref."""
        return bool(self.data.get("path")) or not self.reference

    @property
    def path(self) -> str:
        """The folder it builds, relative to the repository root, which is "."."""
        return normalise(str(self.data.get("path") or ""))

    @property
    def position(self) -> Position:
        """The position of its path or chart, or else of the source itself."""
        for name in ("path", "chart"):
            if self.data.get(name):
                return self.application.position(*self.pointer, name)
        return self.application.position(*self.pointer)

    def at(self, *pointer: str | int, key: bool = False) -> Position:
        """The position of one of its values."""
        return self.application.position(*self.pointer, *pointer, key=key)


def normalise(path: str) -> str:
    """A path relative to the repository: ``./x``, ``x/`` and ``/x`` are equal, ``..`` cannot leave it."""
    return posixpath.normpath(posixpath.join("/", path)).lstrip("/") or "."


def is_kind(data: Mapping[str, Any], kind: str) -> bool:
    """Whether an object is Argo CD's ``kind``: Application, ApplicationSet or AppProject."""
    return data.get("kind") == kind and data.get("apiVersion") == _VERSION
