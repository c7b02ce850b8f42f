"""Remembers which version an executable said it was, so that it is asked once."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

from meshwright.tools.catalog import ToolSpec
from meshwright.tools.files import make_folder, read_small, write_whole
from meshwright.tools.places import cache_root
from meshwright.tools.versions import UNKNOWN, ask_version

# What a version manager's shim stands for changes without the shim changing.
_SHIM_SECONDS = 600


def known_version(spec: ToolSpec, path: Path) -> str:
    """The version of an executable, such as v5.8.1, or "unknown"; starts a process only the first time.

    An answer holds as long as the file behind ``path`` keeps its size and time; the answer of a script, or
    of a link to a program of another name, holds for ten minutes. "unknown" is not remembered.
    """
    real = path.resolve()
    try:
        status = real.stat()
    except OSError:
        return UNKNOWN
    identity: list[str | int] = [str(path), str(real), status.st_size, status.st_mtime_ns]
    memory = _memory(spec, path)
    remembered = _read(memory, identity)
    if remembered and not (_is_shim(spec, real) and time.time() - remembered[1] > _SHIM_SECONDS):
        return remembered[0]
    version = ask_version(spec, path)
    if version != UNKNOWN:
        # A cache that cannot be written costs a process each time, nothing more.
        with suppress(OSError):
            _write(memory, identity, version)
    return version


def _memory(spec: ToolSpec, path: Path) -> Path:
    import hashlib

    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return cache_root() / "tools" / spec.name / "answers" / f"{name}.json"


def _read(memory: Path, identity: list[str | int]) -> tuple[str, float] | None:
    try:
        content = json.loads(read_small(memory))
        if content["identity"] != identity:
            return None
        return str(content["version"]), float(content["asked"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(memory: Path, identity: list[str | int], version: str) -> None:
    make_folder(cache_root(), memory.parent)
    content = {"identity": identity, "version": version, "asked": time.time()}
    write_whole(memory, f"{json.dumps(content)}\n".encode())


def _is_shim(spec: ToolSpec, real: Path) -> bool:
    if real.name != spec.name:
        return True
    try:
        with real.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True
