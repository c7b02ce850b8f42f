"""The units that an engine starts, each with its events and its content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.order.graph import Because, EventGraph
from meshwright.errors import Position


class Moment(StrEnum):
    """The events of a unit, in this order."""

    STARTED = "starts"
    STAGED = "has created its namespaces and CRDs"
    APPLIED = "is applied"
    UP = "runs"
    READY = "is ready"


@dataclass(frozen=True)
class StartupUnit:
    """A Flux Kustomization, a HelmRelease, an Argo CD Application, or a manual apply.

    ``target`` names another cluster that gets its objects, by kubeConfig or by destination.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    position: Position
    target: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """The cluster that gets its objects: what is on another one neither helps nor needs it."""
        return f"{self.cluster} {self.target}" if self.target else self.cluster

    @property
    def title(self) -> str:
        """Kind and name, for messages."""
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}"


@dataclass(frozen=True)
class Content:
    """Objects that one event applies.

    ``served`` is the event at which their kinds must be known, ``staged`` the one after which their CRDs and
    Namespaces exist. ``retried`` means that a failure is retried without limit. ``by_hand`` means that a
    user applies them and notices failures, ``manual`` that a user starts each sync, in an order of their own.
    ``makes_namespace`` is a namespace that the engine creates before them.
    """

    unit: StartupUnit
    items: tuple[Item, ...]
    served: int
    staged: int
    applied: int
    up: int
    retried: bool = True
    by_hand: bool = False
    manual: bool = False
    makes_namespace: str = ""


@dataclass(frozen=True)
class ChartContent:
    """A chart that a unit installs, with the same events as Content.

    ``waits_for_kinds`` means that a failure because of a missing kind is always retried.
    """

    unit: StartupUnit
    release: ChartRelease
    served: int
    applied: int
    up: int
    retried: bool
    makes_namespace: bool
    waits_for_kinds: bool = False
    manual: bool = False


@dataclass(frozen=True)
class SoftDependency:
    """Something that ``event`` should find but does not wait for; without it nothing fails visibly.

    ``subject`` is what would come too early, ``what`` the thing that it should find.
    """

    event: int
    providers: tuple[int, ...]
    kind: str
    subject: str
    what: str
    position: Position


@dataclass(frozen=True)
class ManualWait:
    """A unit, or a ``wave`` of it, waits for another object that only a user starts; ``why`` says how so."""

    unit: StartupUnit
    wave: str
    other: str
    position: Position
    why: str = "is only synced manually"


