"""Usage errors of the command line, in one line that contains no more than text."""

from __future__ import annotations

import re
from typing import Any

from typer import TyperException

from meshwright.inert import printable

_BETTER = (
    (r"\. Did you mean (.*)$", r"; did you mean \1"),
    (r" \(Possible options: (--[\w-]+(?:, --[\w-]+)*)\)$", r"; did you mean \1?"),
    (r"^got unexpected extra argument\(s\)", "unexpected arguments"),
    (r"is not a valid int$", "is not an integer"),
)


def usage_error(error: TyperException) -> str:
    """What is wrong with the arguments, and the command whose help explains them."""
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    for pattern, better in _BETTER:
        message = re.sub(pattern, better, message)
    # What is required says itself what it takes.
    param: Any = getattr(error, "param", None)
    if message.startswith("missing option") and getattr(param, "help", None):
        message += f" ({' '.join(param.help.split()).rstrip('.')})"
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context else "meshwright"
    return printable(f"{message}{' See' if message.endswith('?') else '; see'} {path} --help")
