"""Runs the rules that apply, and says which could not be run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.unseen import Doubt, Gap
from meshwright.check.model.unseenvalues import may_bring, rests_on_variable
from meshwright.check.order.assumptions import assumptions
from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.rule import Engine, Hit, Rule, Severity
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding, NotSeen
from meshwright.linkerd.version import EdgeRelease, read_edge
from meshwright.pins import load_pins
from meshwright.progress import say


def run_rules(model: Model, rules: Iterable[Rule] | None = None) -> Iterator[Finding | NotSeen]:
    """The findings of every rule that applies, and one entry for each reason why rules were not run.

    Without ``rules`` all of them are run.
    """
    versions = [model.linkerd(cluster) for cluster in model.clusters if model.charts(CONTROL_PLANE, cluster)]
    known = [version for version in versions if version is not None]
    # Applications are often in a repository without their control plane.
    assumed = None if versions else read_edge(load_pins().charts["linkerd"])
    left_out: list[Rule] = []
    silenced: dict[Gap, list[str]] = {}
    for rule in load_rules() if rules is None else rules:
        if not _engine_applies(rule, model):
            continue
        if rule.since or rule.until:
            if not known and versions:
                left_out.append(rule)
            if not any(_in_range(rule, version) for version in [*known, *([assumed] if assumed else [])]):
                continue
        said: list[Finding] = []
        say(f"applying rule {rule.id}", is_detail=True)
        with contained(said, f"rule {rule.id}"):
            for hit in rule.find(model):
                if rests_on_variable(model, hit.message, hit.position):
                    continue
                doubt, gaps = model.doubts(hit.absent) if hit.absent else (Doubt.NONE, [])
                if hit.absent and (named := next(may_bring(model, hit.absent), None)):
                    doubt, gaps = Doubt.REAL, [named]
                if doubt is Doubt.REAL and gaps[0].is_unapplied:
                    continue
                if doubt is Doubt.REAL:
                    silenced.setdefault(gaps[0], []).append(rule.id)
                    continue
                finding = _finding(rule, hit, assumed if rule.since or rule.until else None)
                said.append(_doubtful(finding, gaps[0]) if gaps else finding)
        yield from said
    yield from _silenced(silenced)
    with contained(model.faults, "listing what the order assumes"):
        yield from assumptions(model)
    yield from model.faults
    for release in model.releases:
        if release.chart.name.startswith("linkerd-enterprise-"):
            reason = f"chart {release.chart.name} is not open source, so only its version is checked"
            yield NotSeen(release.title, reason, release.position)
    if left_out:
        release = model.charts(CONTROL_PLANE)[0]
        names = ", ".join(rule.id for rule in left_out)
        reason = (
            f"its version '{release.chart.version}' cannot be compared, so these rules were not run: {names}"
        )
        yield NotSeen("Linkerd", reason, release.position if release.position.path else Position("."))


def _finding(rule: Rule, hit: Hit, assumed: EdgeRelease | None) -> Finding:
    """The finding of a hit; if Linkerd's version is ``assumed``, it is at most a warning and says so."""
    severity, message = hit.severity or rule.severity, hit.message
    if assumed is not None:
        severity = Severity.WARNING if severity is Severity.ERROR else severity
        message = f"{message} (in {assumed}; no control plane here tells the version)"
    return Finding(rule.id, hit.position, message, hit.fix or rule.fix, hit.subject, severity, rule.name)


def _doubtful(finding: Finding, gap: Gap) -> Finding:
    """A finding about a missing object that something not seen might bring, though it is for other things."""
    message = f"{finding.message} (unless {gap.subject} does, which is not seen)"
    return replace(finding, message=message, severity=Severity.WARNING)


def _silenced(found: Mapping[Gap, Sequence[str]]) -> Iterator[NotSeen]:
    """For each gap the rules that would have reported something that it may bring, and how often."""
    for gap, ids in found.items():
        counts = ", ".join(f"{id} ({count})" for id, count in sorted(Counter(ids).items()))
        reason = f"it may bring what is missing elsewhere, so these rules did not report it: {counts}"
        yield NotSeen(gap.subject, reason, gap.position)


def _engine_applies(rule: Rule, model: Model) -> bool:
    if rule.engine is Engine.FLUX:
        return model.uses_flux
    return model.uses_argocd if rule.engine is Engine.ARGOCD else True


def _in_range(rule: Rule, version: EdgeRelease) -> bool:
    since, until = read_edge(rule.since), read_edge(rule.until)
    return (since is None or version >= since) and (until is None or version < until)
