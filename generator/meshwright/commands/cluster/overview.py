"""``meshwright cluster list``: the clusters of a repository, their versions and applications."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from meshwright.bounded import InGenerated
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Format, Repository
from meshwright.errors import ExitCode
from meshwright.inert import json_text
from meshwright.printing import emit, tell

cli = new_cli()
SCHEMA_VERSION = 1


@cli.command(
    "list",
    cls=InGenerated,
    epilog=see_also("clusters.md", "meshwright cluster list", "meshwright cluster list --format json"),
)
def list_clusters(output: Format = "text", repository: Repository = Path()) -> ExitCode:
    """List the clusters with their versions and applications."""
    # Imported here, so that the help comes without it.
    from meshwright.commands.app.tables import table
    from meshwright.fleet.listing import summaries

    version, clusters = summaries(repository)
    if output == "json":
        data = {
            "schema_version": SCHEMA_VERSION,
            "repository": {"version": version},
            "clusters": [asdict(cluster) for cluster in clusters],
        }
        emit(f"{json_text(data)}\n")
        return ExitCode.CLEAN
    rows = [
        (item.name, item.version, item.linkerd, str(len(item.applications)), item.answers)
        for item in clusters
    ]
    tell(table(("cluster", "version", "linkerd", "applications", "answers"), rows))
    tell(f"the repository's own files: {version}\n")
    return ExitCode.CLEAN
