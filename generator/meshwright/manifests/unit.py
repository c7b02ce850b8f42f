"""One thing to build, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.finding import Finding
from meshwright.manifests.pointer import mapping_of


@dataclass(frozen=True)
class Origin:
    """Where kustomize got an object: read from ``path``, or made as ``configured_in`` says.

    ``made_by`` is the kind of the generator. ``place`` is known for what was read without kustomize, and for
    what a chart made: where the chart is named.
    """

    path: str | None = None
    configured_in: str | None = None
    made_by: str = ""
    place: Position | None = None

    def inside(self, stand_in: str) -> Origin:
        """Itself, or ``stand_in`` when kustomize got the object from a file of ours."""
        known = self.path or self.configured_in
        if known is not None and not known.startswith("../"):
            return self
        return replace(self, path=None, configured_in=stand_in)

    @property
    def position(self) -> Position:
        """The place, or the file alone where no place is known."""
        return self.place or Position(self.path or self.configured_in or "")

    @property
    def is_chart(self) -> bool:
        """Whether Helm rendered it."""
        return self.made_by == "HelmChartInflationGenerator"


@dataclass(frozen=True)
class BuiltObject:
    """An object as kustomize prints it. ``data`` is shared: never change it."""

    data: Mapping[str, Any]
    origin: Origin

    @cached_property
    def api_version(self) -> str:
        """Such as apps/v1."""
        return str(self.data.get("apiVersion") or "")

    @cached_property
    def group(self) -> str:
        """The API group, empty for the core group."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    @cached_property
    def kind(self) -> str:
        """Such as Deployment."""
        return str(self.data.get("kind") or "")

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """The object's metadata, empty when it is not a mapping."""
        return mapping_of(self.data.get("metadata"))

    @cached_property
    def name(self) -> str:
        """metadata.name."""
        return str(self.metadata.get("name") or "")

    @cached_property
    def namespace(self) -> str:
        """metadata.namespace, empty when the object names none."""
        return str(self.metadata.get("namespace") or "")

    @cached_property
    def qualified_name(self) -> str:
        """namespace/name, or the name alone when no namespace is known."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @cached_property
    def title(self) -> str:
        """``Kind namespace/name``, for people."""
        return f"{self.kind} {self.qualified_name}"

    @cached_property
    def short_title(self) -> str:
        """``Kind name``, for people who know the namespace."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class BuildUnit:
    """What one wrapper kustomization builds.

    ``manifest`` is a whole kustomization as if it stood in ``folder``, and comes from ``written_in``;
    without one the folder's own is built as it is. ``asked_at`` is where the build is asked for, such as a
    Flux Kustomization's path. ``blocked`` says that kustomize would only fail, or would need the network or
    Helm. ``cluster`` keeps apart what never meets in one cluster. ``copies`` are
    kustomizations, by folder, to be built in place of the repository's own; ``needs_helm`` says that
    charts are rendered on the way.
    """

    key: str
    folder: str
    inputs: BuildInputs
    asked_at: Position
    manifest: Mapping[str, Any] | None = None
    is_empty: bool = False
    blocked: bool = False
    cluster: str = ""
    written_in: str = ""
    copies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    needs_helm: bool = False

    @property
    def must_be_alone(self) -> bool:
        """Whether it uses what leaks into other builds of the same process."""
        return self.inputs.uses_vars or bool(self.manifest and self.manifest.get("openapi"))


@dataclass
class BuildResult:
    """Objects, or the findings that stood against them."""

    objects: list[BuiltObject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    built: bool = False
