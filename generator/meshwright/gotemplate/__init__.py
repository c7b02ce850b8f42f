"""Go's text/template with the functions of sprig, as ApplicationSets and ResourceSets use it."""

from __future__ import annotations

from meshwright.gotemplate.execution import MissingKey, execute
from meshwright.gotemplate.values import Unsupported

__all__ = ["MissingKey", "Unsupported", "execute"]
