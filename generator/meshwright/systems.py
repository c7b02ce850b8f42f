"""What differs between operating systems: which commands run, and how an executable's file is named."""

from __future__ import annotations

import os

from meshwright.errors import MeshwrightError

# What Windows calls the executable NAME.
SUFFIX = ".exe" if os.name == "nt" else ""


def is_unix() -> bool:
    """Whether this system forks and locks files, as Linux and macOS do."""
    return hasattr(os, "fork")


def require_unix(command: str) -> None:
    """Refuse a command that writes in ways that only Linux and macOS have. Raises MeshwrightError."""
    if not is_unix():
        raise MeshwrightError(f"{command} needs Linux or macOS; on Windows run it in WSL")
