"""What would happen if one unit no longer waited for another, for every edge of a repository at once.

Removing an edge and analysing everything again takes as long as a check. Here the events that are held back
until a provider has come are counted once per provider, and an edge releases only what depended on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from meshwright.check.order.startup import SoftDependency, StartupModel, StartupUnit

_Say = Callable[[SoftDependency], str]
# Events that one edge may release before counting stops: "and more" says enough.
_MOST = 5000


@dataclass(frozen=True)
class EdgeEffect:
    """What would happen first, and how many more things would; ``others`` is a lower bound if ``open``."""

    text: str
    others: int
    open: bool = False


class EdgeEffects:
    """Of every edge between two units of a startup."""

    def __init__(self, startup: StartupModel) -> None:
        self._startup = startup

    def without(self, unit: StartupUnit, other: StartupUnit, kind: str) -> EdgeEffect | None:
        """What would happen if ``unit`` did not wait for ``other`` by edges of this kind; None if nothing.

        Nothing means that it is retried until it succeeds, or that another edge still makes it wait.
        """
        removed = self._edges.get((unit, other, kind), ())
        texts: dict[str, int] = {}
        complete = True
        for held, softs, say in self._held if removed else ():
            released, whole = held.released_by(removed)
            complete = complete and whole
            for event in released:
                for soft in softs.get(event, ()):
                    texts.setdefault(say(soft), self._places[id(soft)])
        if not texts:
            return None
        first = min(texts, key=lambda text: texts[text])
        return EdgeEffect(first, len(texts) - 1, not complete)

    @cached_property
    def _places(self) -> dict[int, int]:
        """The order in which a check tells of them, by id()."""
        startup = self._startup
        softs = [*startup.soft_dependencies, *startup.without_retry]
        return {id(soft): number for number, soft in enumerate(softs)}

    @cached_property
    def _edges(self) -> dict[tuple[StartupUnit, StartupUnit, str], list[tuple[int, int, str]]]:
        startup = self._startup
        found: dict[tuple[StartupUnit, StartupUnit, str], list[tuple[int, int, str]]] = {}
        for event in range(len(startup.graph)):
            for step in startup.graph.waits(event):
                pair = startup.owner(event), startup.owner(step.other)
                if pair[0] != pair[1]:
                    key = (*pair, step.because.kind)
                    found.setdefault(key, []).append((event, step.other, step.because.kind))
        return found

    @cached_property
    def _held(self) -> Sequence[tuple[_Held, dict[int, list[SoftDependency]], _Say]]:
        """For each set of providers: what waits for them, and the things that would come too early."""
        startup = self._startup
        found = []
        for tried, softs, say in (
            (False, startup.soft_dependencies, self._too_early),
            (True, startup.without_retry, startup.failure),
        ):
            by_providers: dict[frozenset[int], dict[int, list[SoftDependency]]] = {}
            for soft in softs:
                events = by_providers.setdefault(frozenset(soft.providers), {})
                events.setdefault(soft.event, []).append(soft)
            for providers, events in by_providers.items():
                found.append((_Held(startup, providers, tried=tried), events, say))
        return found

    def _too_early(self, soft: SoftDependency) -> str:
        effect = {
            "injector": ", and then its pods run without a proxy until they are restarted",
            "crds": ", and then HTTPRoutes of policy.linkerd.io are ignored until its controllers restart",
            "gateway": ", and then routes are ignored until its controllers restart",
        }.get(soft.kind, "")
        return f"{self._startup.who(soft)} may start before {soft.what}{effect}"


class _Held:
    """The events that cannot happen before one of ``providers``, and what holds each of them back."""

    def __init__(self, startup: StartupModel, providers: frozenset[int], *, tried: bool) -> None:
        graph = startup.graph
        self._graph, self._providers, self._tried = graph, providers, tried
        self._free = free = frozenset(graph.possible(providers, tried=tried))
        self._held = frozenset(graph.happening) - free
        self._missing: dict[int, int] = {}
        # Event -> the events that it holds back, with the number of the constraint.
        self._dependents: dict[int, list[tuple[int, int]]] = {}
        for event in self._held:
            blocking = list(self._blocking(event))
            self._missing[event] = len(blocking)
            for number, others in enumerate(blocking):
                for other, _ in others:
                    self._dependents.setdefault(other, []).append((event, number))

    def released_by(self, removed: Iterable[tuple[int, int, str]]) -> tuple[list[int], bool]:
        """The events that could come before the providers without these edges, and whether these are all."""
        gone = {(event, other, kind) for event, other, kind in removed if event in self._held}
        met: set[tuple[int, int]] = set()
        missing: dict[int, int] = {}
        for event in sorted({event for event, _, _ in gone}):
            for number, others in enumerate(self._blocking(event)):
                if all((event, other, kind) in gone for other, kind in others):
                    met.add((event, number))
                    missing[event] = missing.get(event, self._missing[event]) - 1
        ready = [event for event, left in missing.items() if not left and event not in self._providers]
        found: list[int] = []
        for event in ready:
            found.append(event)
            if len(found) >= _MOST:
                return found, False
            for other, number in self._dependents.get(event, ()):
                if (other, number) in met:
                    continue
                met.add((other, number))
                missing[other] = missing.get(other, self._missing[other]) - 1
                if not missing[other] and other not in self._providers:
                    ready.append(other)
        return found, True

    def _blocking(self, event: int) -> Iterator[tuple[tuple[int, str], ...]]:
        for others in self._graph.constraints(event, tried=self._tried):
            if all(other not in self._free for other, _ in others):
                yield others
