"""What Git knows of a work tree: whether there is one, and what in it is not committed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from meshwright.errors import MeshwrightError


def uncommitted(root: Path, paths: Iterable[str]) -> list[str]:
    """Those of ``paths``, relative to ``root``, that differ from the last commit, new and deleted ones too.

    Raises MeshwrightError when ``root`` is in no work tree, or Git cannot be run.
    """
    # A checkout's own configuration may name a program as fsmonitor: never run it.
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--",
        *paths,
    ]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
    try:
        said = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=60, check=False
        )
    except FileNotFoundError:
        raise MeshwrightError("git: not found; install it: each stage is to be a commit of its own") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise MeshwrightError(f"git: could not be run: {error}") from None
    if said.returncode:
        reason = said.stderr.decode(errors="replace").strip().splitlines()
        shown = reason[0].removeprefix("fatal: ") if reason else f"git said {said.returncode}"
        if "not a git repository" in shown:
            shown = "not in a Git repository; git init, and commit what is there first"
        raise MeshwrightError(f"{root}: {shown}")
    entries = said.stdout.decode("utf-8", "surrogateescape").split("\0")
    return [entry[3:] for entry in entries if entry]