@dataclass
class StartupModel:
    """Everything about the startup order that can be read from a repository."""

    model: Model
    graph: EventGraph = field(default_factory=EventGraph)
    contents: list[Content] = field(default_factory=list)
    charts: list[ChartContent] = field(default_factory=list)
    soft_dependencies: list[SoftDependency] = field(default_factory=list)
    # Needs of units that stop retrying after some attempts.
    without_retry: list[SoftDependency] = field(default_factory=list)
    manual_waits: list[ManualWait] = field(default_factory=list)
    # The event at which a workload of healthChecks runs, by the object's id().
    running: dict[int, int] = field(default_factory=dict)
    _events: dict[int, tuple[StartupUnit, str]] = field(default_factory=dict)
    _units: dict[tuple[str, str, str, str], dict[Moment, int]] = field(default_factory=dict)
    units: list[StartupUnit] = field(default_factory=list)
    # The event of the wave that applies an object, by the object's id().
    waves: dict[int, int] = field(default_factory=dict)

    def unit(self, unit: StartupUnit) -> dict[Moment, int]:
        """The five events of a unit in order, except that the engine decides when it is ready."""
        key = (unit.cluster, unit.kind, unit.namespace, unit.name)
        if key in self._units:
            return self._units[key]
        events = {moment: self.event(unit, moment.value) for moment in Moment}
        own = Because("own", "")
        order = [Moment.STARTED, Moment.STAGED, Moment.APPLIED, Moment.UP]
        for first, then in pairwise(order):
            self.graph.before(events[first], events[then], own)
        self.graph.before(events[Moment.APPLIED], events[Moment.READY], own)
        self._units[key] = events
        self.units.append(unit)
        return events

    def find(self, cluster: str, kind: str, namespace: str, name: str) -> dict[Moment, int] | None:
        """The events of a unit by its identity."""
        return self._units.get((cluster, kind, namespace, name))

    def event(self, unit: StartupUnit, words: str) -> int:
        """Add an event to a unit; ``words`` are phrased to follow its title."""
        number = self.graph.add()
        self._events[number] = (unit, words)
        return number

    def owner(self, event: int) -> StartupUnit:
        """The unit that an event belongs to."""
        return self._events[event][0]

    def moment(self, event: int) -> str:
        """The event without the unit's name, such as ``applies wave 0``."""
        return self._events[event][1]

    def events_of(self, unit: StartupUnit) -> list[int]:
        """Every event of a unit."""
        return [event for event, (owner, _) in self._events.items() if owner == unit]

    def words(self, event: int) -> str:
        """``Kustomization flux-system/apps is applied``."""
        unit, words = self._events[event]
        return f"{unit.title} {words}"

    def who(self, soft: SoftDependency) -> str:
        """What would come too early, with its unit."""
        unit = self.owner(soft.event).title
        return soft.subject if soft.subject == unit else f"{soft.subject} in {unit}"

    def failure(self, soft: SoftDependency) -> str:
        """What happens if a need that is not retried is not met in time."""
        unit, maker = self.owner(soft.event).title, self.owner(soft.providers[0]).title
        return f"{unit} fails permanently if it starts before {maker}: {soft.subject} needs {soft.what}"

    def wave_of(self, item: Item) -> int | None:
        """The event that applies ``item`` in a wave of an Application."""
        return self.waves.get(id(item.built))

    def releases_of(self, item: Item) -> Sequence[ChartRelease]:
        """The chart that a HelmRelease installs, and its dependencies if it is in this repository."""
        return self._releases.get((item.cluster, id(item.built)), ())

    @cached_property
    def _releases(self) -> dict[tuple[str, int], list[ChartRelease]]:
        found: dict[tuple[str, int], list[ChartRelease]] = {}
        for release in self.model.releases:
            found.setdefault((release.hub, id(release.built)), []).append(release)
        return found

    def applied_by(self, unit: StartupUnit) -> Sequence[Item]:
        """The objects that a Flux Kustomization applies."""
        return self._contents.get(unit, ())

    @cached_property
    def _contents(self) -> dict[StartupUnit, Sequence[Item]]:
        return {content.unit: content.items for content in self.contents}

    def dependencies(self, unit: StartupUnit) -> Iterator[StartupUnit]:
        """The dependsOn of a unit; for a HelmRelease also those of its Kustomization."""
        for step in self.graph.waits(self.unit(unit)[Moment.STARTED]):
            other = self.owner(step.other)
            if step.because.kind == "dependsOn":
                yield other
            elif step.because.kind == "part" and unit.kind == "HelmRelease" and other.kind == "Kustomization":
                yield from self.dependencies(other)

    def is_created_by(self, unit: StartupUnit, creator: StartupUnit) -> bool:
        """Whether ``unit`` exists only once ``creator`` has applied it, or something that applies it."""
        seen: set[StartupUnit] = set()
        pending = [unit]
        while pending:
            following = pending.pop()
            if following in seen:
                continue
            seen.add(following)
            for step in self.graph.waits(self.unit(following)[Moment.STARTED]):
                if step.because.kind == "part":
                    pending.append(self.owner(step.other))
        return creator in seen - {unit}

    def parts(self, unit: StartupUnit) -> Iterator[StartupUnit]:
        """The HelmReleases that a Kustomization applies."""
        for item in self.applied_by(unit):
            events = self.find(item.cluster, "HelmRelease", item.namespace, item.name)
            if item.built.kind == "HelmRelease" and events is not None:
                yield self.owner(events[Moment.STARTED])
