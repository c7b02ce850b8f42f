"""``meshwright update``: merges a newer version of the template, or other answers, into a repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.bounded import UnixInGenerated
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Force, Format, Preview, Root, TemplateLocation, WriteConflicts
from meshwright.commands.staged import given_answers, report, staged_change, status
from meshwright.errors import ExitCode
from meshwright.progress import say

if TYPE_CHECKING:
    from meshwright.update.merged import Merge
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
    preview: Preview = False,
    write_conflicts: WriteConflicts = False,
    force: Force = False,
    check: Annotated[bool, typer.Option(help="Check the result before it is written.")] = True,
    template: TemplateLocation = None,
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
