"""Lists every pin with the newest version that its registry knows, its age, its proof and security notes.

    python -m scripts.pins

Asks the Go module proxy, PyPI and npm through the clients of developers; what they do not know is shown as
unknown. It only tells: the status is 0 whatever it finds.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meshwright.resources import includes_root
from meshwright.yaml import parse

TABLE = Path(__file__).with_name("pins.yml")
_SECONDS = 60
_ENTRY = re.compile(r"^(\w+):$|# proof: (.*)\n  (\w+):", re.MULTILINE)
_DIGEST = re.compile(r"^[0-9a-f]{40} # ")


@dataclass(frozen=True)
class Newest:
    """The newest version that a registry knows, and the days since it was published; -1 if unknown."""

    version: str
    days: int = -1


Ask = Callable[[Mapping[str, str]], Newest | None]


@dataclass(frozen=True)
class Line:
    """A pin with all that is known of it; ``of`` says whose version ``newest`` is, if not the pin's own."""

    name: str
    version: str
    newest: Newest | None
    of: str
    proof: str
    notes: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, str, str, str]:
        newest = self.newest
        known = (
            f"{newest.version} ({self.of})" if newest and self.of else newest.version if newest else "unknown"
        )
        age = f"{newest.days} days ago" if newest and newest.days >= 0 else ""
        return self.name, self.version, known, age


def lines(text: str, table: Mapping[str, Any], ask: Ask) -> Iterator[Line]:
    """The pins of ``text``, pins.yml, in its order, with what ``table`` and the registries know of them."""
    proofs = dict(proofs_of(text))
    for name, version in _pins(parse(text)):
        source = table["sources"].get(name)
        yield Line(
            name,
            version,
            ask(source) if source else None,
            source.get("of", "") if source else "",
            proofs.get(name, ""),
            tuple(_notes(name, version, table["notes"])),
        )


def proofs_of(text: str) -> Iterator[tuple[str, str]]:
    """The proof above each pin, by group and name."""
    group = ""
    for found in _ENTRY.finditer(text):
        if found[1]:
            group = found[1]
        else:
            yield f"{group}.{found[3]}", found[2]


def _pins(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for group, content in data.items():
        if isinstance(content, Mapping):
            for name, version in content.items():
                yield f"{group}.{name}", _DIGEST.sub("", str(version))
        else:
            yield group, str(content)


def _notes(name: str, version: str, notes: list[Mapping[str, str]]) -> Iterator[str]:
    for one in notes:
        if one["pin"] == name:
            state = "fixed" if numbers(version) >= numbers(one["fixed"]) else f"AFFECTED below {one['fixed']}"
            yield f"{state}: {one['note']} ({one['source']})"


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of the first version in a text, to compare it."""
    first = re.search(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in first[0].split(".")) if first else ()


def from_registry(source: Mapping[str, str]) -> Newest | None:
    """What go, pip or npm answer; None if they do not know it or are missing."""
    if "module" in source:
        return _newest_of(source["module"])
    if "pypi" in source:
        told = _output(sys.executable, "-m", "pip", "index", "versions", source["pypi"])
        named = re.search(r"\(([^)]+)\)", told)
        return Newest(named[1]) if named else None
    found = _json("npm", "view", source["npm"], "version", "time", "--json")
    version = str(found.get("version", ""))
    return Newest(version, _days(str(found.get("time", {}).get(version, "")))) if version else None


def _newest_of(module: str) -> Newest | None:
    """The proxy's list may be older than what it calls the latest version, or the other way round."""
    found = _json("go", "list", "-m", "-json", f"{module}@latest")
    listed = _output("go", "list", "-m", "-versions", module).split()[1:]
    versions = [str(found.get("Version", "")), *(one for one in listed if "-" not in one)]
    newest = max(versions, key=numbers)
    if newest != versions[0]:
        found = _json("go", "list", "-m", "-json", f"{module}@{newest}")
    return Newest(newest, _days(str(found.get("Time", "")))) if newest else None


def _json(*command: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_output(*command) or "{}")
    except ValueError:
        return {}
    return found


def _output(*command: str) -> str:
    try:
        # Outside of this repository: its go.mod files must not decide.
        ended = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout if ended.returncode == 0 else ""


def _days(time: str) -> int:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(time)).days
    except ValueError:
        return -1


def main() -> None:
    text = (includes_root() / "pins.yml").read_text(encoding="utf-8")
    found = list(lines(text, parse(TABLE.read_text(encoding="utf-8")), from_registry))
    rows = [("pin", "version", "newest known", "published"), *(line.cells for line in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row, line in zip(rows, [None, *found], strict=True):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for said in (f"proof: {line.proof}", *line.notes) if line and line.proof else ():
            print(f"    {said}")


if __name__ == "__main__":
    main()
