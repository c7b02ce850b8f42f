"""``meshwright promote``: brings what one cluster runs to another one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meshwright.bounded import UnixInGenerated
from meshwright.commands.candidates import clusters
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Force, Format, Preview, Repository, TemplateLocation, WriteConflicts
from meshwright.commands.staged import given_answers, report, staged_change, status
from meshwright.errors import ExitCode
from meshwright.printing import tell

cli = new_cli()


@cli.command(
    cls=UnixInGenerated,
    epilog=see_also(
        "clusters.md",
        "meshwright promote staging production --preview",
        "meshwright promote staging production",
        "meshwright promote staging production --only-template",
    ),
)
def promote(
    origin: Annotated[
        str, typer.Argument(metavar="FROM", autocompletion=clusters, help="Cluster that has the change.")
    ],
    cluster: Annotated[
        str, typer.Argument(metavar="TO", autocompletion=clusters, help="Cluster that gets it.")
    ],
    answers: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Change an answer of the cluster TO. Can be repeated."),
    ] = None,
    only_template: Annotated[
        bool,
        typer.Option("--only-template", help="Take only the template version, not the edits of FROM."),
    ] = False,
    preview: Preview = False,
    write_conflicts: WriteConflicts = False,
    force: Force = False,
    template: TemplateLocation = None,
    output: Format = "text",
    repository: Repository = Path(),
) -> ExitCode:
    """Bring the version and the edits of one cluster to another.

    Answers stay as they are. The change is staged for your commit, completely or not at all. The exit code is
    0 when done, 1 if the check finds new errors, 2 if it could not run, and 3 if there are conflicts.
    """
    # Imported here, so that the help comes without it.
    from meshwright.fleet.promoting import PromoteRequest
    from meshwright.fleet.promoting import promote as promoted
    from meshwright.fleet.promotions import trailer

    request = PromoteRequest(
        repository, origin, cluster, given_answers(answers or ()) or {}, only_template, template
    )
    with staged_change(
        repository,
        lambda scratch, renderer: promoted(request, scratch, renderer),
        preview=preview,
        force=force,
        write_conflicts=write_conflicts,
    ) as (result, written):
        report(result, output, written=written, preview=preview)
        if written and output == "text":
            tell(
                f"next: git commit --message 'Promote {origin} to {cluster}' "
                f"--trailer '{trailer(origin, result.merge.project.head[:12])}'\n"
            )
        return status(result)
