"""A graph of events and the two ways in which one waits for another.

An event happens once everything ``before`` it has happened and each of its ``needs`` is met by at least one
provider. A GitOps engine guarantees no other order: everything else depends on timing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from meshwright.errors import Position


@dataclass(frozen=True)
class Because:
    """Why an event waits. ``kind`` is one word, such as dependsOn; ``text`` follows "waits for X: "."""

    kind: str
    text: str
    position: Position | None = None


@dataclass(frozen=True)
class Need:
    """One of ``providers`` must come first; ``because`` has one reason for each.

    ``without_retry`` means that an event that comes too early is not retried.
    """

    providers: tuple[int, ...]
    because: tuple[Because, ...]
    without_retry: bool = False


@dataclass(frozen=True)
class Edge:
    """``event`` waits for ``other``."""

    event: int
    other: int
    because: Because


@dataclass
class EventGraph:
    """Events are numbers, assigned by ``add``. Nothing may be added after the first query."""

    _before: list[list[tuple[int, Because]]] = field(default_factory=list)
    _needs: list[list[Need]] = field(default_factory=list)
    # Cache: the events that remain possible without certain providers.
    _without: dict[tuple[frozenset[int], bool], frozenset[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._before)

    def add(self) -> int:
        """A new event that waits for nothing."""
        self._before.append([])
        self._needs.append([])
        return len(self._before) - 1

    def before(self, first: int, then: int, because: Because) -> None:
        """``then`` never happens before ``first``."""
        self._before[then].append((first, because))

    def need(
        self, event: int, providers: Iterable[tuple[int, Because]], *, without_retry: bool = False
    ) -> None:
        """``event`` cannot happen before one of ``providers``; without providers there is no constraint."""
        found = tuple(providers)
        if found:
            events, reasons = tuple(event for event, _ in found), tuple(because for _, because in found)
            self._needs[event].append(Need(events, reasons, without_retry))

    def filtered(self, kept: Callable[[int, int, str], bool]) -> EventGraph:
        """A copy with only the edges for which ``kept`` (event, other, kind) is true."""
        new = EventGraph()
        for event, before in enumerate(self._before):
            new.add()
            new._before[event] = [(o, why) for o, why in before if kept(event, o, why.kind)]
        for event, needs in enumerate(self._needs):
            for need in needs:
                pairs = zip(need.providers, need.because, strict=True)
                left = [(other, why) for other, why in pairs if kept(event, other, why.kind)]
                new.need(event, left, without_retry=need.without_retry)
        return new

    @cached_property
    def happening(self) -> tuple[int, ...]:
        """Every event that can happen, in a possible order."""
        return self.possible(())

    def possible(self, without: Iterable[int], *, tried: bool = False) -> tuple[int, ...]:
        """The events that could happen if the events of ``without`` never did, in a possible order.

        With ``tried``, an event counts if it is attempted, even if its needs without retry are not met.
        """
        excluded = set(without)
        dependents: list[list[tuple[int, int]]] = [[] for _ in self._before]
        missing = [len(before) for before in self._before]
        for event, before in enumerate(self._before):
            for first, _ in before:
                dependents[first].append((event, -1))
            for number, need in enumerate(self._needs[event]):
                if tried and need.without_retry:
                    continue
                missing[event] += 1
                for provider in need.providers:
                    dependents[provider].append((event, number))
        met: set[tuple[int, int]] = set()
        ready = deque(event for event, count in enumerate(missing) if not count and event not in excluded)
        found = []
        while ready:
            event = ready.popleft()
            found.append(event)
            for other, number in dependents[event]:
                if number >= 0:
                    if (other, number) in met:
                        continue
                    met.add((other, number))
                missing[other] -= 1
                if not missing[other] and other not in excluded:
                    ready.append(other)
        return tuple(found)

    def can_happen(self, event: int) -> bool:
        """Whether ``event`` can happen at all."""
        return event in self._happening_set

    @cached_property
    def _happening_set(self) -> frozenset[int]:
        return frozenset(self.happening)

    def always_before(self, first: Iterable[int], then: int, *, tried: bool = False) -> bool:
        """Whether ``then`` cannot happen (with ``tried``: be attempted) before one of ``first``."""
        key = (frozenset(first), tried)
        if key not in self._without:
            self._without[key] = frozenset(self.possible(key[0], tried=tried))
        return then not in self._without[key]

    def waits(self, event: int) -> list[Edge]:
        """Everything that ``event`` directly waits for."""
        found = [Edge(event, first, because) for first, because in self._before[event]]
        for need in self._needs[event]:
            found += [
                Edge(event, other, why) for other, why in zip(need.providers, need.because, strict=True)
            ]
        return found

    def constraints(self, event: int, *, tried: bool = False) -> Iterator[tuple[tuple[int, str], ...]]:
        """What ``event`` waits for: one of each tuple must happen; each has the other event and its kind."""
        for first, because in self._before[event]:
            yield ((first, because.kind),)
        for need in self._needs[event]:
            if not (tried and need.without_retry):
                kinds = (because.kind for because in need.because)
                yield tuple(zip(need.providers, kinds, strict=True))

    def path_to(self, event: int, targets: Iterable[int]) -> list[Edge] | None:
        """The shortest chain of waiting from ``event`` to one of ``targets``, or None."""
        return self._search(event, frozenset(targets), self.waits)

    def cycles(self) -> list[list[Edge]]:
        """The cycles of events that wait for each other; each event is in at most one."""
        stuck = [event for event in range(len(self._before)) if not self.can_happen(event)]
        done: set[int] = set()
        found = []
        for start in stuck:
            path: list[int] = []
            here = start
            while here not in done:
                done.add(here)
                path.append(here)
                here = min(step.other for step in self._blockers(here))
            if here in path and (cycle := self._search(here, {here}, self._blockers)):
                found.append(cycle)
        return found

    def _blockers(self, event: int) -> list[Edge]:
        """The events that keep a stuck event from happening."""
        found = [Edge(event, first, why) for first, why in self._before[event] if not self.can_happen(first)]
        for need in self._needs[event]:
            if not any(self.can_happen(provider) for provider in need.providers):
                pairs = zip(need.providers, need.because, strict=True)
                found += [Edge(event, provider, why) for provider, why in pairs]
        return found

    def _search(
        self, event: int, targets: Collection[int], steps: Callable[[int], list[Edge]]
    ) -> list[Edge] | None:
        reached_by: dict[int, Edge] = {}
        queue = deque([event])
        while queue:
            for step in steps(queue.popleft()):
                if step.other in reached_by:
                    continue
                reached_by[step.other] = step
                if step.other in targets:
                    found = [step]
                    while found[-1].event != event:
                        found.append(reached_by[found[-1].event])
                    return found[::-1]
                queue.append(step.other)
        return None
