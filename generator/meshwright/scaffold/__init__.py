"""The scaffold: the files that Copier renders from the template and the user's answers."""

from meshwright.scaffold.render import PUBLISHED_SOURCE, render

__all__ = ["PUBLISHED_SOURCE", "render"]
