"""The difference of what two states of a repository render: objects and fields, not files."""

from meshwright.difference.comparison import compare
from meshwright.difference.model import Difference

__all__ = ["Difference", "compare"]
