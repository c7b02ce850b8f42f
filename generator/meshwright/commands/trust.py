"""``meshwright trust``: shows the mesh's certificates, and rotates the trust anchor in four stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meshwright.bounded import InRepository, UnixInRepository
from meshwright.commands.group import Group, new_cli, see_also
from meshwright.commands.options import Exactly, Format
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import printable
from meshwright.printing import emit, in_colour, tell
from meshwright.progress import working

if TYPE_CHECKING:
    from meshwright.check.model.index import Model
    from meshwright.trust.chain import Chain
    from meshwright.trust.rotation import Rotation
    from meshwright.trust.stageguide import StageGuide
    from meshwright.trust.stages import Staged


class _ShowByDefault(Group):
    """A group whose first word may be an argument of ``show``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert ``show`` unless a command or --help is given."""
        # While words are completed, no argument means that the command's name is being written.
        if not (ctx.resilient_parsing if not args else args[0] in {*self.commands, "-h", "--help"}):
            args = ["show", *args]
        return super().parse_args(ctx, args)


cli = new_cli(
    cls=_ShowByDefault,
    subcommand_metavar="[COMMAND] [ARGS]...",
    help="""Inspect the mesh's certificates and rotate the trust anchor.

    `trust [PATH]` is short for `trust show [PATH]`.
    """,
    epilog=see_also("trust.md", "meshwright trust", "meshwright trust rotate --stage 1 --preview"),
)


@dataclass(frozen=True)
class _Plan:
    """What a stage does in this repository; ``staged`` is None if it is already done."""

    rotation: Rotation
    staged: Staged | None
    guide: StageGuide | None
    before: dict[str, str]


@cli.command(
    cls=InRepository,
    epilog=see_also(
        "trust.md",
        "meshwright trust show",
        "meshwright trust show --certificate ca.crt",
    ),
)
def show(
    path: Exactly = Path(),
    certificate: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A file with more public certificates: PEM, or a manifest with PEM. Can be repeated.",
        ),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The trust anchors in use: ConfigMap linkerd-identity-trust-roots as kubectl prints it, or "
            "its PEM.",
        ),
    ] = None,
    output: Format = "text",
) -> ExitCode:
    """Show when each certificate of the mesh expires.

    Each is listed with the components that read it, followed by what to do by which day. The exit code is 1
    if one has expired, would be rejected or does not lead to a trust anchor.
    """
    # Imported here, so that the help comes without them.
    from meshwright.trust.formats import render_json, render_text
    from meshwright.trust.report import read_trust

    with working("reading"):
        report = read_trust(path, certificate or (), bundle=bundle)
    if output == "json":
        emit(render_json(report))
    else:
        tell(render_text(report, colour=in_colour()), colour=in_colour())
    return report.exit_code


@cli.command(
    cls=UnixInRepository,
    epilog=see_also(
        "trust.md",
        "meshwright trust rotate --stage 1 --preview",
        "meshwright trust rotate --stage 1",
    ),
)
def rotate(
    stage: Annotated[
        int,
        typer.Option(
            min=1,
            max=4,
            metavar="NUMBER",
            help="1: trust both anchors; 2: restart; 3: sign with the new anchor; 4: remove the old one.",
        ),
    ],
    path: Exactly = Path(),
    preview: Annotated[bool, typer.Option("--preview", help="Show the changes and write nothing.")] = False,
    cluster: Annotated[str, typer.Option(metavar="NAME", help="Cluster, if there are several.")] = "",
) -> ExitCode:
    """Rotate the trust anchor in four commits.

    Each run writes the files of one stage and prints what to wait for before the next.
    """
    # Imported here, so that the help comes without them.
    from meshwright.check.pipeline import read_model
    from meshwright.unified import unified

    with working("reading"), read_model(path) as model:
        plan = _plan(model, stage, cluster)
        root = model.files.root
    if plan.staged is None or plan.guide is None:
        tell(f"stage {stage}: nothing to do: {printable(_current_state(plan.rotation))}\n")
        return ExitCode.CLEAN
    changes = plan.staged.changes
    if not preview:
        dirty = _uncommitted(root, [*changes, *plan.staged.depends_on])
        if dirty:
            raise MeshwrightError(
                f"stage {stage}: {', '.join(dirty)}: not committed; commit or stash it first, because "
                "a stage builds on the commit of the previous one"
            )
        _write(root, changes)
    for name, text in changes.items():
        lines = unified(name, plan.before.get(name), text, colour=in_colour(), around=2)
        tell("".join(lines), colour=in_colour())
    tell("".join(f"{printable(line)}\n" for line in ("", *plan.guide.lines(), "")))
    written = f"written: {', '.join(map(printable, changes))}; review, commit and push"
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
            f"{root}: not in a Git repository; run git init and commit the files first, because "
            "each stage is a separate commit"
        ) from None


def _plan(model: Model, wanted: int, cluster: str) -> _Plan:
    from meshwright.faults import ID
    from meshwright.trust.chain import read_chains
    from meshwright.trust.dryrun import dry_run
    from meshwright.trust.rotation import Refusal, read_rotation
    from meshwright.trust.stageguide import guide_for
    from meshwright.trust.stages import stage

    for finding in model.repository.findings:
        if finding.id == ID:
            raise MeshwrightError(
                f"stage {wanted}: the repository cannot be read completely: "
                f"{finding.position}: {finding.message}"
            )
    rotation = read_rotation(model, _chosen(read_chains(model), model, cluster))
    if isinstance(rotation, Refusal):
        raise MeshwrightError(f"stage {wanted}: {rotation.reason}")
    staged = stage(model, rotation, wanted)
    if staged is None:
        return _Plan(rotation, None, None, {})
    dry_run(model, rotation.chain.cluster, staged)
    before = {path: model.files.text(path) for path in staged.changes if model.files.is_listed(path)}
    return _Plan(rotation, staged, guide_for(model, rotation, wanted, staged.old, staged.new), before)


def _chosen(chains: Sequence[Chain], model: Model, cluster: str) -> Chain:
    known = [chain.cluster for chain in chains]
    found = [chain for chain in chains if cluster in ("", chain.cluster, chain.cluster.rpartition("/")[2])]
    if not chains:
        raise MeshwrightError(
            f"{model.files.root}: no part of Linkerd's trust was found, so there is no anchor to rotate"
        )
    if not found:
        raise MeshwrightError(f"there is no cluster '{cluster}'; the clusters are {', '.join(known)}")
    if len(found) > 1:
        raise MeshwrightError(
            f"the clusters {' and '.join(known)} have separate trust anchors; select one with --cluster"
        )
    return found[0]


def _current_state(rotation: Rotation) -> str:
    old, new = rotation.old.certificate.title, rotation.new
    if new is None:
        return f"the Bundle distributes only {old}, and the identity issuer is signed by it"
    return f"the files already contain stage {rotation.stage}, from {old} to {new.certificate.title}"


def _write(root: Path, changes: Mapping[str, str | None]) -> None:
    from meshwright.apps.writer import Output, locked

    with locked(root) as alone:
        output = Output(root)
        output.clear(alone=alone)
        try:
            output.commit([output.stage_files(changes)])
        finally:
            output.clean()
