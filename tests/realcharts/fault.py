"""One fault that a judge found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong, in one line, and the file or folder where it is mended."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {' '.join(self.message.split())}"
