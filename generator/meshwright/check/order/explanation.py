"""Explains why one unit waits for another, and what would happen otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from meshwright.check.order.analysis import Analysis, Diagnosis, diagnoses
from meshwright.check.order.graph import Edge
from meshwright.check.order.startup import Moment, StartupModel, StartupUnit
from meshwright.errors import MeshwrightError, Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.words import did_you_mean
from meshwright.yaml import YamlFault

_KINDS = ("Kustomization", "Application", "HelmRelease")


@dataclass(frozen=True)
class Explanation:
    """``chain`` leads from the waiting unit to the other; it is empty if the unit does not wait.

    ``otherwise`` are the faults that removing the first step of the chain would cause.
    """

    waits: StartupUnit
    comes_first: StartupUnit
    chain: tuple[Edge, ...]
    otherwise: tuple[Diagnosis, ...]


def find_unit(startup: StartupModel, name: str) -> StartupUnit:
    """A unit by name or namespace/name. Raises MeshwrightError if it is missing, or in several clusters."""
    space, _, short = name.rpartition("/")
    found = [
        unit
        for unit in startup.units
        if unit.kind in _KINDS and unit.name == short and space in ("", unit.namespace)
    ]
    if not found:
        names = [unit.name for unit in startup.units if unit.kind in _KINDS]
        raise MeshwrightError(
            f"no Kustomization, Application or HelmRelease is called '{name}'{did_you_mean(short, names)}"
        )
    found.sort(key=lambda unit: _KINDS.index(unit.kind))
    clusters = sorted({unit.cluster for unit in found})
    if len(clusters) > 1:
        raise MeshwrightError(f"'{name}' is in {' and '.join(clusters)}: pass the folder of one of them")
    return found[0]


def explain_wait(analysis: Analysis, waits: str, comes_first: str) -> Explanation:
    """Why ``waits`` waits for ``comes_first``. Raises MeshwrightError if one does not exist."""
    startup = analysis.startup
    later, first = find_unit(startup, waits), find_unit(startup, comes_first)
    start = startup.unit(later)[Moment.APPLIED]
    chain = startup.graph.path_to(start, startup.events_of(first)) if later != first else None
    between = [step for step in chain or [] if startup.owner(step.event) != startup.owner(step.other)]
    known = {(diagnosis.fault, diagnosis.text) for diagnosis in analysis.diagnoses}
    render = _without(startup, between[0]) if between else []
    return Explanation(
        later,
        first,
        tuple(between),
        tuple(diagnosis for diagnosis in render if (diagnosis.fault, diagnosis.text) not in known),
    )


def _without(startup: StartupModel, step: Edge) -> list[Diagnosis]:
    """The faults of the same repository without one edge."""
    pair = (startup.owner(step.event), startup.owner(step.other))

    def kept(event: int, other: int, kind: str) -> bool:
        return kind != step.because.kind or (startup.owner(event), startup.owner(other)) != pair

    return list(diagnoses(replace(startup, graph=startup.graph.filtered(kept))))


def comment_at(files: RepositoryFiles, position: Position | None) -> str:
    """The comment at the end of a line, which usually gives the reason for it."""
    if position is None or not position.line:
        return ""
    try:
        lines = files.text(position.path).splitlines()
    except YamlFault:
        return ""
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    return line.partition(" # ")[2].strip()


def render(startup: StartupModel, found: Explanation, files: RepositoryFiles) -> Iterator[str]:
    """The lines of an explanation."""
    if not found.chain:
        waits, first = found.waits.title, found.comes_first.title
        yield f"{waits} does not wait for {first}: they may come up in any order."
        return
    yield f"{found.waits.title} waits for {found.comes_first.title}:"
    for step in found.chain:
        at = step.because.position
        where = f" ({at})" if at is not None and at.line else ""
        pair = f"{startup.owner(step.event).title} waits for {startup.owner(step.other).title}"
        yield f"  {pair}: {step.because.text}{where}"
        if reason := comment_at(files, at):
            yield f"    {reason}"
    if found.otherwise:
        yield "without the first dependency:"
        for diagnosis in found.otherwise:
            yield f"  {diagnosis.text} [{diagnosis.fault}]"
    else:
        yield "without the first dependency nothing would fail permanently: it is retried, or still waits."
