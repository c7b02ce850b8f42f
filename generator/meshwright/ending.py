"""How a failed command ends: with one line and exit code 2, and with a traceback only on request."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import NoReturn

from typer import TyperException

from meshwright.deadline import OutOfTime
from meshwright.errors import DEBUG, ExitCode, MeshwrightError, wants_traceback
from meshwright.inert import printable
from meshwright.printing import OutputClosed, complain

_REPORT = "https://github.com/meshwright/meshwright/issues"
# The exit codes that a shell reports for SIGINT and SIGPIPE.
_INTERRUPTED = 130
_CLOSED = 141
_WAYS_OUT = {
    errno.ENOSPC: "free some space, or set TMPDIR to a folder with more",
    errno.EDQUOT: "free some space, or set TMPDIR to a folder with more",
    errno.EFBIG: "raise the limit on file size (ulimit -f)",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}


class CouldNot(Exception):
    """Carries an error past the command line's parser, which would end with code 1 for some."""


def fail(error: BaseException) -> NoReturn:
    """End the process for an error that no command has handled."""
    if isinstance(error, CouldNot) and error.__cause__ is not None:
        error = error.__cause__
    # Before 3.12 Python makes a RuntimeError of what interrupts the definition of a class.
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, KeyboardInterrupt | OutOfTime):
        error = error.__cause__
    if isinstance(error, OutputClosed):
        os._exit(_CLOSED)
    if isinstance(error, KeyboardInterrupt):
        end(_INTERRUPTED)
    with suppress(OSError, OutputClosed):
        if wants_traceback() and not isinstance(error, MeshwrightError | TyperException):
            import traceback

            complain("".join(traceback.format_exception(error)))
        complain(f"meshwright: {reason(error)}\n")
    end(ExitCode.COULD_NOT_RUN)


def reason(error: BaseException) -> str:
    """What went wrong and how to fix it, in one line."""
    if isinstance(error, MeshwrightError):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        place = (
            f"{printable(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
        )
        way_out = f"; {_WAYS_OUT[error.errno]}" if error.errno in _WAYS_OUT else ""
        return f"{place}{printable(error.strerror or str(error))}{way_out}"
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, OutOfTime):
        return f"{error}; {error.fix}"
    if isinstance(error, TyperException):
        from meshwright.usage import usage_error

        return usage_error(error)
    # Imported here, because few commands need it.
    from meshwright.faults import described

    what = printable(described(error))
    return f"{what}; this is a bug in Meshwright: report it at {_REPORT} with the output of {DEBUG}=1"


def end(code: str | int | None) -> NoReturn:
    """End at once: freeing a million unused objects would take half a second."""
    number = code if isinstance(code, int) else 0 if code is None else 1
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(_CLOSED)
    except OSError as error:
        number = ExitCode.COULD_NOT_RUN
        with suppress(OSError, OutputClosed):
            complain(f"meshwright: standard output: {reason(error)}\n")
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(int(number))
