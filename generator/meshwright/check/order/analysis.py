"""Finds units that never start, and units whose order is not guaranteed."""

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
    """The kind of fault that a diagnosis describes."""

    CIRCLE = "circle"  # a cycle of dependencies only
    SAME_APPLY = "same-apply"  # an object is applied together with the release that installs its kind
    DEADLOCK = "deadlock"  # a cycle of several kinds of waiting
    RACE = "race"  # a unit may come before something that it should find
    TOO_EARLY = "too-early"  # a unit always comes before something that it should find
    HELD = "held"  # something waits for what only a user starts
    GIVEN_UP = "given-up"  # a unit may fail because something is missing, and is not retried


@dataclass(frozen=True)
class Diagnosis:
    """One fault; ``kind`` is the kind of the missing thing, or of the dependency that closes the cycle.

    ``between`` are the pairs of units that it lies between: the one that waits, or should, and the other.
    """

    fault: OrderFault
    position: Position
    text: str
    subject: str
    kind: str = ""
    fix: str = ""
    between: tuple[tuple[StartupUnit, StartupUnit], ...] = ()


@dataclass(frozen=True)
class Analysis:
    """``gates`` is false if waves do not wait for Applications, and None if that is unknown."""

    startup: StartupModel
    diagnoses: tuple[Diagnosis, ...]
    gates: bool | None


def order_of(model: Model) -> Analysis:
    """The order of everything in the repository, analysed once per model."""
    return model.once(analyse)


def analyse(model: Model) -> Analysis:
    """The order of everything in the repository. Linear in its objects and edges.

    Internal errors are reported once, in the model's faults; the rest is analysed.
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
    found: list[Diagnosis] = []
    with contained(model.faults, "looking for faults in the order"):
        found.extend(diagnoses(startup))
    return Analysis(startup, tuple(found), gates)


def diagnoses(startup: StartupModel) -> Iterator[Diagnosis]:
    """Every fault of a startup."""
    for cycle in startup.graph.cycles():
        yield _cycle(startup, cycle)
    for wait in startup.manual_waits:
        who = f"{wait.wave} of {wait.unit.title}" if wait.wave else wait.unit.title
        text = f"{who} waits for {wait.other}, which {wait.why}"
        yield Diagnosis(OrderFault.HELD, wait.position, text, wait.other)
    seen: set[tuple[int, tuple[int, ...], str]] = set()
    for soft in startup.soft_dependencies:
        # The pods of a unit start together, so one diagnosis covers them all.
        key = (soft.event, soft.providers, soft.kind)
        if key in seen:
            continue
        seen.add(key)
        if diagnosis := _soft(startup, soft):
            yield diagnosis
    for soft in startup.without_retry:
        graph = startup.graph
        if graph.can_happen(soft.event) and not graph.always_before(soft.providers, soft.event, tried=True):
            yield _without_retry(startup, soft)


def _cycle(startup: StartupModel, cycle: list[Edge]) -> Diagnosis:
    hops = [step for step in cycle if startup.owner(step.event) != startup.owner(step.other)]
    if not hops:
        return _cycle_within_unit(startup, cycle)
    kinds = [step.because.kind for step in hops]
    pairs = tuple((startup.owner(step.event), startup.owner(step.other)) for step in hops)
    first = next((step for step in hops if step.because.kind in ("dependsOn", "kind", "webhook")), hops[0])
    start = hops.index(first)
    hops = hops[start:] + hops[:start]
    subject = startup.owner(first.event).title
    position = first.because.position or startup.owner(first.event).position
    reason = f"it {_chain(startup, hops, position)}"
    if set(kinds) <= {"dependsOn"}:
        text = f"{subject} never starts: {reason}"
        return Diagnosis(OrderFault.CIRCLE, position, text, subject, "dependsOn", between=pairs)
    kind = first.because.kind
    if kind in ("kind", "webhook") and len(hops) == 2 and "part" in kinds:
        maker = startup.owner(first.other).title
        text = (
            f"{subject} is never applied: {first.because.text}, but {maker} is in the same apply, "
            "which Flux first dry-runs as a whole"
        )
        return Diagnosis(OrderFault.SAME_APPLY, position, text, subject, kind, between=pairs)
    text = f"{subject} never becomes ready: {reason}"
    return Diagnosis(OrderFault.DEADLOCK, position, text, subject, kind, between=pairs)


def _cycle_within_unit(startup: StartupModel, cycle: list[Edge]) -> Diagnosis:
    """A cycle within one unit: it names itself, or an early wave needs something from a later one."""
    step = next((step for step in cycle if step.because.kind != "own" and step.because.position), cycle[0])
    unit = startup.owner(step.event)
    at, kind = step.because.position or unit.position, step.because.kind
    if kind == "dependsOn":
        text = f"{unit.title} never starts: it depends on itself"
        return Diagnosis(OrderFault.CIRCLE, at, text, unit.title, kind)
    text = (
        f"{unit.title} never becomes ready: it {startup.moment(step.event)} only after it "
        f"{startup.moment(step.other)}, which comes later ({step.because.text})"
    )
    fix = "move what it needs to an earlier wave"
    return Diagnosis(OrderFault.DEADLOCK, at, text, unit.title, "wave", fix)


def _chain(startup: StartupModel, hops: list[Edge], known: Position) -> str:
    """``waits for b (dependsOn), which waits for it (dependsOn at f.yaml:3:1)``."""
    links = []
    for step in hops:
        other = startup.owner(step.other)
        name = "it" if other == startup.owner(hops[0].event) else other.title
        at = step.because.position
        where = f" at {at}" if at is not None and at.line and at != known else ""
        links.append(f"waits for {name} ({step.because.text}{where})")
    return ", which ".join(links)


def _soft(startup: StartupModel, soft: SoftDependency) -> Diagnosis | None:
    graph = startup.graph
    if not graph.can_happen(soft.event) or graph.always_before(soft.providers, soft.event):
        return None
    unit, who = startup.owner(soft.event), startup.who(soft)
    pairs = ((unit, startup.owner(soft.providers[0])),)
    possible = [provider for provider in soft.providers if graph.can_happen(provider)]
    if all(graph.always_before([soft.event], provider) for provider in possible):
        text = f"{who} always starts before {soft.what}"
        return Diagnosis(OrderFault.TOO_EARLY, soft.position, text, unit.title, soft.kind, between=pairs)
    cause = _gap(startup, unit, possible) or "nothing makes it wait"
    text = f"{who} may start before {soft.what}: {cause}"
    return Diagnosis(OrderFault.RACE, soft.position, text, unit.title, soft.kind, between=pairs)


def _gap(startup: StartupModel, unit: StartupUnit, providers: list[int]) -> str:
    """The gap in the chain from a unit to its provider: a dependency that is ready too early."""
    wanted = {startup.owner(provider) for provider in providers}
    for dependency in startup.dependencies(unit):
        for other in wanted & {dependency, *startup.parts(dependency)}:
            name = "it is healthy" if other == dependency else f"{other.title} is"
            return f"its dependency {dependency.title} is ready before {name}"
    return ""


def _without_retry(startup: StartupModel, soft: SoftDependency) -> Diagnosis:
    unit, maker = startup.owner(soft.event), startup.owner(soft.providers[0])
    text = startup.failure(soft)
    return Diagnosis(
        OrderFault.GIVEN_UP, soft.position, text, unit.title, soft.kind, between=((unit, maker),)
    )
