"""Exit codes, errors for users, and positions in files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from meshwright.inert import printable

# Set to 1, it adds tracebacks to internal errors.
DEBUG = "MESHWRIGHT_DEBUG"


class ExitCode(IntEnum):
    """Exit codes of every command."""

    CLEAN = 0
    FINDINGS = 1
    COULD_NOT_RUN = 2
    CONFLICTS = 3


def wants_traceback() -> bool:
    """Whether MESHWRIGHT_DEBUG asks for tracebacks of internal errors."""
    return os.environ.get(DEBUG, "0") not in ("", "0")


class MeshwrightError(Exception):
    """A user's mistake or a missing tool: only the message is printed, and the exit code is 2.

    The message names the request, the obstacle and the fix. Each argument is one fault and is printed on one
    line, whatever characters the names in it contain.
    """

    def __str__(self) -> str:
        return "\nmeshwright: ".join(printable(str(fault)) for fault in self.args)


class CannotRun(MeshwrightError):
    """Something is missing that the whole command needs, such as a tool."""


def together(faults: Iterable[str]) -> MeshwrightError:
    """One error for several faults, each printed once on its own line."""
    return MeshwrightError(*dict.fromkeys(faults))


class AnotherTemplateError(MeshwrightError):
    """A repository that was generated from another template."""


@dataclass(frozen=True, order=True)
class Position:
    """A position in a source file; line and column count from 1, and 0 means unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        path = printable(self.path)
        return f"{path}:{self.line}:{self.column}" if self.line else path
