"""Which files git ls-files lists for a path, against git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random

import pytest

from meshwright.patterns.pathspec import is_magic, matches

_NAMES = ["a", "b", "ab", "a-b", "é", "A", "[a]", "a*", "]", "x.yaml", "config.json", "a b", "1"]
_PARTS = [
    "a",
    "b",
    "ab",
    "*",
    "**",
    "?",
    "/",
    "[ab]",
    "[!a]",
    "[^a]",
    "[a-c]",
    "[[:alpha:]]",
    "[]a]",
    "\\*",
    "é",
]
_PARTS += [
    "-",
    "x.yaml",
    "*.json",
    "[",
    "\\",
    "[[:foo:]]",
    "[a-",
    "[c-a]",
    "./",
    "..",
    ".",
    "[\\]]",
    "[a\\-c]",
    "]",
]


def test_files_that_git_lists(tmp_path: Path) -> None:
    random = Random(3)
    paths: list[str] = []
    for path in ["/".join(random.choice(_NAMES) for _ in range(random.randrange(1, 4))) for _ in range(100)]:
        if not any(
            known == path or known.startswith(f"{path}/") or path.startswith(f"{known}/") for known in paths
        ):
            paths.append(path)
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)

    for pattern in ["".join(random.choice(_PARTS) for _ in range(random.randrange(1, 5))) for _ in range(80)]:
        command = ["git", "ls-files", "--full-name", "-z", "--", pattern]
        listed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode()
        expected = [path for path in listed.split("\0") if path]
        assert sorted(path for path in paths if matches(pattern, path)) == sorted(expected), pattern


@pytest.mark.parametrize(("path", "magic"), [(":(icase)a", True), (":!a", True), ("a:b", False)])
def test_magic(path: str, magic: bool) -> None:
    assert is_magic(path) is magic
