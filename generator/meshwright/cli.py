"""The command line: parses, calls one command, turns a user's mistake into one line and an exit code."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from meshwright import __version__
from meshwright.bounded import Bounded, UnixBounded
from meshwright.ending import CouldNot, end, fail
from meshwright.printing import prepare


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Run a command; the parser takes some OSErrors for its own and ends with 1, which means findings."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            raise CouldNot from error


app = typer.Typer(
    name="meshwright",
    cls=_Commands,
    help="Generate, check and upgrade a GitOps repository for the Linkerd service mesh.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


class OutputFormat(StrEnum):
    """How a command prints its result."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """How a check prints its report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


class DifferenceFormat(StrEnum):
    """How a difference is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


class SeverityChoice(StrEnum):
    """The least severity that is shown."""

    WARNING = "warning"
    ERROR = "error"


_Format = Annotated[OutputFormat, typer.Option("--format", help="text for people, json for machines.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"meshwright {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


# Commands import their module when they run: the start of the program stays fast.


@app.command(cls=Bounded)
def check(
    path: Annotated[Path, typer.Argument(help="The repository to check.")] = Path(),
    output: Annotated[
        ReportFormat, typer.Option("--format", help="text for people, the others for machines.")
    ] = ReportFormat.TEXT,
    select: Annotated[
        list[str] | None, typer.Option(help="Only findings whose id begins so, such as MW3 or values.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="No findings whose id begins so.")] = None,
    severity: Annotated[
        SeverityChoice, typer.Option(help="The least that is shown.")
    ] = SeverityChoice.WARNING,
    changed_since: Annotated[
        str, typer.Option(metavar="REV", help="Only findings in files that differ from this Git revision.")
    ] = "",
    kubernetes: Annotated[
        str | None, typer.Option(help="Kubernetes minor to validate against, such as 1.35.")
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Folder of charts to render for Argo CD; none is ever downloaded.")
    ] = None,
    baseline: Annotated[
        bool, typer.Option(help="Leave out what .meshwright-baseline.json knows already.")
    ] = True,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write the findings of today into that file.")
    ] = False,
    order: Annotated[
        bool, typer.Option("--order", help="Show in which order everything comes up, and why.")
    ] = False,
    cache: Annotated[
        bool, typer.Option(help="Give the last report again when nothing has changed since.")
    ] = True,
) -> None:
    """Build and validate everything in a repository, offline: exit 0 clean, 1 findings, 2 could not run."""
    from meshwright.commands import check as command

    options = command.CheckOptions(
        output=output.value,
        kubernetes=kubernetes,
        remember=cache,
        charts=charts,
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
        severity=severity.value,
        since=changed_since,
        baseline=baseline,
        write_baseline=write_baseline,
        order=order,
    )
    raise typer.Exit(command.run(path, options))


@app.command(cls=Bounded)
def explain(
    subject: Annotated[
        list[str],
        typer.Argument(help="A rule, such as MW004; or two names: the one that waits, and for whom."),
    ],
    repository: Annotated[
        Path, typer.Option("--repository", "-C", help="The repository, for two names.")
    ] = Path(),
) -> None:
    """Explain a rule, or why one Kustomization, Application or HelmRelease waits for another."""
    from meshwright.commands import explain as command

    raise typer.Exit(command.run(subject, repository))


@app.command(cls=Bounded)
def diff(
    old: Annotated[str, typer.Argument(metavar="[REV]", help="The revision to compare from.")] = "HEAD",
    new: Annotated[
        str, typer.Argument(metavar="[REV2]", help="The revision to compare to; the work tree without one.")
    ] = "",
    repository: Annotated[Path, typer.Option("--repository", "-C", help="The repository.")] = Path(),
    output: Annotated[
        DifferenceFormat,
        typer.Option("--format", help="text for people, markdown for a pull request, json for machines."),
    ] = DifferenceFormat.TEXT,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 unless everything is the same.")
    ] = False,
    charts: Annotated[
        Path | None, typer.Option(help="Folder of charts to render for Argo CD; none is ever downloaded.")
    ] = None,
) -> None:
    """Show what differs in what is rendered, by object and field: exit 0 done, 2 could not run."""
    from meshwright.commands import diff as command

    request = command.DiffRequest(old, new, output.value, exit_code, charts)
    raise typer.Exit(command.run(repository, request))


@app.command()
def tools(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; all when none is named.")] = None,
    output: _Format = OutputFormat.TEXT,
    install: Annotated[bool, typer.Option("--install", help="Fetch or build what is missing.")] = False,
) -> None:
    """List kustomize, kubeconform and helm: which version, and where each came from."""
    from meshwright.commands import tools as command

    raise typer.Exit(command.run(output.value, install=install, names=names or ()))


@app.command(cls=UnixBounded)
def generate(
    path: Annotated[Path, typer.Argument(help="The repository.")] = Path(),
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 and show a diff when output is stale.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite generated files edited by hand.")] = False,
    cache: Annotated[bool, typer.Option(help="Skip the work when nothing has changed since.")] = True,
) -> None:
    """Write each application's overlay and wiring from its mesh.yaml: exit 0 done, 1 findings or stale."""
    from meshwright.commands import generate as command

    raise typer.Exit(command.run(path, check=check_only, force=force, remember=cache))


