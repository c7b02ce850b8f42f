"""``meshwright app``: add an application, list them, show one."""

from meshwright.commands.app.add import AddRequest, add
from meshwright.commands.app.overview import list_apps, show

__all__ = ["AddRequest", "add", "list_apps", "show"]
