"""``meshwright app add``: looks at an application, proposes its mesh.yaml, and writes it on request."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.bounded import UnixInGenerated
from meshwright.commands.app.tables import workloads_table
from meshwright.commands.candidates import new_applications
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Charts, Format, OneCluster, Repository
from meshwright.deadline import lift
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.printing import emit, remark, tell, terminal

if TYPE_CHECKING:
    from meshwright.commands.app.look import Look

cli = new_cli()
SCHEMA_VERSION = 1


@cli.command(
    cls=UnixInGenerated,
    epilog=see_also(
        "apps.md",
        "meshwright app add shop",
        "meshwright app add shop --path services/shop --yes",
        "meshwright app add velero --chart https://charts.example.org/velero@1.2.3",
        "meshwright app add media --from apps/media/ks.yaml",
    ),
)
def add(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=new_applications,
            help="Name of the application; its folder is apps/NAME.",
        ),
    ],
    path: Annotated[
        str | None, typer.Option(metavar="PATH", help="Folder of its manifests; by default apps/NAME.")
    ] = None,
    chart: Annotated[
        str | None,
        typer.Option(metavar="URL/NAME@VERSION", help="A Helm chart instead of a folder of manifests."),
    ] = None,
    taken_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Take over the Flux Kustomization or Argo CD Application in this file.",
        ),
    ] = None,
    charts: Charts = None,
    namespace: Annotated[
        str | None, typer.Option(metavar="NAME", help="Namespace, if the manifests do not set one.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write the files without asking.")] = False,
    output: Format = "text",
    repository: Repository = Path(),
    cluster: OneCluster = None,
) -> ExitCode:
    """Inspect an application and propose its mesh.yaml.

    Shows whether each workload would be meshed, and why. The files are written after you confirm; the exit
    code is 1 if they were not.
    """
    # Imported here, so that the help comes without it.
    from meshwright.commands.app.look import look

    found = look(
        repository,
        name,
        path=path,
        chart=chart,
        charts=charts,
        namespace=namespace,
        cluster=cluster,
        taken_from=taken_from,
    )
    # The question may take any time, and writing is always completed.
    lift()
    if output == "json":
        if yes:
            _write(repository, found)
        emit(_json(found, written=yes))
        return ExitCode.CLEAN
    # With --quiet only what a question is about: --yes asks none.
    (remark if yes else tell)(_text(found))
    if not (yes or _agreed(found)):
        return ExitCode.FINDINGS
    _write(repository, found)
    remark("".join(f"wrote {path}\n" for path in sorted(found.files)))
    remark("next: meshwright generate\n")
    return ExitCode.CLEAN


def _text(look: Look) -> str:
    lines = [f"{printable(note)}\n" for note in look.notes]
    if look.statuses:
        lines.append("Current state:\n" + workloads_table(look.statuses))
    if look.remarks:
        lines.append("\n")
        for remark in look.remarks:
            said = f"{remark.position}: {remark.subject}: {remark.text}"
            lines.append(f"{printable(said)}\n")
            if remark.advice:
                lines.append(f"  -> {printable(remark.advice)}\n")
    for path, text in sorted(look.files.items(), key=lambda item: item[0].endswith("/mesh.yaml")):
        lines.append(f"\n{path}:\n\n")
        lines += [f"    {printable(line)}\n" if line else "\n" for line in text.splitlines()]
    lines.append("\n")
    lines += [f"before you run generate: {printable(step)}\n" for step in look.proposal.before]
    return "".join(lines)


def _agreed(look: Look) -> bool:
    files = ", ".join(sorted(look.files))
    if not (sys.stdin.isatty() and terminal()):
        tell(f"not written ({files}): there is no terminal to ask on; run the command again with --yes\n")
        return False
    question = f"Write {files}? Answer y or n: "
    while True:
        try:
            answer = input(question).strip().lower()
        except EOFError:
            answer = "n"
        if answer in ("y", "yes"):
            return True
        if answer in ("n", "no"):
            tell("nothing is written\n")
            return False


def _write(root: Path, look: Look) -> None:
    """Write mesh.yaml last: without it, the other files are not an application."""
    from meshwright.apps.writer import locked
    from meshwright.writing import Tree

    files = sorted(look.files.items(), key=lambda item: item[0].endswith("/mesh.yaml"))
    with locked(root):
        try:
            Tree(root).add({path: text.encode() for path, text in files})
        except OSError as error:
            raise MeshwrightError(f"{error.filename}: {error.strerror}; nothing is written") from None


def _json(look: Look, *, written: bool) -> str:
    data = {
        "schema_version": SCHEMA_VERSION,
        "name": look.name,
        "workloads": [asdict(status) for status in look.statuses],
        "remarks": [
            {
                "subject": item.subject,
                "text": item.text,
                "advice": item.advice,
                "position": str(item.position),
            }
            for item in look.remarks
        ],
        "notes": look.notes,
        "proposal": look.proposal.data,
        "before": look.proposal.before,
        "files": sorted(look.files),
        "written": written,
    }
    return json_text(data) + "\n"
