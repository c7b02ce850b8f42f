"""``meshwright app``: add an application, list them, show one."""

from meshwright.commands.app.add import Request, add
from meshwright.commands.app.overview import list_apps, show

__all__ = ["Request", "add", "list_apps", "show"]
