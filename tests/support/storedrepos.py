"""Whole repositories, each in one YAML file: ``files`` by path, and ``expect``, the report on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshwright.yaml import parse

REPOSITORIES = Path(__file__).parents[1] / "check" / "repos"


@dataclass(frozen=True)
class StoredRepository:
    """``report`` is what `meshwright check` prints, None where the file has none."""

    name: str
    files: Mapping[str, str]
    report: str | None

    def write(self, folder: Path) -> Path:
        """Write the files, byte for byte, into ``folder``, which is made where it is missing."""
        for path, text in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return folder


def load_stored(file: Path) -> StoredRepository:
    """The repository of one file."""
    data = parse(file.read_text(encoding="utf-8"), file.name)
    return StoredRepository(file.stem, data["files"], data.get("expect"))


def load_checked() -> list[StoredRepository]:
    """Every repository of tests/check/repos, by name."""
    return [load_stored(file) for file in sorted(REPOSITORIES.glob("*.yaml"), key=lambda file: file.stem)]


def checked(name: str) -> StoredRepository:
    """The repository of tests/check/repos/<name>.yaml."""
    return load_stored(REPOSITORIES / f"{name}.yaml")
