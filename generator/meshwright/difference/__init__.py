"""Compares what two states of a repository render: objects and fields instead of files."""

from meshwright.difference.comparison import compare
from meshwright.difference.model import Difference

__all__ = ["Difference", "compare"]
