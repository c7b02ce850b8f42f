"""One of the two states: its roots, with what each applies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.check.model.loader import NothingFound, load
from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.difference.chartchanges import application_charts, charts_of_roots, named, rendered
from meshwright.difference.generatednames import base_name
from meshwright.difference.sharing import SideRecall
from meshwright.faults import ID as INTERNAL
from meshwright.faults import contained
from meshwright.flux.kustomization import GROUP as FLUX_GROUP
from meshwright.flux.substitution import Variables
from meshwright.manifests.builds import not_seen_helm, not_seen_remote
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.yaml import YamlFault

# Kind, cluster and name; an Application's sources are one root.
RootKey = tuple[str, str, str]
# Group, kind, namespace, and the name without a generator's hash.
Identity = tuple[str, str, str, str]

# Kinds of roots that no engine applies.
LOOSE = (RootKind.FOLDER.value, RootKind.FILE.value)
_ENGINES = {"Kustomization": FLUX_GROUP, "Application": "argoproj.io"}


@dataclass
class SideRoot:
    """A root; ``digests`` and ``context`` are equal to another's when what it applies is too."""

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
    # Why it cannot be built although nothing is wrong with it.
    unseen: str = ""
    # The file that says it, where it is an object of an engine.
    origin: str = ""

    @property
    def cluster(self) -> str:
        """The cluster, named after its folder."""
        return self.key[1]

    def equals(self, other: SideRoot) -> bool:
        """Whether both are known to apply the same objects, without a look at these."""
        same = (self.digests, self.context) == (other.digests, other.context)
        return same and None not in self.digests


@dataclass
class Snapshot:
    """Roots by key; ``reasons`` says, by the title of a root, why it is not there, or not wholly."""

    files: RepositoryFiles
    roots: dict[RootKey, SideRoot] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    # Files of which something could not be read.
    faulty: dict[str, str] = field(default_factory=dict)
    # By cluster: names that a generator hashed, and what they stand for.
    hashed: dict[str, dict[str, str]] = field(default_factory=dict)
    # Folders and files that some root of an engine reads.
    reached: set[str] = field(default_factory=set)
    nothing: NothingFound | None = None

    def fault_of(self, path: str) -> str:
        """What is wrong with a file that is there; empty when nothing is, or it is gone."""
        if path in self.faulty or not self.files.is_listed(path):
            return self.faulty.get(path, "")
        try:
            self.files.documents(path)
        except YamlFault as fault:
            return str(fault)
        return ""

    def applier(self, root: SideRoot) -> SideRoot | None:
        """The root that applies the Kustomization or Application that ``root`` is."""
        noun, _, name = root.title.partition(" ")
        namespace, _, name = name.partition(" ")[0].rpartition("/")
        wanted = (_ENGINES.get(noun, ""), noun, namespace, name)
        return next(
            (item for item in self.roots.values() if wanted in item.objects and item is not root), None
        )


def read_side(
    files: RepositoryFiles, workspace: Workspace, charts: Path | None, minor: str, recall: SideRecall
) -> Snapshot:
    """Load one state. Raises MeshwrightError when a tool is missing."""
    try:
        repository = load(files, workspace, charts, minor, recall)
    except NothingFound as nothing:
        return Snapshot(files, nothing=nothing)
    side = Snapshot(files)
    for root in repository.roots:
        title = _title(root)
        with contained(repository.findings, f"reading {title}", root.position, title):
            _add(side, root, repository, recall)
    for root, chart in charts_of_roots(repository):
        holder = _root(side, root)
        holder.context.append(chart.data)
        _put(holder, repository, chart)
    for release, chart in application_charts(repository):
        if release.application is not None:
            key = (RootKind.ARGOCD.value, release.cluster, release.application.name)
            holder = side.roots.setdefault(key, SideRoot(key, release.application.title, release.chart.name))
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


def _add(side: Snapshot, root: Root, repository: Repository, recall: SideRecall) -> None:
    found = _root(side, root)
    found.built = found.built and root.built
    found.faults += root.faults
    if root.unit is not None:
        found.digests.append(recall.digest(root.unit))
        unseen = (*not_seen_remote(root.unit), *not_seen_helm(root.unit))
        if unseen and not root.built:
            found.unseen = f"{unseen[0].position}: {unseen[0].reason}"
        found.charts |= named(root.unit, repository)
        found.rendered |= rendered(root.unit)
        if found.key[0] not in LOOSE:
            side.reached |= {*root.unit.inputs.folders, *root.unit.inputs.files, root.unit.folder}
    if root.application is not None and root.path in _chart_names(root):
        found.rendered |= {root.path}
    if root.kustomization is not None:
        found.context.append(root.kustomization.spec.get("commonMetadata"))
        if root.variables and root.variables.asked_for and root.unit and recall.takes_variables(root.unit):
            found.context.append((root.kustomization.spec.get("postBuild"), root.variables))
        found.secrets |= _secrets(root.variables)
    for built in root.objects:
        _put(found, repository, built)
        base = built.name if built.origin.path else base_name(repository.index, built)
        if base != built.name:
            side.hashed.setdefault(root.cluster, {})[built.name] = base


def _root(side: Snapshot, root: Root) -> SideRoot:
    key = (root.kind.value, root.cluster, root.name)
    known = root.kustomization or root.application
    origin = known.origin if known else ""
    return side.roots.setdefault(key, SideRoot(key, _title(root), root.path, origin=origin))


def _title(root: Root) -> str:
    known = root.kustomization or root.application
    return known.title if known else f"{root.kind.value} {root.path}"


def _put(root: SideRoot, repository: Repository, built: BuiltObject) -> None:
    name = built.name if built.origin.path else base_name(repository.index, built)
    root.objects[(built.group, built.kind, built.namespace, name)] = built


def _chart_names(root: Root) -> Iterable[str]:
    return [source.chart for source in root.application.sources] if root.application else []


def _secrets(variables: Variables | None) -> frozenset[str]:
    if variables is None:
        return frozenset()
    return frozenset(variables.values[name] for name in variables.secret if name in variables.values)
