"""Caches the version of each executable, so that it is started once."""

from __future__ import annotations

import time
from pathlib import Path

from meshwright.cache.cachefile import CacheFile
from meshwright.cache.signature import ABSENT, state_of
from meshwright.tools.catalog import ToolSpec
from meshwright.tools.versions import UNKNOWN, ask_version

# The program behind a version manager's shim can change without the shim.
_SHIM_SECONDS = 600


def known_version(spec: ToolSpec, path: Path) -> str:
    """The version of an executable, such as v5.8.1, or "unknown"; starts a process only the first time.

    A version is valid while the file behind ``path`` keeps its state; that of a script, or of a link to a
    program with another name, is valid for ten minutes. "unknown" is not cached.
    """
    real = path.resolve()
    state = state_of(real)
    if state == ABSENT:
        return UNKNOWN
    file, signature = CacheFile(f"tools/{spec.name}/answers", str(path)), f"{real} {state}"
    remembered = file.recall(signature, lambda data: (str(data["version"]), float(data["asked"])))
    if remembered and not (_is_shim(spec, real) and time.time() - remembered[1] > _SHIM_SECONDS):
        return remembered[0]
    version = ask_version(spec, path)
    if version != UNKNOWN:
        file.keep(signature, {"version": version, "asked": time.time()})
    return version


def _is_shim(spec: ToolSpec, real: Path) -> bool:
    if real.name != spec.name:
        return True
    try:
        with real.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True
