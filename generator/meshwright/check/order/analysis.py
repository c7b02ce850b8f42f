"""What of a repository never comes up, and what comes up rightly only by luck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from meshwright.check.order.argocd import applications_gate, read_argocd
from meshwright.check.order.flux import read_flux
from meshwright.check.order.graph import Step
from meshwright.check.order.landscape import Landscape, Unit, Wish
from meshwright.check.order.needs import add_needs
from meshwright.check.order.provisions import read_provisions
from meshwright.check.rules.model import Model
from meshwright.errors import Position
from meshwright.faults import contained


class Fault(StrEnum):
    """What a story is about."""

    CIRCLE = "circle"  # dependencies alone go round
    SAME_APPLY = "same-apply"  # an object is applied together with the release that makes its kind
    DEADLOCK = "deadlock"  # several kinds of waiting go round
    RACE = "race"  # it may come before what it wishes for
    TOO_EARLY = "too-early"  # it always comes before that
    GIVEN_UP = "given-up"  # it may fail for want of something and is not tried again


@dataclass(frozen=True)
class Story:
    """One fault, told as shortly as it can be; ``kind`` is the thing wished for, or how the circle closes."""

    fault: Fault
    position: Position
    text: str
    subject: str
    kind: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Analysis:
    """``gates`` is false when waves of Applications wait for nothing, None when that cannot be seen."""

    landscape: Landscape
    stories: tuple[Story, ...]
    gates: bool | None


def analyse(model: Model) -> Analysis:
    """The order of everything in the repository. Linear in its objects and edges.

    What goes wrong on the way is told once, in the model's faults; what could be read is there.
    """
    landscape = Landscape(model)
    with contained(model.faults, "reading the order of Kustomizations"):
        read_flux(landscape)
    gates = None
    if model.uses_argocd:
        with contained(model.faults, "reading the order of Applications"):
            gates = applications_gate(landscape)
            read_argocd(landscape, gates)
    with contained(model.faults, "reading what everything needs"):
        add_needs(landscape, read_provisions(landscape))
    told: list[Story] = []
    with contained(model.faults, "looking for faults in the order"):
        told.extend(stories(landscape))
    return Analysis(landscape, tuple(told), gates)


def stories(landscape: Landscape) -> Iterator[Story]:
    """Every fault of a landscape."""
    for circle in landscape.graph.circles():
        yield _circle(landscape, circle)
    told: set[tuple[int, tuple[int, ...], str]] = set()
    for wish in landscape.wishes:
        # One unit's pods come together: one story for all of them.
        key = (wish.event, wish.providers, wish.kind)
        if key in told:
            continue
        told.add(key)
        if story := _wish(landscape, wish):
            yield story
    for wish in landscape.fragile:
        graph = landscape.graph
        if graph.can_happen(wish.event) and not graph.always_before(wish.providers, wish.event, tried=True):
            yield _given_up(landscape, wish)


def _circle(landscape: Landscape, circle: list[Step]) -> Story:
    hops = [step for step in circle if landscape.owner(step.event) != landscape.owner(step.other)]
    if not hops:
        return _inside(landscape, circle)
    kinds = [step.because.kind for step in hops]
    first = next((step for step in hops if step.because.kind in ("dependsOn", "kind", "webhook")), hops[0])
    start = hops.index(first)
    hops = hops[start:] + hops[:start]
    subject = landscape.owner(first.event).title
    position = first.because.position or landscape.owner(first.event).position
    told = f"it {_chain(landscape, hops, position)}"
    if set(kinds) <= {"dependsOn"}:
        text = f"{subject} never starts: {told}"
        return Story(Fault.CIRCLE, position, text, subject, "dependsOn")
    kind = first.because.kind
    if kind in ("kind", "webhook") and len(hops) == 2 and "part" in kinds:
        maker = landscape.owner(first.other).title
        text = (
            f"{subject} is never applied: {first.because.text}, and {maker} is in the same apply, "
            "which is dry-run as a whole first"
        )
        return Story(Fault.SAME_APPLY, position, text, subject, kind)
    text = f"{subject} never comes up: {told}"
    return Story(Fault.DEADLOCK, position, text, subject, kind)


def _inside(landscape: Landscape, circle: list[Step]) -> Story:
    """A circle within one unit: an early wave needs what a later one brings."""
    step = next((step for step in circle if step.because.kind != "own" and step.because.position), circle[0])
    unit = landscape.owner(step.event)
    text = (
        f"{unit.title} never comes up: it {landscape.moment(step.event)} only after it "
        f"{landscape.moment(step.other)}, and that comes later ({step.because.text})"
    )
    fix = "put what is needed into an earlier wave"
    return Story(Fault.DEADLOCK, step.because.position or unit.position, text, unit.title, "wave", fix)


def _chain(landscape: Landscape, hops: list[Step], known: Position) -> str:
    """``waits for b (dependsOn), which waits for it (dependsOn at f.yaml:3:1)``."""
    told = []
    for step in hops:
        other = landscape.owner(step.other)
        name = "it" if other == landscape.owner(hops[0].event) else other.title
        at = step.because.position
        where = f" at {at}" if at is not None and at.line and at != known else ""
        told.append(f"waits for {name} ({step.because.text}{where})")
    return ", which ".join(told)


def _wish(landscape: Landscape, wish: Wish) -> Story | None:
    graph = landscape.graph
    if not graph.can_happen(wish.event) or graph.always_before(wish.providers, wish.event):
        return None
    unit = landscape.owner(wish.event)
    who = wish.subject if wish.subject == unit.title else f"{wish.subject} in {unit.title}"
    possible = [provider for provider in wish.providers if graph.can_happen(provider)]
    if all(graph.always_before([wish.event], provider) for provider in possible):
        text = f"{who} always comes before {wish.what}"
        return Story(Fault.TOO_EARLY, wish.position, text, unit.title, wish.kind)
    cause = _break(landscape, unit, possible) or "nothing makes it wait"
    text = f"{who} may come before {wish.what}: {cause}"
    return Story(Fault.RACE, wish.position, text, unit.title, wish.kind)


def _break(landscape: Landscape, unit: Unit, providers: list[int]) -> str:
    """Where the chain from a unit to what it wishes for is cut: a dependency that is ready too early."""
    wanted = {landscape.owner(provider) for provider in providers}
    for dependency in landscape.dependencies(unit):
        for other in wanted & {dependency, *landscape.parts(dependency)}:
            name = "it is healthy" if other == dependency else f"{other.title} is"
            return f"{dependency.title}, on which it depends, is ready before {name}"
    return ""


def _given_up(landscape: Landscape, wish: Wish) -> Story:
    unit = landscape.owner(wish.event)
    maker = landscape.owner(wish.providers[0]).title
    text = f"{unit.title} fails for good when it is faster than {maker}: {wish.subject} needs {wish.what}"
    return Story(Fault.GIVEN_UP, wish.position, text, unit.title, wish.kind)
