"""What of a repository never comes up, and what comes up rightly only by luck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from meshwright.check.model.index import Model
from meshwright.check.order.argocd import applications_gate, read_argocd
from meshwright.check.order.flux import read_flux
from meshwright.check.order.graph import Edge
from meshwright.check.order.needs import add_needs
from meshwright.check.order.provisions import read_provisions
from meshwright.check.order.startup import SoftDependency, StartupModel, StartupUnit
from meshwright.errors import Position
from meshwright.faults import contained


class OrderFault(StrEnum):
    """What a diagnosis is about."""

    CIRCLE = "circle"  # dependencies alone go round
    SAME_APPLY = "same-apply"  # an object is applied together with the release that makes its kind
    DEADLOCK = "deadlock"  # several kinds of waiting go round
    RACE = "race"  # it may come before what it should find
    TOO_EARLY = "too-early"  # it always comes before that
    GIVEN_UP = "given-up"  # it may fail for want of something and is not tried again


@dataclass(frozen=True)
class Diagnosis:
    """One fault, told as shortly as it can be; ``kind`` is the thing wished for, or how the circle closes."""

    fault: OrderFault
    position: Position
    text: str
    subject: str
    kind: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Analysis:
    """``gates`` is false when waves of Applications wait for nothing, None when that cannot be seen."""

    startup: StartupModel
    diagnoses: tuple[Diagnosis, ...]
    gates: bool | None


def order_of(model: Model) -> Analysis:
    """The order of everything in the repository, analysed once per model."""
    return model.once(analyse)


def analyse(model: Model) -> Analysis:
    """The order of everything in the repository. Linear in its objects and edges.

    What goes wrong on the way is told once, in the model's faults; what could be read is there.
    """
    startup = StartupModel(model)
    with contained(model.faults, "reading the order of Kustomizations"):
        read_flux(startup)
    gates = None
    if model.uses_argocd:
        with contained(model.faults, "reading the order of Applications"):
            gates = applications_gate(startup)
            read_argocd(startup, gates)
    with contained(model.faults, "reading what everything needs"):
        add_needs(startup, read_provisions(startup))
    told: list[Diagnosis] = []
    with contained(model.faults, "looking for faults in the order"):
        told.extend(diagnoses(startup))
    return Analysis(startup, tuple(told), gates)


def diagnoses(startup: StartupModel) -> Iterator[Diagnosis]:
    """Every fault of a startup."""
    for circle in startup.graph.circles():
        yield _circle(startup, circle)
    told: set[tuple[int, tuple[int, ...], str]] = set()
    for soft in startup.soft_dependencies:
        # One unit's pods come together: one diagnosis for all of them.
        key = (soft.event, soft.providers, soft.kind)
        if key in told:
            continue
        told.add(key)
        if diagnosis := _soft(startup, soft):
            yield diagnosis
    for soft in startup.without_retry:
        graph = startup.graph
        if graph.can_happen(soft.event) and not graph.always_before(soft.providers, soft.event, tried=True):
            yield _given_up(startup, soft)


def _circle(startup: StartupModel, circle: list[Edge]) -> Diagnosis:
    hops = [step for step in circle if startup.owner(step.event) != startup.owner(step.other)]
    if not hops:
        return _inside(startup, circle)
    kinds = [step.because.kind for step in hops]
    first = next((step for step in hops if step.because.kind in ("dependsOn", "kind", "webhook")), hops[0])
    start = hops.index(first)
    hops = hops[start:] + hops[:start]
    subject = startup.owner(first.event).title
    position = first.because.position or startup.owner(first.event).position
    told = f"it {_chain(startup, hops, position)}"
    if set(kinds) <= {"dependsOn"}:
        text = f"{subject} never starts: {told}"
        return Diagnosis(OrderFault.CIRCLE, position, text, subject, "dependsOn")
    kind = first.because.kind
    if kind in ("kind", "webhook") and len(hops) == 2 and "part" in kinds:
        maker = startup.owner(first.other).title
        text = (
            f"{subject} is never applied: {first.because.text}, but {maker} is in the same apply, "
            "which Flux first dry-runs as a whole"
        )
        return Diagnosis(OrderFault.SAME_APPLY, position, text, subject, kind)
    text = f"{subject} never becomes ready: {told}"
    return Diagnosis(OrderFault.DEADLOCK, position, text, subject, kind)


def _inside(startup: StartupModel, circle: list[Edge]) -> Diagnosis:
    """A circle within one unit: an early wave needs what a later one brings."""
    step = next((step for step in circle if step.because.kind != "own" and step.because.position), circle[0])
    unit = startup.owner(step.event)
    text = (
        f"{unit.title} never becomes ready: it {startup.moment(step.event)} only after it "
        f"{startup.moment(step.other)}, which comes later ({step.because.text})"
    )
    fix = "move what it needs to an earlier wave"
    return Diagnosis(
        OrderFault.DEADLOCK, step.because.position or unit.position, text, unit.title, "wave", fix
    )


def _chain(startup: StartupModel, hops: list[Edge], known: Position) -> str:
    """``waits for b (dependsOn), which waits for it (dependsOn at f.yaml:3:1)``."""
    told = []
    for step in hops:
        other = startup.owner(step.other)
        name = "it" if other == startup.owner(hops[0].event) else other.title
        at = step.because.position
        where = f" at {at}" if at is not None and at.line and at != known else ""
        told.append(f"waits for {name} ({step.because.text}{where})")
    return ", which ".join(told)


def _soft(startup: StartupModel, soft: SoftDependency) -> Diagnosis | None:
    graph = startup.graph
    if not graph.can_happen(soft.event) or graph.always_before(soft.providers, soft.event):
        return None
    unit = startup.owner(soft.event)
    who = soft.subject if soft.subject == unit.title else f"{soft.subject} in {unit.title}"
    possible = [provider for provider in soft.providers if graph.can_happen(provider)]
    if all(graph.always_before([soft.event], provider) for provider in possible):
        text = f"{who} always starts before {soft.what}"
        return Diagnosis(OrderFault.TOO_EARLY, soft.position, text, unit.title, soft.kind)
    cause = _break(startup, unit, possible) or "nothing makes it wait"
    text = f"{who} may start before {soft.what}: {cause}"
    return Diagnosis(OrderFault.RACE, soft.position, text, unit.title, soft.kind)


def _break(startup: StartupModel, unit: StartupUnit, providers: list[int]) -> str:
    """Where the chain from a unit to what it should find is cut: a dependency that is ready too early."""
    wanted = {startup.owner(provider) for provider in providers}
    for dependency in startup.dependencies(unit):
        for other in wanted & {dependency, *startup.parts(dependency)}:
            name = "it is healthy" if other == dependency else f"{other.title} is"
            return f"its dependency {dependency.title} is ready before {name}"
    return ""


def _given_up(startup: StartupModel, soft: SoftDependency) -> Diagnosis:
    unit = startup.owner(soft.event)
    maker = startup.owner(soft.providers[0]).title
    text = f"{unit.title} fails permanently if it starts before {maker}: {soft.subject} needs {soft.what}"
    return Diagnosis(OrderFault.GIVEN_UP, soft.position, text, unit.title, soft.kind)
