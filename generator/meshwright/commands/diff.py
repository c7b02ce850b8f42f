"""``meshwright diff``: compares what two revisions of a repository render."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meshwright.bounded import InRepository
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Charts, Repository
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.printing import emit, in_colour, tell
from meshwright.progress import working

if TYPE_CHECKING:
    from meshwright.difference import Difference

cli = new_cli()


@cli.command(
    cls=InRepository,
    epilog=see_also(
        "diff.md",
        "meshwright diff                 # the work tree with the last commit",
        "meshwright diff v1 v2",
        "meshwright diff origin/main --format markdown",
        "meshwright diff --clusters staging production",
    ),
)
def diff(
    old: Annotated[str, typer.Argument(metavar="[REV]", help="Revision to compare from.")] = "HEAD",
    new: Annotated[
        str, typer.Argument(metavar="[REV2]", help="Revision to compare to; by default the work tree.")
    ] = "",
    clusters: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Compare two clusters of the last commit; leave out what their answers explain.",
        ),
    ] = None,
    repository: Repository = Path(),
    output: Annotated[
        Literal["text", "markdown", "json"],
        typer.Option("--format", help="Output format; markdown suits a pull request comment."),
    ] = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if there are differences.")
    ] = False,
    charts: Charts = None,
) -> ExitCode:
    """Compare what two revisions, or two clusters, render.

    The differences are listed field by field. With --exit-code, the exit code is also 1 if something could
    not be compared.
    """
    # Imported here, so that the help comes without them.
    from meshwright.difference.comparison import compare_files
    from meshwright.difference.revision import Checkout, require_no_conflicts

    if clusters is not None:
        if (old, new) != ("HEAD", ""):
            raise MeshwrightError(f"{old}: leave it out: --clusters compares the last commit")
        old, new = clusters
        difference = _between_clusters(repository, old, new, charts)
        _print(difference, old, new, output)
        return ExitCode.FINDINGS if exit_code and not difference.is_same else ExitCode.CLEAN
    with working("reading"), Checkout.of(repository).files(old, new) as (before, after, changed):
        require_no_conflicts(after, changed)
        difference = compare_files(before, after, changed, charts)
    _print(difference, old, new, output)
    return ExitCode.FINDINGS if exit_code and not difference.is_same else ExitCode.CLEAN


def _between_clusters(path: Path, old: str, new: str, charts: Path | None) -> Difference:
    # Imported here, because only this kind of comparison renders the template.
    from meshwright.fleet.comparing import compare_clusters
    from meshwright.git.worktree import WorkTree
    from meshwright.update.rendering import Renderer

    with tempfile.TemporaryDirectory(prefix="meshwright-", ignore_cleanup_errors=True) as name:
        scratch = Path(name).resolve()
        with working("comparing"), Renderer(scratch, WorkTree.of(path).settings) as renderer:
            return compare_clusters(path, old, new, scratch, renderer, charts)


def _print(difference: Difference, old: str, new: str, output: str) -> None:
    # Only the format that is printed is imported.
    if output == "json":
        from meshwright.difference import json_output

        emit(json_output.render(difference, old, new))
    elif output == "markdown":
        from meshwright.difference import markdown

        tell(markdown.render(difference, old, new))
    else:
        from meshwright.difference import text

        tell(text.render(difference, colour=in_colour()), colour=in_colour())
