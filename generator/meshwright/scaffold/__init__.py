"""The scaffold: what Copier renders from the template and a person's answers."""

from meshwright.scaffold.render import PUBLISHED_SOURCE, render

__all__ = ["PUBLISHED_SOURCE", "render"]
