"""Resource limits for reading a repository: one for everything that hostile input can make endless.

Ordinary repositories come nowhere near them. When a limit is reached, a finding names it and the ``--limit``
option that raises it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace

from meshwright.errors import MeshwrightError


@dataclass(frozen=True)
class Limits:
    """``build``, ``render``: seconds; ``memory``, ``output``, ``file``, ``unpacked``: MiB; others: counts."""

    # One run of kustomize and its charts; all runs that were stopped get twice as long in total.
    build: int = 30
    # Folders that one build reads; a folder counts each time it is referenced.
    folders: int = 10_000
    # Objects in one build, counted in the same way.
    objects: int = 5_000
    # Memory of one run of kustomize and of each helm in it: ten times what the largest group needs.
    memory: int = 2_048
    # Output of all builds together.
    output: int = 128
    # Size of one file in the repository.
    file: int = 10
    # Unpacked size of one chart archive.
    unpacked: int = 256
    # Rendering the template versions of an update.
    render: int = 120

    def option(self, name: str, wanted: int = 0) -> str:
        """The command line option that allows ``wanted``, and at least twice the current limit."""
        return f"--limit {name}={max(getattr(self, name) * 2, wanted)}"


NAMES = tuple(field.name for field in fields(Limits))
_DEFAULT = Limits()
_current: ContextVar[Limits] = ContextVar("limits")


def current() -> Limits:
    """The limits of this run."""
    return _current.get(_DEFAULT)


def set_limits(pairs: Iterable[str]) -> None:
    """Apply NAME=NUMBER pairs of the command line. Raises MeshwrightError for anything else."""
    given: dict[str, int] = {}
    for pair in pairs:
        name, _, number = pair.partition("=")
        if name not in NAMES or not number.isascii() or not number.isdecimal() or not int(number):
            raise MeshwrightError(
                f"--limit {pair}: write NAME=NUMBER, such as --limit {NAMES[0]}=60; "
                f"the names are {', '.join(NAMES)}"
            )
        given[name] = int(number)
    _current.set(replace(current(), **given))
