"""Finds a tool at its explicit path, on PATH or in the cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from meshwright import systems
from meshwright.cache.places import looked_at
from meshwright.errors import CannotRun
from meshwright.tools.catalog import ToolSpec, tool_spec, wanted_version
from meshwright.tools.model import Tool, ToolNotFoundError, ToolOrigin
from meshwright.tools.toolcache import CachedTool, cache_entry
from meshwright.tools.versioncache import known_version
from meshwright.tools.versions import fits


def locate(name: str) -> Tool:
    """The tool of that name ("kustomize", "kubeconform" or "helm"), without installing anything.

    Uses the explicit path in MESHWRIGHT_<NAME>, then a matching version on PATH, then the cache.
    Raises MeshwrightError if the explicit path is not an executable, ToolNotFoundError if nothing is found.
    """
    spec = tool_spec(name)
    told = os.environ.get(spec.variable)
    if told:
        return _explicit(spec, Path(told).expanduser().absolute())
    wanted = wanted_version(name)
    misfits: list[str] = []
    for candidate in on_path(name):
        version = known_version(spec, candidate)
        if fits(version, wanted):
            return Tool(name, version, candidate, ToolOrigin.PATH, str(candidate.parent))
        misfits.append(f"{version} in {candidate.parent}")
    entry = cache_entry(spec, wanted)
    cached = entry.read()
    if cached:
        return cached
    misfits += [
        f"one in {candidate.parent}, which is not used because it is in the current checkout"
        for candidate in _on_path(name, inside=True)
    ]
    raise ToolNotFoundError(_not_found(spec, wanted, misfits, entry))


def _explicit(spec: ToolSpec, path: Path) -> Tool:
    """The explicit path, whatever its version."""
    if not _is_executable(path):
        problem = "is not executable" if path.is_file() else "is not a file"
        raise CannotRun(f"{spec.variable} is {path}, which {problem}; correct the variable or unset it")
    return Tool(spec.name, known_version(spec, path), path, ToolOrigin.EXPLICIT, spec.variable)


def on_path(name: str) -> Iterator[Path]:
    """Every executable of that name on PATH, in order, that is not part of the current checkout.

    Relative folders are skipped, and those inside the current checkout.
    """
    return _on_path(name, inside=False)


def _on_path(name: str, *, inside: bool) -> Iterator[Path]:
    top, file = looked_at(), name + systems.SUFFIX
    for folder in dict.fromkeys(os.environ.get("PATH", "").split(os.pathsep)):
        if not folder or not (candidate := Path(folder, file)).is_absolute() or not _is_executable(candidate):
            continue
        if (top is not None and _lies_in(candidate.parent, top)) == inside:
            yield candidate


def _lies_in(folder: Path, top: Path) -> bool:
    return any(
        Path(path).is_relative_to(os.path.realpath(top))
        for path in (os.path.abspath(folder), os.path.realpath(folder))  # noqa: PTH100
    )


def _is_executable(path: Path) -> bool:
    # A folder without read permission has no executables for this user.
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113


def _not_found(spec: ToolSpec, wanted: str, misfits: list[str], entry: CachedTool) -> str:
    on_path = f"PATH has {', '.join(misfits)}" if misfits else "not on PATH"
    install = "run `meshwright tools --install`, or " if systems.is_unix() else ""
    return (
        f"{spec.name} {wanted} not found ({on_path}; {entry.doubt()}): {install}"
        f"set {spec.variable} to its path, or `go install {spec.package}@{wanted}` and put it on PATH"
    )
