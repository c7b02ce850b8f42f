"""``meshwright app list`` and ``app show``: show what is meshed, and why the rest is not."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meshwright.bounded import InGenerated
from meshwright.commands.app.tables import table, workloads_table
from meshwright.commands.candidates import applications
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Format, OneCluster, Repository
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.printing import emit, tell
from meshwright.words import did_you_mean, plural

if TYPE_CHECKING:
    from meshwright.apps.inspection.status import AppStatus
    from meshwright.apps.model import App, AppsContext
    from meshwright.finding import Finding

cli = new_cli()
SCHEMA_VERSION = 1


@cli.command(
    "list",
    cls=InGenerated,
    epilog=see_also(
        "apps.md",
        "meshwright app list",
        "meshwright app list --format json",
    ),
)
def list_apps(
    output: Format = "text", repository: Repository = Path(), cluster: OneCluster = None
) -> ExitCode:
    """List the applications and whether each is meshed.

    The exit code is 1 if an application has an error.
    """
    # Imported here, so that the help comes without them.
    from meshwright.apps.inspection.builtoverlays import built_overlays
    from meshwright.apps.inspection.gathering import gather
    from meshwright.apps.inspection.status import app_status
    from meshwright.finding import Severity

    gathered = gather(repository, cluster)
    findings = [*gathered.findings, *gathered.base_faults]
    statuses = [
        (context.settings.cluster, app_status(app, context, built))
        for context in gathered.contexts
        for built in [built_overlays(repository, context)]
        for app in context.apps.values()
    ]
    errors = [item for item in findings if item.severity is Severity.ERROR]
    if output == "json":
        data = {
            "schema_version": SCHEMA_VERSION,
            "applications": [{"cluster": name, **asdict(status)} for name, status in statuses],
            "findings": [_finding(item) for item in findings],
        }
        emit(f"{json_text(data)}\n")
    else:
        tell("".join(f"{item.position}: {item.severity}: {item.message}\n" for item in findings))
        tell(_table(statuses, several=len(gathered.contexts) > 1))
    return ExitCode.FINDINGS if errors else ExitCode.CLEAN


@cli.command(
    cls=InGenerated,
    epilog=see_also(
        "apps.md",
        "meshwright app show shop",
    ),
)
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", autocompletion=applications, help="Name of the application.")
    ],
    output: Format = "text",
    repository: Repository = Path(),
    cluster: OneCluster = None,
) -> ExitCode:
    """Show an application's workloads, dependencies and generated files.

    Each workload is listed with whether it is meshed, and why.
    """
    # Imported here, so that the help comes without them.
    from meshwright.apps.inspection.gathering import gather

    gathered = gather(repository, cluster)
    contexts = [context for context in gathered.contexts if name in context.apps]
    if not contexts:
        own = [item for item in gathered.findings if item.position.path == f"apps/{name}/mesh.yaml"]
        if own:
            raise MeshwrightError(f"{own[0].position}: {own[0].message}")
        hint = did_you_mean(name, {known for context in gathered.contexts for known in context.apps})
        raise MeshwrightError(
            f"no application '{name}' in {repository}{hint}; `meshwright app list` lists them"
        )
    looks = [_look(repository, context.apps[name], context) for context in contexts]
    several = len(gathered.contexts) > 1
    if output == "json":
        # The first cluster's at the top, as for a repository with one; all of them below.
        shown = [data for _, data in looks]
        data = {**shown[0], "clusters": shown} if several else shown[0]
        emit(f"{json_text({'schema_version': SCHEMA_VERSION, **data})}\n")
    else:
        tell("\n".join(_page(status, data, several=several) for status, data in looks))
    return ExitCode.CLEAN


def _look(repository: Path, app: App, context: AppsContext) -> tuple[AppStatus, dict[str, Any]]:
    """An application on one cluster: its status, and everything as JSON."""
    from meshwright.apps.inspection.builtoverlays import built_overlays
    from meshwright.apps.inspection.remarks import remarks
    from meshwright.apps.inspection.status import app_status
    from meshwright.apps.overlay.planner import plan

    overlay = plan(app, context)
    # Only this application's overlay is of interest, and a build takes time.
    built = built_overlays(repository, replace(context, apps={app.name: app}))
    status = app_status(app, context, built)
    data = {
        "cluster": context.settings.cluster,
        **asdict(status),
        "needs": dict(sorted(overlay.needs.items())),
        "remarks": [
            {"subject": item.subject, "text": item.text, "advice": item.advice}
            for item in remarks(context.bases[app.name], context.settings, app.spec)
        ],
        "output": _output(repository, app, context, set(overlay.files)),
    }
    return status, data


def _table(statuses: list[tuple[str, AppStatus]], *, several: bool) -> str:
    if not statuses:
        return "no applications; `meshwright app add NAME` adds one\n"
    rows = [
        (
            *((cluster,) if several else ()),
            item.name,
            item.namespace,
            f"{item.inject}/{item.scope}",
            str(len(item.workloads)),
            item.meshed,
            item.why if item.meshed != "yes" else "",
        )
        for cluster, item in statuses
    ]
    header = ("app", "namespace", "inject/scope", "workloads", "meshed", "why not")
    return table((*(("cluster",) if several else ()), *header), rows)


def _page(status: AppStatus, data: dict[str, Any], *, several: bool) -> str:
    on = f" on {data['cluster']}" if several else ""
    lines = [
        f"{status.name}{on}: namespace {printable(status.namespace)}, inject {status.inject}, "
        f"scope {status.scope}, {plural(len(status.workloads), 'workload')}, meshed: {status.meshed}\n\n",
        workloads_table(status.workloads),
    ]
    if data["needs"]:
        lines.append("\nwaits for\n")
        lines += [f"{printable(f'  {name}: {why}')}\n" for name, why in data["needs"].items()]
    if data["remarks"]:
        lines.append("\nremarks\n")
        for item in data["remarks"]:
            advice = f" -> {item['advice']}" if item["advice"] else ""
            said = f"  {item['subject']}: {item['text']}{advice}"
            lines.append(f"{printable(said)}\n")
    lines.append("\noutput\n")
    lines += [f"  {path}: {state}\n" for path, state in data["output"].items()]
    return "".join(lines)


def _output(root: Path, app: App, context: AppsContext, files: set[str]) -> dict[str, str]:
    """The state of each generated file."""
    from meshwright.apps.header import is_untouched
    from meshwright.manifests.inside import read_inside

    wiring = f"clusters/{context.settings.cluster}/apps/{app.name}.yaml"
    found = {}
    for path in sorted({*files, wiring}):
        try:
            untouched = is_untouched(read_inside(root, path).decode("utf-8", "replace"))
        except (FileNotFoundError, NotADirectoryError):
            found[path] = "not generated yet"
        except OSError as error:
            found[path] = f"cannot be read: {error.strerror}"
        else:
            found[path] = "as generated" if untouched else "edited by hand"
    return found


def _finding(item: Finding) -> dict[str, str]:
    return {
        "id": item.id,
        "severity": item.severity.value,
        "position": str(item.position),
        "message": item.message,
        "fix": item.fix,
    }
