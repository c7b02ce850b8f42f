"""What a picture shows of the startup order: units, and why each waits for another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.order.analysis import Analysis, Diagnosis, order_of
from meshwright.check.order.edgeeffects import EdgeEffect, EdgeEffects
from meshwright.check.order.explanation import comment_at
from meshwright.check.order.graph import Edge
from meshwright.check.order.startup import Moment, StartupModel, StartupUnit
from meshwright.check.order.timeline import timeline_of
from meshwright.errors import Position
from meshwright.graph.parts import is_application

# Reasons for which a unit counts as ready only when something runs.
_WAITING = frozenset({"wait", "healthChecks"})
# Edges between the Applications of two waves, for one Application that creates them.
_MOST_OF_WAVES = 4000


def unit_id(unit: StartupUnit) -> str:
    """Cluster, kind, namespace and name, such as ``clusters/pi/Kustomization/flux-system/demo``."""
    return "/".join(part for part in (unit.cluster, unit.kind, unit.namespace, unit.name) if part)


@dataclass(frozen=True)
class _Step:
    """``unit`` comes after ``other``; ``asked`` is the edge whose absence is explained."""

    unit: StartupUnit
    other: StartupUnit
    kind: str
    why: str
    at: Position | None
    waits: bool
    asked: tuple[StartupUnit, StartupUnit, str]


def order_facts(model: Model) -> dict[str, list[dict[str, Any]]]:
    """``units`` and ``edges`` as plain data, by cluster and rank. Uses the order proof of the model."""
    return _OrderReader(model, order_of(model)).read()


class _OrderReader:
    def __init__(self, model: Model, analysis: Analysis) -> None:
        self._model = model
        self._startup: StartupModel = analysis.startup
        self._diagnoses = analysis.diagnoses
        self._timeline = timeline_of(model)
        self._effects = EdgeEffects(self._startup)
        self._known = {(unit.cluster, unit.title): unit for unit in self._startup.units}
        self._waves: dict[int, list[tuple[StartupUnit, Edge]]] = {}
        self._wave_edges: dict[StartupUnit, int] = {}

    def read(self) -> dict[str, list[dict[str, Any]]]:
        lines = list(self._timeline.lines())
        units = [(line, self._known[(line.cluster, line.title)]) for line in lines]
        drawn = {unit for _, unit in units}
        edges = [self._edge(step) for _, unit in units for step in self._steps(unit) if step.other in drawn]
        asked = {(edge["unit"], edge["after"]) for edge in edges}
        edges += [edge for edge in self._missing(drawn) if (edge["unit"], edge["after"]) not in asked]
        return {"units": [self._unit(unit, line.rank) for line, unit in units], "edges": edges}

    def _unit(self, unit: StartupUnit, rank: int) -> dict[str, Any]:
        startup, graph = self._startup, self._startup.graph
        events = startup.unit(unit)
        waits = [step.because for step in graph.waits(events[Moment.READY])]
        healthy = next((because.text for because in waits if because.kind in _WAITING), "")
        if unit.kind == "Application":
            healthy = "its health"
        return {
            "id": unit_id(unit),
            "cluster": unit.cluster,
            "rank": rank,
            "kind": unit.kind,
            "namespace": unit.namespace,
            "name": unit.name,
            "at": str(unit.position),
            "application": is_application(unit.position.path),
            "objects": self._timeline.objects(unit),
            "charts": self._timeline.charts(unit),
            "ready": healthy,
            "gate": unit in self._gates,
        }

    @cached_property
    def _gates(self) -> frozenset[StartupUnit]:
        """Units with a Job that succeeds only once the injector works."""
        startup = self._startup
        return frozenset(
            startup.owner(event)
            for event in range(len(startup.graph))
            for step in startup.graph.waits(event)
            if step.because.kind == "gate"
        )

    def _steps(self, unit: StartupUnit) -> Iterator[_Step]:
        seen: set[tuple[StartupUnit, str]] = set()
        for step in self._expanded(unit):
            key = (step.other, step.kind)
            if key not in seen and step.other != unit:
                seen.add(key)
                yield step

    def _expanded(self, unit: StartupUnit) -> Iterator[_Step]:
        startup = self._startup
        for edge, waits in self._timeline.steps(unit):
            other, because = startup.owner(edge.other), edge.because
            if because.kind == "part":
                yield from self._of_wave(unit, edge)
                why = f"{startup.words(edge.other)}, which creates it"
                yield _Step(unit, other, "creates", why, because.position, True, (unit, other, "part"))
                continue
            asked = (unit, other, because.kind)
            yield _Step(unit, other, because.kind, because.text, because.position, waits, asked)

    def _of_wave(self, unit: StartupUnit, edge: Edge) -> Iterator[_Step]:
        """The units whose health an earlier wave of the creator waits for."""
        parent = self._startup.owner(edge.other)
        earlier = self._earlier(parent, edge.other)
        count = self._wave_edges.get(parent, 0) + len(earlier)
        if count > _MOST_OF_WAVES:
            return
        self._wave_edges[parent] = count
        for other, _ in earlier:
            why = f"{self._startup.words(edge.other)} once the wave before it is healthy"
            yield _Step(unit, other, "wave", why, edge.because.position, True, (parent, other, "health"))

    def _earlier(self, parent: StartupUnit, event: int) -> Sequence[tuple[StartupUnit, Edge]]:
        if event not in self._waves:
            found: list[tuple[StartupUnit, Edge]] = []
            pending, seen = [event], {event}
            while pending:
                steps = self._startup.graph.waits(pending.pop())
                health = [step for step in steps if self._startup.owner(step.other) != parent]
                found += [
                    (self._startup.owner(step.other), step)
                    for step in health
                    if step.because.kind == "health"
                ]
                for step in steps if not health else ():
                    if step.other not in seen:
                        seen.add(step.other)
                        pending.append(step.other)
            self._waves[event] = found
        return self._waves[event]

    def _edge(self, step: _Step) -> dict[str, Any]:
        effect = self._effects.without(*step.asked) if step.waits else None
        return {
            "unit": unit_id(step.unit),
            "after": unit_id(step.other),
            "kind": step.kind,
            "waits": step.waits,
            "why": step.why,
            "comment": comment_at(self._model.files, step.at),
            "at": str(step.at or ""),
            "without": _words(effect),
            "fault": self._faults.get((step.unit, step.other), ""),
        }

    @cached_property
    def _faults(self) -> dict[tuple[StartupUnit, StartupUnit], str]:
        return {
            pair: f"{diagnosis.position}: {diagnosis.text}"
            for diagnosis in self._diagnoses
            for pair in diagnosis.between
        }

    def _missing(self, drawn: set[StartupUnit]) -> Iterator[dict[str, Any]]:
        """Faults between units that nothing orders: the edge that should be there, or the rest of a cycle."""
        seen: set[tuple[StartupUnit, StartupUnit]] = set()
        for diagnosis in self._diagnoses:
            for unit, other in diagnosis.between:
                if {unit, other} <= drawn and unit != other and (unit, other) not in seen:
                    seen.add((unit, other))
                    yield self._fault(unit, other, diagnosis)

    def _fault(self, unit: StartupUnit, other: StartupUnit, diagnosis: Diagnosis) -> dict[str, Any]:
        return {
            "unit": unit_id(unit),
            "after": unit_id(other),
            "kind": str(diagnosis.fault),
            "waits": False,
            "why": diagnosis.text,
            "comment": "",
            "at": str(diagnosis.position),
            "without": "",
            "fault": f"{diagnosis.position}: {diagnosis.text}",
        }


def _words(effect: EdgeEffect | None) -> str:
    if effect is None:
        return ""
    if not effect.others:
        return effect.text
    return f"{effect.text}; and {effect.others}{' or more' if effect.open else ''} more like it"
