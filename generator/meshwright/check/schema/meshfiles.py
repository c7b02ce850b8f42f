"""Checks the applications of a generated repository: each mesh.yaml, faults between them, stale output."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from meshwright.apps.existing import OVERLAYS
from meshwright.apps.generatecache import GenerateCache
from meshwright.apps.outputdiff import FileChange
from meshwright.apps.pipeline import PipelineResult, produce
from meshwright.apps.settings import ANSWERS
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
    told = {_app_of(item.position.path) for item in result.findings if item.step == "generate"}
    # Faults of an application's own files come first.
    told |= {
        item.position.path.split("/")[1] for item in result.findings if item.position.path.startswith("apps/")
    }
    removals = {removal.name: removal for removal in result.removals}
    for name, changes in groupby(sorted(result.changes, key=_sort_key), lambda change: _app_of(change.path)):
        mine = list(changes)
        if name in told or any(conflict_in(change.before or "") for change in mine):
            continue
        if removal := removals.get(name):
            text = f"left over: {removal.why}, so `meshwright generate` removes {removal.text.split(',')[0]}"
            at = Position(removal.paths[0], 1, 1)
            yield Finding("generate/left-over", at, text, f"{_RUN}, or restore apps/{name}/mesh.yaml")
        elif name in result.created:
            text = f"application '{name}' was never generated, so nothing applies it"
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


def _app_of(path: str) -> str:
    """The application of a generated path; empty for other paths."""
    parts = path.split("/")
    if path.startswith(f"{OVERLAYS}/") and len(parts) > 2:
        return parts[2]
    in_wirings = len(parts) == 4 and parts[0] == "clusters" and parts[2] == "apps"
    return parts[3].removesuffix(".yaml") if in_wirings else ""


def _sort_key(change: FileChange) -> tuple[str, str]:
    return _app_of(change.path), change.path
