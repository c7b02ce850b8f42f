"""What a command may end with, and where in a file a fault stands."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from meshwright.inert import printable

# Set to 1, it adds tracebacks to what is said of a fault of ours.
DEBUG = "MESHWRIGHT_DEBUG"


class ExitCode(IntEnum):
    """Exit codes of every command."""

    CLEAN = 0
    FINDINGS = 1
    COULD_NOT_RUN = 2
    CONFLICTS = 3


def wants_traceback() -> bool:
    """Whether somebody looks for a fault of ours."""
    return os.environ.get(DEBUG, "0") not in ("", "0")


class MeshwrightError(Exception):
    """A user's mistake or a missing tool: printed as its message alone, with exit code 2.

    The message names what was asked, what stood against it, and the way out. Each argument is one fault, on
    a line of its own, whatever the names in it hold.
    """

    def __str__(self) -> str:
        return "\nmeshwright: ".join(printable(str(fault)) for fault in self.args)


class CannotRun(MeshwrightError):
    """Something is missing that no part of a command can do without, such as a tool: nothing goes on."""


def together(faults: Iterable[str]) -> MeshwrightError:
    """One error of several faults, each once and on a line of its own as if it were alone."""
    return MeshwrightError(*dict.fromkeys(faults))


class AnotherTemplateError(MeshwrightError):
    """A repository that was made from another template, and has none of our applications."""


@dataclass(frozen=True, order=True)
class Position:
    """A place in a source file; line and column count from 1, 0 means unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        path = printable(self.path)
        return f"{path}:{self.line}:{self.column}" if self.line else path
