"""A tool: its version, path and origin."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from meshwright.errors import CannotRun


class ToolOrigin(StrEnum):
    """Where a tool comes from."""

    EXPLICIT = "explicit"
    PATH = "path"
    DOWNLOAD = "download"
    GO_INSTALL = "go-install"


@dataclass(frozen=True)
class Tool:
    """An executable.

    ``version`` has the form v5.8.1, or is "unknown" for an explicit path that does not report it. ``detail``
    is the variable with its path, the folder on PATH, the download's URL, or module@version.
    """

    name: str
    version: str
    path: Path
    origin: ToolOrigin
    detail: str

    @property
    def source(self) -> str:
        """The origin as text."""
        match self.origin:
            case ToolOrigin.EXPLICIT:
                return f"explicit: {self.detail}"
            case ToolOrigin.PATH:
                return "PATH"
            case ToolOrigin.DOWNLOAD:
                return f"cache: downloaded from {self.detail}"
            case ToolOrigin.GO_INSTALL:
                return f"cache: built from {self.detail}"


class ToolNotFoundError(CannotRun):
    """No usable copy of a tool was found; installing it may help."""


class InstallationFault(Exception):
    """One method of installing a tool failed; the message gives the reason in one line."""
