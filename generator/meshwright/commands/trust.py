"""``meshwright trust``: what ends when; ``meshwright trust rotate``: the stages of a new anchor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshwright.check.model.index import Model
from meshwright.check.pipeline import read_model
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.faults import ID as INTERNAL
from meshwright.inert import printable
from meshwright.printing import emit, in_colour, tell
from meshwright.progress import working
from meshwright.trust.chain import Chain, read_chains
from meshwright.trust.rotation import Refusal, Rotation, read_rotation
from meshwright.trust.stageguide import StageGuide, lesson
from meshwright.trust.stages import Staged, stage
from meshwright.unified import unified


@dataclass(frozen=True)
class _Plan:
    """What a stage does here; ``staged`` is None when the files are there already."""

    rotation: Rotation
    staged: Staged | None
    lesson: StageGuide | None
    before: dict[str, str]


def show(path: Path, certificates: Sequence[Path], output: str) -> ExitCode:
    """Print what the repository asks for and what the files hold. Raises MeshwrightError."""
    from meshwright.trust.formats import render_json, render_text
    from meshwright.trust.report import read_trust

    with working("reading"):
        report = read_trust(path, certificates)
    if output == "json":
        emit(render_json(report))
    else:
        tell(render_text(report, colour=in_colour()), colour=in_colour())
    return report.exit_code


def rotate(path: Path, wanted: int, cluster: str, *, preview: bool) -> ExitCode:
    """Write the files of a stage, or show them. Raises MeshwrightError when the stage would cut the mesh."""
    with working("reading"), read_model(path) as model:
        plan = _plan(model, wanted, cluster)
        root = model.files.root
    if plan.staged is None or plan.lesson is None:
        tell(f"stage {wanted}: nothing to do: {printable(_standing(plan.rotation))}\n")
        return ExitCode.CLEAN
    changes = plan.staged.changes
    if not preview:
        dirty = _uncommitted(root, [*changes, *plan.staged.stands_on])
        if dirty:
            raise MeshwrightError(
                f"stage {wanted}: {', '.join(dirty)}: not committed, and a stage stands on the commit "
                "of the one before; commit or stash it"
            )
        _write(root, changes)
    for name, text in changes.items():
        lines = unified(name, plan.before.get(name), text, colour=in_colour(), around=2)
        tell("".join(lines), colour=in_colour())
    tell("".join(f"{printable(line)}\n" for line in ("", *plan.lesson.lines(), "")))
    written = f"written: {', '.join(map(printable, changes))}; review, commit, push"
    tell("nothing is written: --preview\n" if preview else f"{written}\n")
    return ExitCode.CLEAN


def _uncommitted(root: Path, paths: Sequence[str]) -> list[str]:
    from meshwright.git.changes import uncommitted
    from meshwright.git.checkout import NotACheckout
    from meshwright.git.worktree import WorkTree

    try:
        return [printable(path) for path in uncommitted(WorkTree.of(root), paths)]
    except NotACheckout:
        raise MeshwrightError(
            f"{root}: not in a Git repository; git init, and commit what is there first: "
            "each stage is to be a commit of its own"
        ) from None


def _plan(model: Model, wanted: int, cluster: str) -> _Plan:
    from meshwright.trust.dryrun import try_out

    for finding in model.repository.findings:
        if finding.id == INTERNAL:
            raise MeshwrightError(
                f"stage {wanted}: not all can be seen: {finding.position}: {finding.message}"
            )
    rotation = read_rotation(model, _chosen(read_chains(model), model, cluster))
    if isinstance(rotation, Refusal):
        raise MeshwrightError(f"stage {wanted}: {rotation.reason}")
    staged = stage(model, rotation, wanted)
    if staged is None:
        return _Plan(rotation, None, None, {})
    try_out(model, rotation.chain.cluster, staged)
    before = {path: model.files.text(path) for path in staged.changes if model.files.is_listed(path)}
    return _Plan(rotation, staged, lesson(model, rotation, wanted, staged.old, staged.new), before)


def _chosen(chains: Sequence[Chain], model: Model, cluster: str) -> Chain:
    known = [chain.cluster for chain in chains]
    found = [chain for chain in chains if cluster in ("", chain.cluster, chain.cluster.rpartition("/")[2])]
    if not chains:
        raise MeshwrightError(
            f"{model.files.root}: nothing of Linkerd's trust is here, so there is no anchor to replace"
        )
    if not found:
        raise MeshwrightError(f"no cluster is called '{cluster}'; there are {', '.join(known)}")
    if len(found) > 1:
        raise MeshwrightError(
            f"the clusters {' and '.join(known)} have a trust each; name one with --cluster"
        )
    return found[0]


def _standing(rotation: Rotation) -> str:
    old, new = rotation.old.certificate.title, rotation.new
    if new is None:
        return f"the Bundle distributes {old} alone, and the identity issuer is signed below it"
    return f"from {old} to {new.certificate.title}, stage {rotation.stage} is in the files already"


def _write(root: Path, changes: Mapping[str, str | None]) -> None:
    from meshwright.apps.writer import Output, locked

    with locked(root) as alone:
        output = Output(root)
        output.clear(alone=alone)
        try:
            output.commit([output.stage_files(changes)])
        finally:
            output.clean()
