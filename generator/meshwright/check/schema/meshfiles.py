"""Checks the applications of a generated repository: each mesh.yaml, faults between them, stale output."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from meshwright.apps.clusters import ANSWERS
from meshwright.apps.existing import OVERLAYS
from meshwright.apps.generatecache import GenerateCache
from meshwright.apps.outputdiff import FileChange
from meshwright.apps.pipeline import PipelineResult, produce
from meshwright.check.schema.answersfile import has_our_answers
from meshwright.errors import MeshwrightError, Position
from meshwright.faults import ID as INTERNAL
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import conflict_in

_RUN = "run `meshwright generate`"
# What generate finds; faults in manifests are reported when they are built.
_STEPS = ("mesh", "generate")


def apps_findings(files: RepositoryFiles, *, remembered: bool = False) -> Iterator[Finding]:
    """Everything that `meshwright generate --check` says; empty for repositories of another origin.

    ``remembered`` accepts that an earlier run of generate found everything up to date.
    """
    if not files.is_file(ANSWERS) or not has_our_answers(files):
        return
    if remembered:
        cache = GenerateCache(files.root)
        if fresh := cache.recall(cache.signature()):
            yield from fresh.warnings
            return
    try:
        result = produce(files.root, None, read=files.documents)
    except MeshwrightError:
        # Invalid answers and a missing tool are reported separately.
        return
    yield from (item for item in result.findings if item.step in _STEPS or item.id == INTERNAL)
    yield from _stale(result)


def _stale(result: PipelineResult) -> Iterator[Finding]:
    """One finding per application whose output is not what generate would write."""
    told = {_owner_of(item.position.path) for item in result.findings if item.step == "generate"}
    # Faults of an application's own files come first.
    faulty = {
        item.position.path.split("/")[1] for item in result.findings if item.position.path.startswith("apps/")
    }
    removals = {(removal.cluster, removal.name): removal for removal in result.removals}
    missing = dict.fromkeys(name for _, name in result.created)
    changed = sorted(result.changes, key=lambda change: (*_owner_of(change.path), change.path))
    for owner, changes in groupby(changed, lambda change: _owner_of(change.path)):
        mine, name = list(changes), owner[1]
        if owner in told or name in faulty or any(conflict_in(change.before or "") for change in mine):
            continue
        if removal := removals.get(owner):
            text = f"left over: {removal.why}, so `meshwright generate` removes {removal.text.split(',')[0]}"
            at = Position(removal.paths[0], 1, 1)
            fix = f"{_RUN}, or restore apps/{name}/mesh.yaml"
            yield Finding("generate/left-over", at, text, fix)
        elif owner in result.created:
            if name not in missing:
                continue
            del missing[name]
            clusters = [cluster for cluster, made in result.created if made == name]
            on = "" if len(clusters) == result.clusters else f" for {', '.join(clusters)}"
            text = f"application '{name}' was never generated{on}, so nothing applies it"
            yield Finding("generate/missing", Position(f"apps/{name}/mesh.yaml", 1, 1), text, _RUN)
        else:
            yield _out_of_date(name, mine[0])


def _out_of_date(name: str, change: FileChange) -> Finding:
    text = f"out of date: apps/{name}/mesh.yaml, its manifests or the platform changed"
    if change.before is None:
        text = f"does not exist, but application '{name}' (apps/{name}/mesh.yaml) needs it"
    elif change.after is None:
        text = f"superfluous: application '{name}' (apps/{name}/mesh.yaml) no longer needs it"
    line = 0 if change.before is None or change.after is None else _first_difference(change)
    return Finding("generate/stale", Position(change.path, line, 1 if line else 0), text, _RUN)


def _first_difference(change: FileChange) -> int:
    """The first line of the existing file that differs, after the header with its hash."""
    before, after = (text.splitlines() for text in (change.before or "", change.after or ""))
    pairs = zip(before[1:], after[1:], strict=False)
    return next((number for number, (old, new) in enumerate(pairs, start=2) if old != new), len(before) or 1)


def _owner_of(path: str) -> tuple[str, str]:
    """The cluster and the application of a generated path; empty for other paths."""
    parts = path.split("/")
    if path.startswith(f"{OVERLAYS}/") and len(parts) > 3:
        return parts[2], parts[3]
    in_wirings = len(parts) == 4 and parts[0] == "clusters" and parts[2] == "apps"
    return (parts[1], parts[3].removesuffix(".yaml")) if in_wirings else ("", "")
