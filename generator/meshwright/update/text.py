"""The report of an update or a preview for people."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.inert import printable
from meshwright.update.byhand import steps_by_hand
from meshwright.update.filegroups import are_several, grouped
from meshwright.update.outcome import Result, renamed
from meshwright.update.renames import together
from meshwright.words import plural
from meshwright.yaml import as_written


def render(result: Result, *, written: bool, preview: bool) -> str:
    """The whole report, ending with a line break."""
    lines = [*_head(result), *_groups(result)]
    if preview:
        from meshwright.update.preview import lines as previewed

        lines += previewed(result)
    lines += [*_by_hand(result), *_conflicts(result), *_findings(result), _end(result, written, preview)]
    return "".join(f"{printable(line)}\n" for line in lines)


def _head(result: Result) -> Iterator[str]:
    merge = result.merge
    if merge.old.commit == merge.new.commit:
        yield f"{merge.template.source} {merge.new.name}"
    else:
        yield f"{merge.template.source} {merge.old.name} -> {merge.new.name}"
    for note in merge.notes:
        yield f"note: {note}"
    for question, value in merge.target.changed.items():
        if question in merge.project.answers.given:
            before = merge.project.answers.given[question]
            yield f"answer {question}: {as_written(before)} -> {as_written(value)}"
    for question, value in merge.asked.items():
        if question not in merge.target.changed:
            used = f"default {as_written(value)} used"
            yield f"new question {question}: {used}; to change it: --answers {question}=..."
    for question, value in merge.dropped.items():
        yield f"question {question} is no longer asked: its answer {as_written(value)} is dropped"
    for old, new in merge.moved:
        yield f"moved with its folder: {old} -> {new}"
    for path in merge.gone:
        yield f"stays deleted (deleted by you, changed by {merge.new.name}): {path}"


def _groups(result: Result) -> Iterator[str]:
    undecided = {conflict.path for conflict in result.merge.conflicts}
    renames = renamed(result)
    gone = set(renames.values())
    shown = [path for path in result.changes if path not in gone]
    several = are_several(shown)
    for group, paths in grouped(shown).items():
        yield group.title(several=several)
        yield from (f"  R {item}" for item in together({p: renames[p] for p in paths if p in renames}))
        for path in paths:
            if path in renames:
                continue
            before, after = result.changes[path]
            sign = "U" if path in undecided else "A" if before is None else "D" if after is None else "M"
            yield f"  {sign} {path}"


def _by_hand(result: Result) -> Iterator[str]:
    if steps := steps_by_hand(result):
        yield "to do by hand, because the engine does not do it:"
        yield from (f"  {step}" for step in steps)


def _conflicts(result: Result) -> Iterator[str]:
    if result.merge.conflicts:
        yield "conflicts:"
        for conflict in result.merge.conflicts:
            yield f"  {conflict.path}: {conflict.reason}"


def _findings(result: Result) -> Iterator[str]:
    if result.findings:
        yield "errors that the repository does not have now:"
    for finding in result.findings:
        yield f"  {finding.position}: {finding.message} [{finding.label}]"
        if finding.fix:
            yield f"    fix: {finding.fix}"


def _end(result: Result, written: bool, preview: bool) -> str:
    count = plural(len(result.changes), "file")
    if not result.changes:
        return "nothing to change"
    if result.merge.conflicts:
        conflicts = plural(len(result.merge.conflicts), "conflict")
        if written:
            return (
                f"{conflicts}, written with markers; the other changes are staged. Resolve the conflicts, "
                "then git add and git commit"
            )
        return f"{conflicts}; nothing is written. --write-conflicts writes all changes, with conflict markers"
    if result.findings and not written:
        errors = plural(len(result.findings), "error")
        return f"{errors}; nothing is written. Fix the errors first, or use --force"
    if preview:
        return f"{count} would change; nothing is written"
    return f"{count} changed and staged; review with git diff --cached, then git commit"
