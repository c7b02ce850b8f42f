"""``meshwright app add``: looks at an application, proposes its mesh.yaml, and writes it on request."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.bounded import UnixInGenerated
from meshwright.commands.app.confirm import agreed, mesh_file_last, write_files
from meshwright.commands.app.tables import workloads_table
from meshwright.commands.candidates import new_applications
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Charts, Format, OneCluster, Repository
from meshwright.deadline import lift
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.printing import emit, remark, tell

if TYPE_CHECKING:
    from meshwright.commands.app.look import Look

cli = new_cli()
SCHEMA_VERSION = 1


class _NameMissing(typer.BadParameter):
    def format_message(self) -> str:
        return self.message


def _named(context: typer.Context, name: str | None) -> str | None:
    if name is None and not (context.params.get("every") or context.resilient_parsing):
        raise _NameMissing("missing argument 'NAME', or --all", context)
    return name


@cli.command(
    cls=UnixInGenerated,
    epilog=see_also(
        "apps.md",
        "meshwright app add shop",
        "meshwright app add shop --path services/shop --yes",
        "meshwright app add velero --chart https://charts.example.org/velero@1.2.3",
        "meshwright app add media --from apps/media/ks.yaml",
        "meshwright app add --all",
    ),
)
def add(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            autocompletion=new_applications,
            callback=_named,
            help="Name of the application; its folder is apps/NAME.",
        ),
    ] = None,
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
    every: Annotated[
        bool,
        # Eager: the callback of NAME reads it.
        typer.Option("--all", is_eager=True, help="Add every folder in apps/ that has no mesh.yaml."),
    ] = False,
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
    # Imported here, so that the help comes without them.
    from meshwright.commands.app.addall import add_all
    from meshwright.commands.app.look import look

    if every:
        if any((name, path, chart, taken_from, namespace)):
            raise MeshwrightError(
                "--all looks at every folder: leave out NAME, --path, --chart, --from, --namespace"
            )
        return add_all(repository, charts, cluster, output=output, yes=yes)
    if name is None:
        raise MeshwrightError("missing argument 'NAME', or --all")
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
            write_files(repository, found.files)
        emit(_json(found, written=yes))
        return ExitCode.CLEAN
    # With --quiet only what a question is about: --yes asks none.
    (remark if yes else tell)(_text(found))
    if not (yes or agreed(found.files)):
        return ExitCode.FINDINGS
    write_files(repository, found.files)
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
    for path in mesh_file_last(look.files):
        lines.append(f"\n{path}:\n\n")
        shown = look.files[path].splitlines()
        lines += [f"    {printable(line)}\n" if line else "\n" for line in shown]
    lines.append("\n")
    lines += [f"before you run generate: {printable(step)}\n" for step in look.proposal.before]
    return "".join(lines)


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
