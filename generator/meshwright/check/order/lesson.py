"""Why one unit waits for another, and what would happen if it did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from meshwright.check.order.analysis import Analysis, Story, stories
from meshwright.check.order.graph import Step
from meshwright.check.order.landscape import Landscape, Moment, Unit
from meshwright.errors import MeshwrightError, Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.words import did_you_mean
from meshwright.yaml import YamlFault

_KINDS = ("Kustomization", "Application", "HelmRelease")


@dataclass(frozen=True)
class Lesson:
    """``chain`` leads from the one that waits to the one waited for; empty when nothing makes it wait.

    ``otherwise`` is what would be wrong without the first step of the chain.
    """

    waits: Unit
    comes_first: Unit
    chain: tuple[Step, ...]
    otherwise: tuple[Story, ...]


def find_unit(landscape: Landscape, name: str) -> Unit:
    """A unit by name or namespace/name. Raises MeshwrightError when there is none, or in several clusters."""
    space, _, short = name.rpartition("/")
    found = [
        unit
        for unit in landscape.units
        if unit.kind in _KINDS and unit.name == short and space in ("", unit.namespace)
    ]
    if not found:
        names = [unit.name for unit in landscape.units if unit.kind in _KINDS]
        raise MeshwrightError(
            f"no Kustomization, Application or HelmRelease is called '{name}'{did_you_mean(short, names)}"
        )
    found.sort(key=lambda unit: _KINDS.index(unit.kind))
    clusters = sorted({unit.cluster for unit in found})
    if len(clusters) > 1:
        raise MeshwrightError(f"'{name}' is in {' and '.join(clusters)}: name the folder of one of them")
    return found[0]


def lesson(analysis: Analysis, waits: str, comes_first: str) -> Lesson:
    """What ``waits`` has to do with ``comes_first``. Raises MeshwrightError when one is not there."""
    landscape = analysis.landscape
    later, first = find_unit(landscape, waits), find_unit(landscape, comes_first)
    start = landscape.unit(later)[Moment.APPLIED]
    chain = landscape.graph.way(start, landscape.events_of(first)) if later != first else None
    between = [step for step in chain or [] if landscape.owner(step.event) != landscape.owner(step.other)]
    known = {(story.fault, story.text) for story in analysis.stories}
    told = _without(landscape, between[0]) if between else []
    return Lesson(
        later,
        first,
        tuple(between),
        tuple(story for story in told if (story.fault, story.text) not in known),
    )


def _without(landscape: Landscape, step: Step) -> list[Story]:
    """The faults of the same repository without one edge."""
    pair = (landscape.owner(step.event), landscape.owner(step.other))

    def kept(event: int, other: int, kind: str) -> bool:
        return kind != step.because.kind or (landscape.owner(event), landscape.owner(other)) != pair

    return list(stories(replace(landscape, graph=landscape.graph.filtered(kept))))


def comment_at(files: RepositoryFiles, position: Position | None) -> str:
    """What somebody wrote behind a line, as the reason for it."""
    if position is None or not position.line:
        return ""
    try:
        lines = files.text(position.path).splitlines()
    except YamlFault:
        return ""
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    return line.partition(" # ")[2].strip()


def told(landscape: Landscape, found: Lesson, files: RepositoryFiles) -> Iterator[str]:
    """The lesson in lines."""
    if not found.chain:
        yield f"{found.waits.title} does not wait for {found.comes_first.title}: they come in any order."
        return
    yield f"{found.waits.title} waits for {found.comes_first.title}:"
    for step in found.chain:
        at = step.because.position
        where = f" ({at})" if at is not None and at.line else ""
        pair = f"{landscape.owner(step.event).title} waits for {landscape.owner(step.other).title}"
        yield f"  {pair}: {step.because.text}{where}"
        if reason := comment_at(files, at):
            yield f"    {reason}"
    if found.otherwise:
        yield "without the first of these:"
        for story in found.otherwise:
            yield f"  {story.text} [{story.fault}]"
    else:
        yield "without the first of these nothing would fail for good: it is tried again, or waits otherwise."
