"""``meshwright cluster add`` and ``remove``: change the clusters of a repository, and stage the change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.bounded import UnixInGenerated
from meshwright.commands.candidates import clusters
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Force, Repository, TemplateLocation
from meshwright.commands.staged import given_answers, staged_change
from meshwright.errors import ExitCode
from meshwright.printing import tell

if TYPE_CHECKING:
    from meshwright.update.merged import Merge
    from meshwright.update.rendering import Renderer

cli = new_cli()
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the cluster.")]
Preview = Annotated[bool, typer.Option("--preview", help="Show the changes and write nothing.")]


@cli.command(
    cls=UnixInGenerated,
    epilog=see_also(
        "clusters.md",
        "meshwright cluster add production --preview",
        "meshwright cluster add production --answers nodes=3",
        "meshwright cluster add edge --from staging --answers viz_host=",
    ),
)
def add(
    name: Name,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Copy version and answers of this cluster; by default the only one.",
        ),
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An answer that differs on the new cluster. Can be repeated."),
    ] = None,
    template: TemplateLocation = None,
    preview: Preview = False,
    force: Force = False,
    repository: Repository = Path(),
) -> ExitCode:
    """Add a cluster with the version and the answers of another one.

    Only new files are written, and staged for your commit. With the second cluster, the first one gets an
    answers file of its own. The exit code is 0 when done, 1 if the check finds new errors, and 2 if it could
    not run.
    """
    # Imported here, so that the help comes without it.
    from meshwright.fleet.adding import AddRequest
    from meshwright.fleet.adding import add as add_cluster

    request = AddRequest(repository, name, origin, given_answers(answers or ()) or {}, template)
    return _carry_out(
        repository,
        lambda scratch, renderer: add_cluster(request, scratch, renderer),
        preview=preview,
        force=force,
        then=f'next: commit and push, then follow "Bootstrap" in clusters/{name}/README.md\n',
    )


@cli.command(
    cls=UnixInGenerated,
    epilog=see_also("clusters.md", "meshwright cluster remove edge"),
)
def remove(
    name: Annotated[
        str, typer.Argument(metavar="NAME", autocompletion=clusters, help="Name of the cluster.")
    ],
    preview: Preview = False,
    force: Force = False,
    repository: Repository = Path(),
) -> ExitCode:
    """Remove the files of a cluster; nothing is uninstalled.

    The change is staged for your commit. The exit code is 0 when done, 1 if an application still names the
    cluster or the check finds new errors, and 2 if it could not run.
    """
    # Imported here, so that the help comes without it.
    from meshwright.fleet.removing import remove as remove_cluster

    return _carry_out(
        repository,
        lambda scratch, _: remove_cluster(repository, name, scratch),
        preview=preview,
        force=force,
        then="next: commit and push\n",
    )


def _carry_out(
    path: Path,
    make: Callable[[Path, Renderer], Merge],
    *,
    preview: bool,
    force: bool,
    then: str,
) -> ExitCode:
    """Make the change and show it; ``then`` is printed if it was written."""
    from meshwright.update import text

    with staged_change(path, make, preview=preview, force=force) as (result, written):
        tell(text.render(result, written=written, preview=preview))
        if written:
            tell(then)
        return ExitCode.FINDINGS if result.findings else ExitCode.CLEAN
