"""The startup order in readable form: what comes after what, and why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from meshwright.check.order.graph import Edge, EventGraph
from meshwright.check.order.line import Line, Reason
from meshwright.check.order.startup import Moment, StartupModel, StartupUnit

_MANUAL_APPLY = "manual apply of"
# The reasons for which an engine itself waits; for all others it fails and retries.
_ENGINE_ORDER = frozenset({"dependsOn", "part", "wave", "wait", "healthChecks", "gate"})


class Timeline:
    """Every unit of a startup, in the earliest possible order."""

    def __init__(self, startup: StartupModel) -> None:
        self._startup = startup

    def lines(self) -> Iterator[Line]:
        """Lines by cluster and rank; units that never come up are last."""
        ranks = self._ranks
        units = [unit for unit in self._startup.units if unit.kind != _MANUAL_APPLY]
        units.sort(key=lambda unit: (unit.cluster, ranks[unit] or len(ranks) + 1, unit.title))
        for unit in units:
            yield Line(unit.cluster, ranks[unit], unit.title, self._what(unit), tuple(self._after(unit)))

    def _what(self, unit: StartupUnit) -> str:
        charts = [chart.release.chart for chart in self._startup.charts if chart.unit == unit]
        count = sum(len(content.items) for content in self._startup.contents if content.unit == unit)
        parts = [f"{count} object{'' if count == 1 else 's'}"] if count else []
        return ", ".join([*parts, *(f"chart {chart.name} {chart.version}".strip() for chart in charts)])

    def _after(self, unit: StartupUnit) -> Iterator[Reason]:
        """What the engine makes a unit wait for, then what the unit needs without the engine ensuring it."""
        seen: set[tuple[str, str]] = set()
        ordered = [step for step in self._steps(unit) if step.because.kind in _ENGINE_ORDER]
        waits = [step for step in ordered if step.because.kind != "part"] or ordered
        needed = [step for step in self._steps(unit) if step.because.kind not in _ENGINE_ORDER]
        for step in [*waits, *(step for step in needed if not self._is_ensured(step))]:
            title = self._startup.owner(step.other).title
            text = step.because.text
            if step.because.kind == "part":
                title, text = self._startup.words(step.other), ""
            elif step.because.kind not in _ENGINE_ORDER:
                text = f"retried until then: {text}"
            if (title, text) not in seen:
                seen.add((title, text))
                yield Reason(title, text, str(step.because.position or ""))

    def _is_ensured(self, step: Edge) -> bool:
        """Whether the engine's own order already ensures a step."""
        return self._ordered.always_before([step.other], step.event)

    @cached_property
    def _ordered(self) -> EventGraph:
        return self._startup.graph.filtered(lambda _, __, kind: kind in _ENGINE_ORDER | {"own", "health"})

    def _steps(self, unit: StartupUnit) -> Iterator[Edge]:
        """Everything in other units that a unit waits for before it is applied."""
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
