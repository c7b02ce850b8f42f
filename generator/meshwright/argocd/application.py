"""An Argo CD Application with its sources, and where in the repository it was written."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.pointer import Pointer, items_of, mapping_of
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject

GROUP = "argoproj.io"
_VERSION = f"{GROUP}/v1alpha1"


@dataclass(frozen=True)
class Application:
    """``built`` is the object as applied; its origin leads to the file it was written in.

    What an ApplicationSet makes is ``written`` there, below ``prefix``.
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
        """namespace/name, or the name alone when no namespace is known."""
        return self.built.qualified_name

    @property
    def title(self) -> str:
        """For people."""
        maker = f" (of {self.written.title})" if self.written else ""
        return f"Application {self.name}{maker}"

    @property
    def origin(self) -> str:
        """The file it was written in."""
        return self.built.origin.path or self.built.origin.configured_in or ""

    @property
    def project(self) -> str:
        """The AppProject that it names; Argo CD reads an empty name as default."""
        return str(self.spec.get("project") or "default")

    @property
    def destination(self) -> Mapping[str, Any]:
        """Server or name of the cluster, and the namespace."""
        return mapping_of(self.spec.get("destination"))

    @property
    def sources(self) -> list[ApplicationSource]:
        """All of ``sources``, which wins over ``source``; the dry source when manifests are hydrated."""
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
        """Where a value stands in the file."""
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
        """The chart of a Helm repository, without its folders; empty when the source is no chart."""
        return posixpath.basename(str(self.data.get("chart") or "").rstrip("/"))

    @property
    def revision(self) -> str:
        """targetRevision: the version of a chart."""
        return str(self.data.get("targetRevision") or "")

    @property
    def reference(self) -> str:
        """The name by which values files of other sources mean this one's repository."""
        return str(self.data.get("ref") or "")

    @property
    def has_path(self) -> bool:
        """Whether it builds something itself, and is not there for its ref alone."""
        return bool(self.data.get("path")) or not self.reference

    @property
    def path(self) -> str:
        """The folder it builds, relative to the repository; "." for the repository itself."""
        return normalise(str(self.data.get("path") or ""))

    @property
    def position(self) -> Position:
        """Where its path, its chart, or else the source itself stands."""
        for name in ("path", "chart"):
            if self.data.get(name):
                return self.application.position(*self.pointer, name)
        return self.application.position(*self.pointer)

    def at(self, *pointer: str | int, key: bool = False) -> Position:
        """Where one of its values stands."""
        return self.application.position(*self.pointer, *pointer, key=key)


def normalise(path: str) -> str:
    """A path relative to the repository: ``./x``, ``x/`` and ``/x`` are one, ``..`` stays inside."""
    return posixpath.normpath(posixpath.join("/", path)).lstrip("/") or "."


def is_kind(data: Mapping[str, Any], kind: str) -> bool:
    """Whether an object is Argo CD's ``kind``: Application, ApplicationSet or AppProject."""
    return data.get("kind") == kind and data.get("apiVersion") == _VERSION
