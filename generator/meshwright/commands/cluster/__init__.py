"""``meshwright cluster``: adds a cluster to a repository, removes one, and lists them."""

from meshwright.commands.cluster.change import add, remove
from meshwright.commands.cluster.change import cli as _change
from meshwright.commands.cluster.overview import cli as _overview
from meshwright.commands.cluster.overview import list_clusters
from meshwright.commands.group import Group, new_cli, see_also

__all__ = ["add", "cli", "list_clusters", "remove"]

cli = new_cli(
    cls=Group,
    help="Add, remove and list the clusters of a repository.",
    epilog=see_also("clusters.md", "meshwright cluster list", "meshwright cluster add staging"),
)
for _commands in (_change, _overview):
    cli.add_typer(_commands)
