"""What looking at a repository may cost: a limit for each thing that hostile input can make endless.

An honest repository comes nowhere near them. What reaches one is said as a finding that names the limit and
``--limit``, which raises it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace

from meshwright.errors import MeshwrightError


@dataclass(frozen=True)
class Limits:
    """``build``, ``render``: seconds; ``memory``, ``output``, ``file``, ``unpacked``: MiB; others numbers."""

    # One run of kustomize with the charts in it; all together that had to be ended get twice as long.
    build: int = 30
    # Folders that one build reads, a folder counted as often as it is named.
    folders: int = 10_000
    # Objects in one build, counted alike.
    objects: int = 5_000
    # What one run of kustomize, and each helm in it, may take: ten times what the largest group needs.
    memory: int = 2_048
    # What all builds print together.
    output: int = 128
    # One file of the repository that is read.
    file: int = 10
    # What the archive of one chart unpacks to.
    unpacked: int = 256
    # The versions of a template that an update renders.
    render: int = 120

    def option(self, name: str, wanted: int = 0) -> str:
        """What to write on the command line for ``wanted``, and for twice as much at least."""
        return f"--limit {name}={max(getattr(self, name) * 2, wanted)}"


NAMES = tuple(field.name for field in fields(Limits))
_DEFAULT = Limits()
_current: ContextVar[Limits] = ContextVar("limits")


def current() -> Limits:
    """The limits of this run."""
    return _current.get(_DEFAULT)


def set_limits(pairs: Iterable[str]) -> None:
    """Take NAME=NUMBER pairs of a command line. Raises MeshwrightError for what is none."""
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
