"""The repository as rules see it: objects by kind, releases by chart, and what Linkerd it installs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from meshwright.check.model.releases import ChartRelease
from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.check.model.unseen import Absence, Doubt, Gap, gaps_of
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.linkerd.upgrades import read_version
from meshwright.linkerd.version import EdgeRelease
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of, lookup, mapping_of

T = TypeVar("T")
CONTROL_PLANE = "linkerd-control-plane"
INJECTOR = "linkerd-proxy-injector"
_GATES, _RETRY_GATE = "--feature-gates=", "DefaultToRetryOnFailure=true"
# The API server has them without a namespace, whatever kustomize or targetNamespace wrote.
_CLUSTER_SCOPED = frozenset({"Namespace", "ClusterIssuer", "Bundle", "ClusterBundle", "GatewayClass"})


# A range below 2 ends at the last chart that was numbered so, 1.16.11: later ones carry dates.
_OLD_RANGE = re.compile(r"(?:~>|[~^=v ])*1(?:\.[0-9]+)?(?:\.(?:x|\*))?\Z")


def _version(text: str) -> EdgeRelease | None:
    return read_version("1.16.11" if _OLD_RANGE.match(text) else text)


def _retries(files: RepositoryFiles, path: str) -> bool:
    try:
        text = files.text(path)
    except YamlFault:
        return False
    if _RETRY_GATE not in text:
        return False
    # Word by word: a pattern would look at the rest of a long line from each flag in it.
    return any(_RETRY_GATE in word.partition(_GATES)[2] for word in text.split())


@dataclass(frozen=True)
class Item:
    """A built object with the root that applies it, and the way back to its source."""

    root: Root
    built: BuiltObject
    files: RepositoryFiles

    @property
    def cluster(self) -> str:
        """The cluster that it is for."""
        return self.root.cluster

    @property
    def name(self) -> str:
        """metadata.name."""
        return self.built.name

    @property
    def namespace(self) -> str:
        """metadata.namespace, ``default`` when it names none."""
        return self.built.namespace or "default"

    @property
    def title(self) -> str:
        """``Kind namespace/name``, for people."""
        return self.built.title

    @property
    def annotations(self) -> Mapping[str, Any]:
        """metadata.annotations."""
        return self.mapping("metadata", "annotations")

    @property
    def labels(self) -> Mapping[str, Any]:
        """metadata.labels."""
        return self.mapping("metadata", "labels")

    @property
    def spec(self) -> Mapping[str, Any]:
        """The spec, empty when it has none."""
        return self.mapping("spec")

    def get(self, *pointer: str | int) -> Any:
        """What ``pointer`` leads to, None when that is nothing."""
        return lookup(self.built.data, pointer)

    def mapping(self, *pointer: str | int) -> Mapping[str, Any]:
        """The mapping that ``pointer`` leads to, an empty one when it is none."""
        return mapping_of(self.get(*pointer))

    def list(self, *pointer: str | int) -> Sequence[Any]:
        """The list that ``pointer`` leads to, an empty one when it is none."""
        return items_of(self.get(*pointer))

    def at(self, *pointer: str | int, key: bool = False) -> Position:
        """Where a value, or its nearest parent, was written."""
        return position_of(self.files, self.built, pointer, key=key)


class Model:
    """Built once for all rules; every answer is computed at most once."""

    def __init__(self, repository: Repository, releases: Iterable[ChartRelease], kubernetes: str) -> None:
        self.repository = repository
        self.files = repository.files
        self.releases = tuple(releases)
        # The minor that is checked against, such as 1.36.
        self.kubernetes = kubernetes
        # Internal errors in computations that several rules share; the runner reports each once.
        self.faults: list[Finding] = []
        self._made: dict[Callable[[Model], Any], Any] = {}

    def once(self, make: Callable[[Model], T]) -> T:
        """What ``make`` makes of this model; it runs once, and all callers share the result."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    @cached_property
    def _by_kind(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for root, built in self.repository.objects():
            found.setdefault(built.kind, []).append(Item(root, built, self.files))
        return found

    def items(self, kind: str, group: str | None = None) -> list[Item]:
        """Every object of a kind; of any API group when none is named."""
        found = self._by_kind.get(kind, [])
        return found if group is None else [item for item in found if item.built.group == group]

    def all_items(self) -> Iterator[Item]:
        """Every object of every root."""
        return (item for items in self._by_kind.values() for item in items)

    def in_namespace(self, cluster: str, namespace: str) -> list[Item]:
        """Every object of a namespace."""
        return self._by_namespace.get((cluster, namespace), [])

    @cached_property
    def _by_namespace(self) -> dict[tuple[str, str], list[Item]]:
        found: dict[tuple[str, str], list[Item]] = {}
        for item in self.all_items():
            found.setdefault((item.cluster, item.namespace), []).append(item)
        return found

    def find(self, cluster: str, kind: str, namespace: str, name: str) -> Item | None:
        """An object by identity; a namespace of "" means that its kind has none."""
        return self._by_identity.get((cluster, kind, namespace, name))

    @cached_property
    def _by_identity(self) -> dict[tuple[str, str, str, str], Item]:
        found: dict[tuple[str, str, str, str], Item] = {}
        for item in self.all_items():
            places = {item.built.namespace, item.namespace}
            if item.built.kind in _CLUSTER_SCOPED:
                places.add("")
            for namespace in places:
                found.setdefault((item.cluster, item.built.kind, namespace, item.name), item)
        return found

    @cached_property
    def clusters(self) -> tuple[str, ...]:
        """Every cluster that something is for."""
        return tuple(sorted({root.cluster for root in self.repository.roots}))

    def charts(self, name: str, cluster: str | None = None) -> list[ChartRelease]:
        """The releases of a chart by its name."""
        found = self._by_chart.get(name, [])
        return [release for release in found if cluster in (None, release.cluster)]

    @cached_property
    def _by_chart(self) -> dict[str, list[ChartRelease]]:
        found: dict[str, list[ChartRelease]] = {}
        for release in self.releases:
            found.setdefault(release.chart.name, []).append(release)
        return found

    @cached_property
    def uses_flux(self) -> bool:
        """Whether Flux syncs something here, or its objects are here."""
        found = any(root.kind is RootKind.FLUX for root in self.repository.roots)
        return found or any(item.built.group.endswith(".toolkit.fluxcd.io") for item in self.all_items())

    @cached_property
    def uses_argocd(self) -> bool:
        """Whether Argo CD syncs something here, if only charts."""
        found = any(root.kind is RootKind.ARGOCD for root in self.repository.roots)
        return found or any(release.application is not None for release in self.releases)

    def linkerd(self, cluster: str) -> EdgeRelease | None:
        """The Linkerd that a cluster gets, None when no chart pin tells."""
        versions = [_version(release.chart.version) for release in self.charts(CONTROL_PLANE, cluster)]
        return versions[0] if len(versions) == 1 else None

    @cached_property
    def retries_by_default(self) -> bool:
        """Whether helm-controller is told to retry a failed first install without end.

        source: helm-controller v1.5, feature gate DefaultToRetryOnFailure.
        """
        return any(_retries(self.files, path) for path in self.files.yaml_paths())

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """What was not seen and may bring objects."""
        return tuple(dict.fromkeys(gaps_of(self.repository)))

    def sees_all_of(self, cluster: str) -> bool:
        """Whether everything that the repository puts on a cluster was built and could be read.

        A hit about a missing object has ``absent`` instead, which asks for that object alone.
        """
        return not any(gap.doubt(Absence(cluster)) for gap in self.gaps)

    def doubts(self, absence: Absence) -> tuple[Doubt, list[Gap]]:
        """How likely it is that a missing object exists after all, and the gaps that may bring it."""
        found = [(gap.doubt(absence), gap) for gap in self.gaps]
        most = max((doubt for doubt, _ in found), default=Doubt.NONE)
        return most, [gap for doubt, gap in found if doubt is most and doubt]
