"""Each command in a process of its own, over a repository in which it has something to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

COMMANDS = {
    "check": ("check", "--no-cache", "{}"),
    "baseline": ("check", "--no-cache", "--write-baseline", "{}"),
    "diff": ("diff", "-C", "{}"),
    "graph": ("graph", "--since", "HEAD", "--format", "json", "{}"),
    "generate": ("generate", "--no-cache", "--force", "{}"),
    "generate check": ("generate", "--check", "{}"),
    "add": ("app", "add", "app-00009", "--yes", "-C", "{}"),
    "list": ("app", "list", "-C", "{}"),
    "trust": ("trust", "{}"),
    "rotate": ("trust", "rotate", "--stage", "1", "{}"),
    "explain": ("explain", "apps", "x", "-C", "{}"),
}
WRITING = ("baseline", "generate", "add", "rotate")
# What a check finds in the repository of these tests: both overlays are old, and nothing applies app-00009.
FINDINGS = ["generate/stale", "generate/stale", "layout/unapplied"]
OWN_TOOLS: dict[str, str] = {}
Done = subprocess.CompletedProcess[str]


def meshwright(
    repository: Path,
    command: tuple[str, ...],
    *,
    before: Callable[[], None] | None = None,
    prefix: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    more: Mapping[str, str] = MappingProxyType({}),
) -> Done:
    variables = {**os.environ, **OWN_TOOLS, "MESHWRIGHT_CACHE": str(repository.parent / "cache"), **more}
    for name in without:
        variables.pop(name, None)
    words = [word.format(repository) for word in command]
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "meshwright", *words],
        env=variables,
        cwd=repository.parent if os.access(repository.parent, os.X_OK) else "/",
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
        preexec_fn=before,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def files(repository: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(repository)): path.read_bytes()
        for path in sorted(repository.rglob("*"))
        if path.is_file() and ".git/" not in str(path)
    }


def findings(done: Done) -> list[str]:
    """The rules that a check's text names, in its order."""
    return re.findall(r"^\S+: (?:error|warning|info): .* \[([\w/-]+)\]$", done.stdout, re.MULTILINE)


def assert_one_line(done: Done) -> None:
    assert done.returncode == 2, (done.stdout[-500:], done.stderr)
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("meshwright: ")