@app.command(cls=UnixBounded)
def update(
    path: Annotated[Path, typer.Argument(help="The repository.")] = Path(),
    to: Annotated[
        str | None, typer.Option(metavar="REF", help="A version of the template; by default the newest.")
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Change an answer; without --to the version stays."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what would change and in which order; write nothing.")
    ] = False,
    write_conflicts: Annotated[
        bool, typer.Option("--write-conflicts", help="Write conflicts into the files, as git merge does.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Take the result although the check finds new errors in it.")
    ] = False,
    check_result: Annotated[bool, typer.Option("--check/--no-check", help="Check the result first.")] = True,
    template: Annotated[
        str | None, typer.Option(help="Where the template is this time; what is recorded stays.")
    ] = None,
    answers_file: Annotated[str, typer.Option(help="Its name in the repository.")] = ".copier-answers.yml",
    output: _Format = OutputFormat.TEXT,
) -> None:
    """Bring a newer version of the template in, your edits kept: exit 0 done, 1 findings, 3 conflicts."""
    from meshwright.commands import update as command

    options = command.UpdateOptions(
        to=to,
        answers=tuple(answers or ()),
        preview=preview,
        write_conflicts=write_conflicts,
        force=force,
        check=check_result,
        template=template,
        answers_file=answers_file,
        output=output.value,
    )
    raise typer.Exit(command.run(path, options))


apps = typer.Typer(help="Applications: add one to the mesh, list them, show one.", no_args_is_help=True)
app.add_typer(apps, name="app")
_Repository = Annotated[Path, typer.Option("--repository", "-C", help="The repository.")]


@apps.command("add", cls=UnixBounded)
def app_add(
    name: Annotated[str, typer.Argument(help="Its name; its folder will be apps/NAME.")],
    path: Annotated[str | None, typer.Option(help="Folder of its manifests; by default apps/NAME.")] = None,
    chart: Annotated[
        str | None, typer.Option(help="A Helm chart instead: REPOSITORY-URL/NAME@VERSION.")
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Folder of charts to render; none is ever downloaded.")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="Its namespace, where the manifests name none.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    output: _Format = OutputFormat.TEXT,
    repository: _Repository = Path(),
) -> None:
    """Look at an application, say what the injector would do with its workloads, and propose a mesh.yaml."""
    from meshwright.commands import app as command

    request = command.AddRequest(name, path, chart, charts, namespace, yes, output.value)
    raise typer.Exit(command.add(repository, request))


@apps.command("list", cls=Bounded)
def app_list(output: _Format = OutputFormat.TEXT, repository: _Repository = Path()) -> None:
    """List the applications: namespace, mode, workloads, and whether each is meshed and why not."""
    from meshwright.commands import app as command

    raise typer.Exit(command.list_apps(repository, output.value))


@apps.command("show", cls=Bounded)
def app_show(
    name: Annotated[str, typer.Argument(help="Its name.")],
    output: _Format = OutputFormat.TEXT,
    repository: _Repository = Path(),
) -> None:
    """Show one application: each workload, what the injector does with it, what it waits for."""
    from meshwright.commands import app as command

    raise typer.Exit(command.show(repository, name, output.value))


class _WithDefault(TyperGroup):
    """A group whose first word may be an argument: then it is meant for ``show``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


trusts = typer.Typer(
    help="Certificates: what ends when, and the stages of a new trust anchor. The word show may be left out: "
    "meshwright trust [PATH] [--certificate FILE].",
    cls=_WithDefault,
)
app.add_typer(trusts, name="trust")


@trusts.command("show", cls=Bounded)
def trust_show(
    path: Annotated[Path, typer.Argument(help="The repository.")] = Path(),
    certificate: Annotated[
        list[Path] | None,
        typer.Option(help="Public certificates too: PEM, or a manifest that holds PEM; may be repeated."),
    ] = None,
    output: _Format = OutputFormat.TEXT,
) -> None:
    """Say how long each certificate of the mesh lives, who reads it, what ends first: exit 1 for a fault."""
    from meshwright.commands import trust as command

    raise typer.Exit(command.show(path, certificate or (), output.value))


@trusts.command("rotate", cls=UnixBounded)
def trust_rotate(
    stage: Annotated[
        int,
        typer.Option(
            min=1, max=4, help="1 trust both, 2 restart, 3 sign with the new one, 4 drop the old one."
        ),
    ],
    path: Annotated[Path, typer.Argument(help="The repository.")] = Path(),
    preview: Annotated[bool, typer.Option("--preview", help="Show it and write nothing.")] = False,
    cluster: Annotated[str, typer.Option(help="Which one, where the repository has several.")] = "",
) -> None:
    """Replace the trust anchor, a commit a stage: writes the files and says what to wait for."""
    from meshwright.commands import trust as command

    raise typer.Exit(command.rotate(path, stage, cluster, preview=preview))


def main() -> None:
    """Entry point of the console script; what goes wrong ends as one line on stderr and exit code 2."""
    try:
        prepare()
        app()
    except SystemExit as ended:
        end(ended.code)
    except BaseException as error:
        fail(error)
