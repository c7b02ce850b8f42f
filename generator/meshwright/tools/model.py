"""A tool that was found: which version, where, and how it got there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from meshwright.errors import CannotRun


class ToolOrigin(StrEnum):
    """How a tool came to be where it was found."""

    EXPLICIT = "explicit"
    PATH = "path"
    DOWNLOAD = "download"
    GO_INSTALL = "go-install"


@dataclass(frozen=True)
class Tool:
    """An executable that can be run as it is.

    ``version`` is such as v5.8.1, or "unknown" for an explicit path that does not say.
    ``detail`` is the variable that named it, the folder on PATH, the download's URL, or module@version.
    """

    name: str
    version: str
    path: Path
    origin: ToolOrigin
    detail: str

    @property
    def source(self) -> str:
        """The origin in words, for a person."""
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
    """No usable copy of a tool was found; an installation can help."""


class InstallationFault(Exception):
    """One way to get a tool did not work; the message says why, in one line."""
