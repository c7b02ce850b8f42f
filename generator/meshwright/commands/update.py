"""``meshwright update``: merges a newer version of the template, or other answers, into a repository."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.bounded import UnixInGenerated
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Format, Root
from meshwright.commands.staged import staged_change
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.printing import emit, quiet, tell
from meshwright.progress import say

if TYPE_CHECKING:
    from meshwright.update.merged import Merge
    from meshwright.update.outcome import Result
    from meshwright.update.rendering import Renderer

cli = new_cli()


@cli.command(
    cls=UnixInGenerated,
    epilog=see_also(
        "update.md",
        "meshwright update --preview",
        "meshwright update",
        "meshwright update --answers nodes=3",
    ),
)
def update(
    path: Root = Path(),
    to: Annotated[
        str | None, typer.Option(metavar="REF", help="Template version; by default the newest.")
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Change an answer; without --to, the template version stays. Can be repeated.",
        ),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show the changes in rollout order and write nothing.")
    ] = False,
    write_conflicts: Annotated[
        bool, typer.Option("--write-conflicts", help="Write conflicts into the files, as git merge does.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write the result even if the check finds new errors in it.")
    ] = False,
    check: Annotated[bool, typer.Option(help="Check the result before it is written.")] = True,
    template: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Use this template location once; the recorded one stays."),
    ] = None,
    answers_file: Annotated[
        str, typer.Option(metavar="FILE", help="Answers file, relative to the repository.")
    ] = ".copier-answers.yml",
    cluster: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Update this cluster; by default the repository's own files."),
    ] = None,
    output: Format = "text",
) -> ExitCode:
    """Update to a newer template version and keep your edits.

    The exit code is 0 when done, 1 if the check finds new errors, 2 if the update could not run, and 3 if
    there are conflicts.
    """
    # Imported here, so that the help comes without it.
    from meshwright.update.preparation import UpdateRequest, prepare

    request = UpdateRequest(path, to, given_answers(answers or ()), template, answers_file, cluster)

    def merged(scratch: Path, renderer: Renderer) -> Merge:
        say("merging")
        return prepare(request, scratch, renderer)

    with staged_change(
        path, merged, preview=preview, force=force, write_conflicts=write_conflicts, check=check
    ) as (result, written):
        report(result, output, written=written, preview=preview)
        return status(result)


def given_answers(pairs: Sequence[str]) -> dict[str, str] | None:
    """Answers by question; as on Copier's command line, the question's type decides how a value is read."""
    for pair in pairs:
        if not pair.partition("=")[0].strip() or "=" not in pair:
            raise MeshwrightError(f"--answers {pair}: write KEY=VALUE, such as --answers nodes=3")
    return {key.strip(): value for key, _, value in (pair.partition("=") for pair in pairs)} or None


def status(result: Result) -> ExitCode:
    """The exit code of a result."""
    if result.merge.conflicts:
        return ExitCode.CONFLICTS
    return ExitCode.FINDINGS if result.findings else ExitCode.CLEAN


def report(result: Result, output: str, *, written: bool, preview: bool) -> None:
    """Print a result in a format."""
    # Only the format that is printed is imported.
    if output == "json":
        from meshwright.update import json_output

        emit(json_output.render(result, written=written, preview=preview))
    else:
        from meshwright.update import text

        if not (quiet() and status(result) is ExitCode.CLEAN):
            tell(text.render(result, written=written, preview=preview))
