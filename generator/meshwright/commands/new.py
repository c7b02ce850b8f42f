"""``meshwright new``: creates a repository from the template in this package, or from another one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.bounded import UnixBounded
from meshwright.commands.group import new_cli, see_also
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import printable
from meshwright.printing import complain, in_colour, note, quiet, remark, tell
from meshwright.words import plural

if TYPE_CHECKING:
    from meshwright.bootstrap.creation import Created

cli = new_cli()
_NOTHING_WRITTEN = "stopped; nothing is written"


@cli.command(
    cls=UnixBounded,
    epilog=see_also(
        "new.md",
        "meshwright new my-cluster",
        "meshwright new my-cluster --defaults -d engine=argocd -d nodes=3",
    ),
)
def new(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="[FOLDER]", help="Folder to create; by default the current one.", show_default=False
        ),
    ] = Path(),
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: take the default where no answer is given.")
    ] = False,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", "-d", metavar="KEY=VALUE", help="Give an answer. Can be repeated."),
    ] = None,
    data_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML file with answers; -d takes precedence.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(metavar="URL|PATH", help="Use this template instead of this release's own.")
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Version of --template; by default the newest release."),
    ] = None,
    git: Annotated[
        bool | None,
        typer.Option("--git/--no-git", help="Run git init and commit; by default, asks in a terminal."),
    ] = None,
    check: Annotated[bool, typer.Option(help="Check the new repository.")] = True,
) -> ExitCode:
    """Create a repository: ask, render, commit and check.

    Nothing is written before all questions are answered. The exit code is 0 when done, 1 if the check finds
    errors, and 2 if nothing was written.
    """
    # Imported here, so that the help comes without them.
    from meshwright.bootstrap.creation import Request, create

    try:
        created = create(Request(folder, template, ref, defaults, tuple(data or ()), data_file))
    except KeyboardInterrupt:
        complain(f"meshwright: {_NOTHING_WRITTEN}\n")
        raise
    except EOFError:
        raise MeshwrightError(_NOTHING_WRITTEN) from None
    remark(f"wrote {plural(created.files, 'file')} into {printable(created.place.name)}\n")
    if created.note:
        note(created.note)
    committed = _commit(created, git)
    check = check and created.is_own
    status = _check(created.place.target) if check else ExitCode.CLEAN
    remark(_next_steps(created, committed=committed, checked=check))
    return status


def _commit(created: Created, wanted: bool | None) -> bool:
    """Whether everything is committed now."""
    from meshwright.bootstrap.prompts import can_ask, yes_no
    from meshwright.bootstrap.repository import commit_all, surrounding_checkout

    if wanted is False or (wanted is None and not created.interactive):
        return False
    target = created.place.target
    if not created.place.has_git and (top := surrounding_checkout(target)):
        remark(f"not committed: it is part of the checkout {printable(str(top))}; commit it there\n")
        return False
    words = "Commit everything?" if created.place.has_git else "Run git init and make a first commit?"
    try:
        if wanted is None and not (can_ask() and yes_no(words, default=True)):
            return False
        commit = commit_all(target, created.branch)
    except EOFError:
        return False
    except MeshwrightError as error:
        complain(f"meshwright: not committed: {error}\n")
        return False
    remark(f"committed everything as {commit}\n")
    return True


def _check(target: Path) -> ExitCode:
    from meshwright.check import check_repository
    from meshwright.check.output import text
    from meshwright.progress import working

    try:
        with working("checking"):
            report = check_repository(target, partial=True)
    except MeshwrightError as error:
        complain(f"meshwright: not checked: {error}\n")
        return ExitCode.CLEAN
    if not quiet():
        tell(f"check: {text.render(report, colour=in_colour(), source=target)}", colour=in_colour())
    elif report.findings:
        tell(text.render(report, colour=in_colour(), source=target, brief=True), colour=in_colour())
    return report.exit_code


def _next_steps(created: Created, *, committed: bool, checked: bool) -> str:
    """Three steps, shorter by what has been done."""
    place = created.place
    enter = "" if place.target == Path.cwd() else f"cd {shlex.quote(place.name)} && "
    steps = [f"{enter}{_publish(created, committed=committed)}"]
    if not checked:
        steps.append("meshwright check")
    readme = f"clusters/{created.cluster}/README.md" if created.cluster else "README.md"
    steps.append(f'follow "Bootstrap" in {readme} to start it on the cluster')
    if created.is_own and checked:
        steps.append("meshwright app add NAME, for each application of your own")
    lines = "".join(f"  {number}. {printable(step)}\n" for number, step in enumerate(steps, 1))
    return f"\nNext:\n{lines}"


def _publish(created: Created, *, committed: bool) -> str:
    """How the files get to the URL that the cluster reads."""
    from meshwright.bootstrap.repository import surrounding_checkout

    has_git = created.place.has_git
    if not has_git and surrounding_checkout(created.place.target):
        return "git add --all . && git commit && git push"
    init = "" if committed or has_git else "git init && "
    commit = "" if committed else f"{init}git add --all && git commit && "
    push = f"git push -u origin {created.branch}"
    if has_git:
        return f"{commit}{push}"
    return f"{commit}git remote add origin {shlex.quote(created.url or 'URL')} && {push}"
