"""Loads one of the two states: its roots, and the objects that each applies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.check.model.loader import NothingFound, load
from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.difference.chartchanges import application_charts, charts_of_roots, named, rendered
from meshwright.difference.generatednames import base_name
from meshwright.difference.sharing import SideBuilds
from meshwright.faults import ID as INTERNAL
from meshwright.faults import contained
from meshwright.finding import Finding
from meshwright.flux.kustomization import GROUP as FLUX_GROUP
from meshwright.flux.substitution import Variables
from meshwright.manifests.builds import not_seen_helm, not_seen_remote
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.yaml import YamlFault

# Kind, cluster and name; an Application's sources are one root.
RootKey = tuple[str, str, str]
# Group, kind, namespace, and the name without a generator's hash.
Identity = tuple[str, str, str, str]

# Kinds of roots that no engine applies.
UNAPPLIED = (RootKind.FOLDER.value, RootKind.FILE.value)
_ENGINES = {"Kustomization": FLUX_GROUP, "Application": "argoproj.io"}


@dataclass
class SnapshotRoot:
    """A root; equal ``digests`` and ``context`` mean equal objects."""

    key: RootKey
    title: str
    path: str
    built: bool = True
    objects: dict[Identity, BuiltObject] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)
    digests: list[str | None] = field(default_factory=list)
    context: list[Any] = field(default_factory=list)
    charts: frozenset[str] = frozenset()
    rendered: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    # Why it cannot be built although it has no faults.
    unseen: str = ""
    # The file of the engine's object.
    origin: str = ""

    @property
    def cluster(self) -> str:
        """The cluster, named after its folder."""
        return self.key[1]

    def equals(self, other: SnapshotRoot) -> bool:
        """Whether both are known to apply the same objects, without comparing these."""
        same = (self.digests, self.context) == (other.digests, other.context)
        return same and None not in self.digests


@dataclass
class Snapshot:
    """Roots by key; ``reasons`` maps the titles of missing or incomplete roots to the reason."""

    files: RepositoryFiles
    roots: dict[RootKey, SnapshotRoot] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    # Files with findings, and their first finding.
    faulty: dict[str, str] = field(default_factory=dict)
    # By cluster: names with a generator's hash, and their base names.
    hashed: dict[str, dict[str, str]] = field(default_factory=dict)
    # Folders and files that a root of an engine reads.
    reached: set[str] = field(default_factory=set)
    nothing: NothingFound | None = None

    def fault_of(self, path: str) -> str:
        """The fault of an existing file; empty if it has none or does not exist."""
        if path in self.faulty or not self.files.is_listed(path):
            return self.faulty.get(path, "")
        try:
            self.files.documents(path)
        except YamlFault as fault:
            return str(fault)
        return ""

    def applier(self, root: SnapshotRoot) -> SnapshotRoot | None:
        """The root that applies the Kustomization or Application of ``root``."""
        noun, _, name = root.title.partition(" ")
        namespace, _, name = name.partition(" ")[0].rpartition("/")
        wanted = (_ENGINES.get(noun, ""), noun, namespace, name)
        return next(
            (item for item in self.roots.values() if wanted in item.objects and item is not root), None
        )


def read_snapshot(
    files: RepositoryFiles, workspace: Workspace, charts: Path | None, minor: str, builds: SideBuilds
) -> Snapshot:
    """Load one state. Raises MeshwrightError if a tool is missing."""
    try:
        repository = load(files, workspace, charts, minor, builds)
    except NothingFound as nothing:
        return Snapshot(files, nothing=nothing)
    side = Snapshot(files)
    for root in repository.roots:
        title = _title(root)
        with contained(repository.findings, f"reading {title}", root.position, title):
            _add(side, root, repository, builds)
    for root, chart in charts_of_roots(repository):
        holder = _root(side, root)
        holder.context.append(chart.data)
        _put(holder, repository, chart)
    for release, chart in application_charts(repository):
        if release.application is not None:
            key = (RootKind.ARGOCD.value, release.cluster, release.application.name)
            holder = side.roots.setdefault(
                key, SnapshotRoot(key, release.application.title, release.chart.name)
            )
            holder.origin = release.application.origin
            holder.charts |= {release.chart.name}
            holder.context.append(chart.data)
            _put(holder, repository, chart)
    for finding in repository.findings:
        side.faulty.setdefault(finding.position.path, f"{finding.position}: {finding.message}")
        if finding.id in ("build/missing-path", INTERNAL):
            side.reasons.setdefault(finding.subject, f"{finding.position}: {finding.message}")
    for item in repository.not_seen:
        side.reasons.setdefault(item.subject, f"{item.position}: {item.reason}")
    return side


def _add(side: Snapshot, root: Root, repository: Repository, builds: SideBuilds) -> None:
    found = _root(side, root)
    found.built = found.built and root.built
    found.faults += root.faults
    if root.unit is not None:
        found.digests.append(builds.digest(root.unit))
        unseen = (*not_seen_remote(root.unit), *not_seen_helm(root.unit))
        if unseen and not root.built:
            found.unseen = f"{unseen[0].position}: {unseen[0].reason}"
        found.charts |= named(root.unit, repository)
        found.rendered |= rendered(root.unit)
        if found.key[0] not in UNAPPLIED:
            side.reached |= {*root.unit.inputs.folders, *root.unit.inputs.files, root.unit.folder}
    if root.application is not None and root.path in _chart_names(root):
        found.rendered |= {root.path}
    if root.kustomization is not None:
        found.context.append(root.kustomization.spec.get("commonMetadata"))
        if root.variables and root.variables.asked_for and root.unit and builds.takes_variables(root.unit):
            found.context.append((root.kustomization.spec.get("postBuild"), root.variables))
        found.secrets |= _secrets(root.variables)
    for built in root.objects:
        _put(found, repository, built)
        base = built.name if built.origin.path else base_name(repository.index, built)
        if base != built.name:
            side.hashed.setdefault(root.cluster, {})[built.name] = base


def _root(side: Snapshot, root: Root) -> SnapshotRoot:
    key = (root.kind.value, root.cluster, root.name)
    applied_by = root.kustomization or root.application
    origin = applied_by.origin if applied_by else ""
    return side.roots.setdefault(key, SnapshotRoot(key, _title(root), root.path, origin=origin))


def _title(root: Root) -> str:
    applied_by = root.kustomization or root.application
    return applied_by.title if applied_by else f"{root.kind.value} {root.path}"


def _put(root: SnapshotRoot, repository: Repository, built: BuiltObject) -> None:
    name = built.name if built.origin.path else base_name(repository.index, built)
    root.objects[(built.group, built.kind, built.namespace, name)] = built


def _chart_names(root: Root) -> Iterable[str]:
    return [source.chart for source in root.application.sources] if root.application else []


def _secrets(variables: Variables | None) -> frozenset[str]:
    if variables is None:
        return frozenset()
    return frozenset(variables.values[name] for name in variables.secret if name in variables.values)
