"""An error of libyaml, and what a diagnosis makes of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class YamlDiagnosis:
    """``line`` and ``column`` count from 1."""

    line: int
    column: int
    problem: str
    fix: str


@dataclass(frozen=True)
class ParserError:
    """libyaml's report: where it stopped and where the construct began that it was reading, from 1."""

    lines: list[str]
    line: int
    column: int
    words: str
    context: str
    began: tuple[int, int]

    @property
    def text(self) -> str:
        """The line where it stopped; empty after the last line."""
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ""

    @property
    def previous(self) -> int:
        """The last line before this one that has content; 0 if there is none."""
        before = (number for number in range(self.line - 1, 0, -1) if has_content(self.lines[number - 1]))
        return next(before, 0)


def has_content(line: str) -> bool:
    """Whether a line has more than blanks and a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")
