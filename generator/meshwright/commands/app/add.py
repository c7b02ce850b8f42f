"""``meshwright app add``: looks at an application, proposes its mesh.yaml, and writes it when asked to."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from meshwright.apps.base import read_bases
from meshwright.apps.inspection.chartapps import Chart, base_files, read_chart, render_chart
from meshwright.apps.inspection.gathering import gather
from meshwright.apps.inspection.proposal import Proposal, propose
from meshwright.apps.inspection.remarks import Remark, remarks
from meshwright.apps.inspection.status import WorkloadStatus, plain_statuses
from meshwright.apps.model import AppsContext, Base
from meshwright.apps.names import name_problem
from meshwright.apps.overlay.patchtargets import helm_findings
from meshwright.apps.writer import locked
from meshwright.commands.app.tables import workloads_table
from meshwright.deadline import lift
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.printing import emit, tell, terminal
from meshwright.writing import Tree

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class AddRequest:
    """What the command line asks for; ``path`` and ``chart`` exclude each other.

    ``chart`` is URL/NAME@VERSION, ``charts`` a folder of charts, ``output`` text or json.
    """

    name: str
    path: str | None = None
    chart: str | None = None
    charts: Path | None = None
    namespace: str | None = None
    yes: bool = False
    output: str = "text"


@dataclass(frozen=True)
class _Look:
    request: AddRequest
    statuses: list[WorkloadStatus]
    remarks: list[Remark]
    proposal: Proposal
    files: dict[str, str]
    notes: list[str]


def add(root: Path, request: AddRequest) -> ExitCode:
    """Look, show, and write after a question or with ``yes``; exit 1 when nothing was written.

    Raises MeshwrightError when there is nothing to look at, or a file stands in the way.
    """
    context, _ = gather(root)
    _refuse(root, request, context)
    look = _look(root, request, context)
    # A person may think as long as he likes, and what is written is written to its end.
    lift()
    if request.output == "json":
        if request.yes:
            _write(root, look)
        emit(_json(look, written=request.yes))
        return ExitCode.CLEAN
    tell(_text(look))
    if not (request.yes or _agreed(look)):
        return ExitCode.FINDINGS
    _write(root, look)
    tell("".join(f"wrote {path}\n" for path in sorted(look.files)))
    tell("next: meshwright generate\n")
    return ExitCode.CLEAN


def _refuse(root: Path, request: AddRequest, context: AppsContext) -> None:
    if problem := name_problem(request.name, context.settings.layers):
        raise MeshwrightError(f"'{request.name}' cannot be an application's name: {problem}")
    spec = root / "apps" / request.name / "mesh.yaml"
    if spec.exists() or spec.is_symlink():
        raise MeshwrightError(f"{spec}: there already; `meshwright app show {request.name}` shows it")
    if request.path is not None and request.chart is not None:
        raise MeshwrightError("--path and --chart exclude each other: an application is a folder or a chart")


def _look(root: Path, request: AddRequest, context: AppsContext) -> _Look:
    settings = context.settings
    made = frozenset(context.namespace_makers)
    if request.chart is not None:
        return _look_at_chart(root, request, context, read_chart(request.chart), made)
    path = (request.path or f"apps/{request.name}").strip("/")
    path = path.removeprefix("./")
    if not (root / path).is_dir():
        where = "" if request.path else "; name its folder with --path, or its chart with --chart"
        raise MeshwrightError(f"{path}: no such folder in {root}{where}")
    bases, findings = read_bases(root, [path])
    base = bases[path]
    if findings and not base.objects:
        raise MeshwrightError(f"{findings[0].position}: {findings[0].message}")
    for fault in helm_findings(base) if settings.engine == "flux" else ():
        raise MeshwrightError(f"{fault.position}: {fault.message}; {fault.fix}")
    proposal = propose(request.name, base, settings, namespace=request.namespace, made=made)
    notes = [f"not seen: {entry}" for entry in base.not_seen]
    notes += [f"not seen: what chart {chart} makes; list its workloads yourself" for chart in base.charts]
    return _Look(
        request,
        plain_statuses(base, proposal.data["namespace"]),
        remarks(base, settings),
        proposal,
        {f"apps/{request.name}/mesh.yaml": proposal.text},
        notes,
    )


def _look_at_chart(
    root: Path, request: AddRequest, context: AppsContext, chart: Chart, made: frozenset[str]
) -> _Look:
    settings, name = context.settings, request.name
    home = request.namespace or name
    rendered = render_chart(chart, name, home, request.charts)
    notes = []
    if rendered is None:
        notes.append(
            f"chart {chart.name} {chart.version} is not at hand, so its workloads cannot be seen: "
            "put it into a folder and name that with --charts"
        )
    seen = Base(f"apps/{name}", rendered.objects if rendered else (), (name,))
    bring = home not in made | settings.platform_namespaces
    proposal = propose(
        name, seen, settings, namespace=home, made=made | ({home} if bring else set()), chart=name
    )
    if rendered is None and bring:
        proposal.data |= {"inject": "enabled", "scope": "namespace"}
    files = base_files(name, chart, home, settings, bring=bring)
    for path in files:
        if (root / path).exists():
            raise MeshwrightError(f"{path}: there already, and not overwritten; move it, or use --path")
    files[f"apps/{name}/mesh.yaml"] = proposal.text
    return _Look(
        request,
        plain_statuses(seen, home),
        remarks(seen, settings),
        proposal,
        files,
        notes,
    )


def _text(look: _Look) -> str:
    lines = [f"{printable(note)}\n" for note in look.notes]
    if look.statuses:
        lines.append("As the manifests stand:\n" + workloads_table(look.statuses))
    if look.remarks:
        lines.append("\n")
        for remark in look.remarks:
            said = f"{remark.position}: {remark.subject}: {remark.text}"
            lines.append(f"{printable(said)}\n")
            if remark.advice:
                lines.append(f"  -> {printable(remark.advice)}\n")
    lines.append(f"\napps/{look.request.name}/mesh.yaml:\n\n")
    lines += [f"    {printable(line)}\n" if line else "\n" for line in look.proposal.text.splitlines()]
    lines.append("\n")
    lines += [f"before generate: {printable(step)}\n" for step in look.proposal.before]
    return "".join(lines)


def _agreed(look: _Look) -> bool:
    files = ", ".join(sorted(look.files))
    if not (sys.stdin.isatty() and terminal()):
        tell(f"not written ({files}): there is no terminal to ask on; run it again with --yes\n")
        return False
    try:
        answer = input(f"Write {files}? [y/N] ")
    except EOFError:
        answer = ""
    return answer.strip().lower() in ("y", "yes")


def _write(root: Path, look: _Look) -> None:
    """The spec last: without it the other files are no application."""
    files = sorted(look.files.items(), key=lambda item: item[0].endswith("/mesh.yaml"))
    with locked(root):
        try:
            Tree(root).add({path: text.encode() for path, text in files})
        except OSError as error:
            raise MeshwrightError(f"{error.filename}: {error.strerror}; nothing is written") from None


def _json(look: _Look, *, written: bool) -> str:
    data = {
        "schema_version": SCHEMA_VERSION,
        "name": look.request.name,
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
