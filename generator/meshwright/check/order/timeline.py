"""The startup order in readable form: what comes after what, and why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from meshwright.check.model.index import Model
from meshwright.check.order.analysis import order_of
from meshwright.check.order.graph import Edge, EventGraph
from meshwright.check.order.line import Line, Reason
from meshwright.check.order.startup import Moment, StartupModel, StartupUnit

_MANUAL_APPLY = "manual apply of"
# The reasons for which an engine itself waits; for all others it fails and retries.
_ENGINE_ORDER = frozenset({"dependsOn", "part", "wave", "wait", "healthChecks", "gate"})


def timeline_of(model: Model) -> Timeline:
    """The timeline of everything in the repository, made once per model."""
    return model.once(_timeline)


def _timeline(model: Model) -> Timeline:
    return Timeline(order_of(model).startup)


class Timeline:
    """Every unit of a startup, in the earliest possible order."""

    def __init__(self, startup: StartupModel) -> None:
        self._startup = startup
        self._found: dict[StartupUnit, list[Edge]] = {}

    def lines(self) -> Iterator[Line]:
        """Lines by cluster and rank; units that never come up are last."""
        ranks = self._ranks
        units = [unit for unit in self._startup.units if unit.kind != _MANUAL_APPLY]
        units.sort(key=lambda unit: (unit.cluster, ranks[unit] or len(ranks) + 1, unit.title))
        for unit in units:
            yield Line(unit.cluster, ranks[unit], unit.title, self._what(unit), tuple(self._after(unit)))

    def _what(self, unit: StartupUnit) -> str:
        count = self.objects(unit)
        parts = [f"{count} object{'' if count == 1 else 's'}"] if count else []
        return ", ".join([*parts, *(f"chart {chart}" for chart in self.charts(unit))])

    def objects(self, unit: StartupUnit) -> int:
        """The number of objects that a unit applies itself."""
        return self._counts.get(unit, 0)

    def charts(self, unit: StartupUnit) -> list[str]:
        """The charts that a unit installs, each with its version."""
        return self._charts.get(unit, [])

    @cached_property
    def _counts(self) -> dict[StartupUnit, int]:
        found: dict[StartupUnit, int] = {}
        for content in self._startup.contents:
            found[content.unit] = found.get(content.unit, 0) + len(content.items)
        return found

    @cached_property
    def _charts(self) -> dict[StartupUnit, list[str]]:
        found: dict[StartupUnit, list[str]] = {}
        for chart in self._startup.charts:
            name = f"{chart.release.chart.name} {chart.release.chart.version}".strip()
            found.setdefault(chart.unit, []).append(name)
        return found

    def _after(self, unit: StartupUnit) -> Iterator[Reason]:
        """What the engine makes a unit wait for, then what the unit needs without the engine ensuring it."""
        seen: set[tuple[str, str]] = set()
        ordered = self._waited_for(unit)
        waits = [step for step in ordered if step.because.kind != "part"] or ordered
        for step in [*waits, *self._needed(unit)]:
            title = self._startup.owner(step.other).title
            text = step.because.text
            if step.because.kind == "part":
                title, text = self._startup.words(step.other), ""
            elif step.because.kind not in _ENGINE_ORDER:
                text = f"retried until then: {text}"
            if (title, text) not in seen:
                seen.add((title, text))
                yield Reason(title, text, str(step.because.position or ""))

    def steps(self, unit: StartupUnit) -> Iterator[tuple[Edge, bool]]:
        """What a unit comes after, and whether the engine waits for it; if not, it retries until then."""
        yield from ((step, True) for step in self._waited_for(unit))
        yield from ((step, False) for step in self._needed(unit))

    def _waited_for(self, unit: StartupUnit) -> list[Edge]:
        return [step for step in self._steps(unit) if step.because.kind in _ENGINE_ORDER]

    def _needed(self, unit: StartupUnit) -> Iterator[Edge]:
        """What a unit needs although the engine's own order does not ensure it."""
        needed = [step for step in self._steps(unit) if step.because.kind not in _ENGINE_ORDER]
        return (step for step in needed if not self._is_ensured(step))

    def _is_ensured(self, step: Edge) -> bool:
        """Whether the engine's own order already ensures a step."""
        return self._ordered.always_before([step.other], step.event)

    @cached_property
    def _ordered(self) -> EventGraph:
        return self._startup.graph.filtered(lambda _, __, kind: kind in _ENGINE_ORDER | {"own", "health"})

    def _steps(self, unit: StartupUnit) -> list[Edge]:
        """Everything in other units that a unit waits for before it is applied."""
        if unit not in self._found:
            self._found[unit] = list(self._steps_of(unit))
        return self._found[unit]

    def _steps_of(self, unit: StartupUnit) -> Iterator[Edge]:
        startup = self._startup
        pending, seen = [startup.unit(unit)[Moment.APPLIED]], set()
        while pending:
            event = pending.pop()
            if event in seen:
                continue
            seen.add(event)
            for step in startup.graph.waits(event):
                if startup.owner(step.other) == unit:
                    pending.append(step.other)
                elif step.because.kind != "health":
                    yield step

    @cached_property
    def _ranks(self) -> dict[StartupUnit, int]:
        """The length of the longest chain of units before each unit, renumbered without gaps."""
        graph, startup = self._startup.graph, self._startup
        levels: dict[int, int] = {}
        for event in graph.happening:
            level = 0
            for step in graph.waits(event):
                if step.other in levels:
                    apart = startup.owner(step.other) != startup.owner(event)
                    level = max(level, levels[step.other] + apart)
            levels[event] = level
        applied = {unit: levels.get(startup.unit(unit)[Moment.STARTED]) for unit in startup.units}
        levels_used = sorted(
            {level for unit, level in applied.items() if level is not None and unit.kind != _MANUAL_APPLY}
        )
        order = {level: rank for rank, level in enumerate(levels_used, 1)}
        return {unit: order.get(level, 0) if level is not None else 0 for unit, level in applied.items()}
