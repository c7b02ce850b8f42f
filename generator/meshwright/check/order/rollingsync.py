"""RollingSync: Applications of a step are synced when those of all earlier steps are healthy.

source: argo-cd v3.5.3, applicationset controller, progressive syncs. An Application that no step takes is
synced on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.argocd.application import Application
from meshwright.check.order.graph import Because
from meshwright.check.order.startup import Moment, StartupModel, StartupUnit
from meshwright.labelselector import matches
from meshwright.yaml.pointer import items_of, mapping_of


def add_steps(startup: StartupModel, applications: Mapping[StartupUnit, Application]) -> None:
    """Let each step of every ApplicationSet wait for the one before it."""
    sets: dict[tuple[str, int], list[tuple[StartupUnit, Application]]] = {}
    for unit, application in applications.items():
        if application.written is not None:
            sets.setdefault((unit.cluster, id(application.written)), []).append((unit, application))
    for made in sets.values():
        written = made[0][1].written
        steps = _steps(mapping_of(written.data.get("spec"))) if written is not None else []
        before: int | None = None
        for number, step in enumerate(steps):
            units = [unit for unit, application in made if _is_in(step, application)]
            if not units:
                continue
            healthy = startup.event(units[0], f"is healthy, and so is all of step {number + 1}")
            because = Because("step", "an earlier step must be healthy")
            for unit in units:
                events = startup.unit(unit)
                if before is not None:
                    startup.graph.before(before, events[Moment.STARTED], because)
                startup.graph.before(events[Moment.READY], healthy, Because("own", ""))
            before = healthy


def _steps(spec: Mapping[str, Any]) -> list[Any]:
    strategy = mapping_of(spec.get("strategy"))
    rolling = mapping_of(strategy.get("rollingSync"))
    return items_of(rolling.get("steps")) if strategy.get("type") == "RollingSync" else []


def _is_in(step: Any, application: Application) -> bool:
    terms = items_of(mapping_of(step).get("matchExpressions"))
    labels = mapping_of(application.built.metadata.get("labels"))
    return matches({"matchExpressions": terms}, labels)
