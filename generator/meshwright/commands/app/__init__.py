"""``meshwright app``: adds an application, lists them, and shows one."""

from meshwright.commands.app.add import add
from meshwright.commands.app.add import cli as _add
from meshwright.commands.app.overview import cli as _overview
from meshwright.commands.app.overview import list_apps, show
from meshwright.commands.group import Group, new_cli, see_also

__all__ = ["add", "cli", "list_apps", "show"]

cli = new_cli(
    cls=Group,
    help="Add, list and show applications.",
    epilog=see_also("apps.md", "meshwright app add shop", "meshwright app list"),
)
for _commands in (_add, _overview):
    cli.add_typer(_commands)
