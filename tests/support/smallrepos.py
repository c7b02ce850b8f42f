"""Small repositories of tests/repos: a base, what is changed in it, and every finding of it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.yaml import parse

FOLDER = Path(__file__).parents[1] / "repos"


@dataclass(frozen=True)
class SmallRepository:
    """Files by path; ``expect`` has a line ``file:line:column id`` for each finding, by place."""

    name: str
    about: str
    files: dict[str, str]
    expect: tuple[str, ...]


def load_small_repositories(kind: str) -> list[SmallRepository]:
    """Those of one folder, faulty or right, which has one file per family; by name."""
    found: list[SmallRepository] = []
    for file in (FOLDER / kind).glob("*.yaml"):
        # No file of this repository looks as if it held a key.
        text = file.read_text(encoding="utf-8").replace("{PRIVATE}", "PRIVATE")
        found += [_load(name, entry) for name, entry in parse(text, file.name).items()]
    return sorted(found, key=lambda repository: repository.name)


def _load(name: str, entry: dict[str, Any]) -> SmallRepository:
    files: dict[str, str] = {}
    if base := entry.get("base"):
        files = parse((FOLDER / "bases" / f"{base}.yaml").read_text(encoding="utf-8"), base)
    for path, changes in (entry.get("replace") or {}).items():
        for change in changes:
            assert files[path].count(change["old"]) == 1, f"{name}: {path} has not one '{change['old']}'"
            files[path] = files[path].replace(change["old"], change["new"])
    for path in entry.get("without") or ():
        del files[path]
    for path, text in (entry.get("append") or {}).items():
        files[path] += text
    files |= entry.get("files") or {}
    return SmallRepository(name, entry["about"], files, tuple(entry.get("expect") or ()))


def check_out(repository: SmallRepository, folder: Path) -> Path:
    """A real Git checkout of ``repository`` in ``folder``."""
    for path, text in repository.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder
