"""Builds a tool from its pinned Go module with ``go install``."""

from __future__ import annotations

import os
import re
from pathlib import Path

from meshwright.tools.catalog import ToolSpec
from meshwright.tools.finder import on_path
from meshwright.tools.model import InstallationFault

# helm on a Raspberry Pi with a slow card; go itself gives up much earlier without a network.
_BUILD_SECONDS = 3600

_TOO_OLD = re.compile(r"requires go >= (\S+) \(running go (\S+?)[;)]")
_NO_NETWORK = re.compile(r"(dial (?:tcp|udp)[^\n]*|no such host|i/o timeout|network is unreachable)")


def go_install(spec: ToolSpec, version: str, folder: Path) -> Path:
    """Build ``spec.package`` at that version in ``folder``; returns the executable.

    The module comes from the user's GOPROXY and is verified by GOSUMDB. Raises InstallationFault if go is
    missing or too old, cannot fetch the module, or cannot build it.
    """
    from meshwright import programs

    go = next(on_path("go"), None)
    if go is None:
        raise InstallationFault("go is not on PATH")
    try:
        built = programs.run(
            [go, "install", "-trimpath", f"{spec.package}@{version}"],
            folder=folder,
            environment=_environment(folder),
            seconds=_BUILD_SECONDS,
        )
    except programs.ProgramTimeout:
        raise InstallationFault(f"go install took longer than {_BUILD_SECONDS // 60} minutes") from None
    except OSError as error:
        raise InstallationFault(f"{go} does not start: {error.strerror}") from error
    if built.status:
        raise InstallationFault(_explain(built.stderr.decode("utf-8", "replace")))
    executable = folder / spec.name
    if not executable.is_file():
        raise InstallationFault(f"go install succeeded but did not create {spec.name}")
    return executable


def _environment(folder: Path) -> dict[str, str]:
    """The user's environment without variables that would change the build."""
    # With a target platform, go refuses GOBIN; the build is always for this machine.
    dropped = {"GOOS", "GOARCH", "GOARM", "GOARM64", "GOAMD64", "GOEXPERIMENT"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    own = {"GOFLAGS": "-mod=mod", "GOWORK": "off", "CGO_ENABLED": "0", "GO111MODULE": "on"}
    return {**kept, **own, "GOBIN": str(folder)}


def _explain(errors: str) -> str:
    """The line of go's output that gives the reason."""
    if too_old := _TOO_OLD.search(errors):
        return f"go {too_old[2]} is too old: the module needs go {too_old[1]} or newer"
    if no_network := _NO_NETWORK.search(errors):
        return f"go cannot reach the module proxy: {no_network[1].strip()[:200]}"
    lines = [line.strip() for line in errors.splitlines()]
    # Progress lines ("go: downloading ...") and package headers ("# pkg") do not describe the fault.
    telling = [
        line for line in lines if line and not line.startswith(("go: downloading", "go: finding", "#"))
    ]
    return (
        f"go install failed: {telling[0].removeprefix('go: ')[:300]}"
        if telling
        else "go install failed without a message"
    )
