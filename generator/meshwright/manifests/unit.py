"""A build unit, its result, and the built objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.yaml.pointer import mapping_of


@dataclass(frozen=True)
class Origin:
    """The origin of an object: read from ``path``, or generated as configured in ``configured_in``.

    ``made_by`` is the kind of the generator. ``place`` is set for objects read without kustomize, and for
    objects of a chart, where it is the reference to the chart.
    """

    path: str | None = None
    configured_in: str | None = None
    made_by: str = ""
    place: Position | None = None

    def inside(self, stand_in: str) -> Origin:
        """This origin, or ``stand_in`` if the object comes from a temporary file."""
        known = self.path or self.configured_in
        if known is not None and not known.startswith("../"):
            return self
        return replace(self, path=None, configured_in=stand_in)

    @property
    def position(self) -> Position:
        """The place, or only the file if no place is known."""
        return self.place or Position(self.path or self.configured_in or "")

    @property
    def is_chart(self) -> bool:
        """Whether Helm rendered it."""
        return self.made_by == "HelmChartInflationGenerator"


@dataclass(frozen=True)
class BuiltObject:
    """An object as kustomize prints it. ``data`` is shared: never modify it."""

    data: Mapping[str, Any]
    origin: Origin
    # Whether SOPS encrypted it; its metadata of SOPS are then left out of ``data``.
    encrypted: bool = False

    @cached_property
    def api_version(self) -> str:
        """For example apps/v1."""
        return str(self.data.get("apiVersion") or "")

    @cached_property
    def group(self) -> str:
        """The API group; empty for the core group."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    @cached_property
    def kind(self) -> str:
        """For example Deployment."""
        return str(self.data.get("kind") or "")

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """The object's metadata; empty if it is not a mapping."""
        return mapping_of(self.data.get("metadata"))

    @cached_property
    def name(self) -> str:
        """metadata.name."""
        return str(self.metadata.get("name") or "")

    @cached_property
    def namespace(self) -> str:
        """metadata.namespace; empty if the object has none."""
        return str(self.metadata.get("namespace") or "")

    @cached_property
    def written_name(self) -> str:
        """The name, or metadata.generateName if the API server makes the name."""
        return self.name or str(self.metadata.get("generateName") or "")

    @cached_property
    def qualified_name(self) -> str:
        """namespace/name, or only the name if no namespace is known."""
        return f"{self.namespace}/{self.written_name}" if self.namespace else self.written_name

    @cached_property
    def title(self) -> str:
        """``Kind namespace/name``, for messages."""
        return f"{self.kind} {self.qualified_name}"

    @cached_property
    def short_title(self) -> str:
        """``Kind name``, for messages whose context gives the namespace."""
        return f"{self.kind} {self.written_name}"


@dataclass(frozen=True)
class BuildUnit:
    """What one wrapper kustomization builds.

    ``manifest`` is a complete kustomization for ``folder``, which comes from ``written_in``; without it, the
    folder's own kustomization is built. ``requested_at`` is the reference that requests the build, such as a
    Flux Kustomization's path. ``blocked`` means that kustomize would fail, or would need the network or
    Helm. Units of different ``cluster`` are never built together. ``copies`` are kustomizations, by folder,
    that replace the repository's own; ``needs_helm`` means that the build renders charts, ``is_inflated``
    that charts which are not available were taken out. ``lacks_charts`` means that helm renders a chart
    without some of its dependencies, so that it may fail where the engine does not. The objects of the files
    ``plain`` are taken as they are written.
    """

    key: str
    folder: str
    inputs: BuildInputs
    requested_at: Position
    manifest: Mapping[str, Any] | None = None
    is_empty: bool = False
    blocked: bool = False
    cluster: str = ""
    written_in: str = ""
    copies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    needs_helm: bool = False
    is_inflated: bool = False
    lacks_charts: bool = False
    plain: tuple[str, ...] = ()

    @property
    def must_be_alone(self) -> bool:
        """Whether it uses features that affect other builds in the same process."""
        return self.inputs.uses_vars or bool(self.manifest and self.manifest.get("openapi"))


@dataclass
class BuildResult:
    """The built objects, and the findings that prevented the build of the rest; then it is not ``built``."""

    objects: list[BuiltObject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    built: bool = False
