"""Reads, compares and queries the versions of tools."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from meshwright.tools.catalog import ToolSpec

UNKNOWN = "unknown"

_PATTERN = re.compile(r"(?<![\w.])v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?")
# A version command takes milliseconds; this limits one that hangs.
_TIMEOUT_SECONDS = 30


class Version(NamedTuple):
    """A semantic version without build metadata; an empty ``prerelease`` means a release."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    def __str__(self) -> str:
        base = f"v{self.major}.{self.minor}.{self.patch}"
        return f"{base}-{self.prerelease}" if self.prerelease else base


def parse_version(text: str) -> Version | None:
    """The first full version (three numbers) in a text, or None, as for "v4.2" and "development"."""
    found = _PATTERN.search(text)
    if not found:
        return None
    major, minor, patch, prerelease = found.groups()
    return Version(int(major), int(minor), int(patch), prerelease or "")


def fits(found: str, wanted: str) -> bool:
    """Whether ``found`` can replace the pin: the same major.minor, and the same patch or a newer one.

    The rule is the same for all tools: a minor version of kustomize and helm changes what they render, and
    one of kubeconform, still at 0.x, may change its flags. A pre-release fits only if it is the pin itself.
    """
    have, want = parse_version(found), parse_version(wanted)
    if have is None or want is None:
        return False
    if have.prerelease or want.prerelease:
        return have == want
    return have[:2] == want[:2] and have.patch >= want.patch


def ask_version(spec: ToolSpec, path: Path) -> str:
    """The version of an executable, such as v5.8.1, or "unknown"; starts it once, in an empty environment.

    A tool built by ``go install`` does not know its version (kubeconform prints "development", helm "v4.2");
    then the module version that the Go linker wrote into the file is used.
    """
    import tempfile

    from meshwright import programs

    try:
        with tempfile.TemporaryDirectory() as home:
            answer = programs.run(
                [path, *spec.version_arguments],
                folder=Path(home),
                environment=programs.bare_environment(Path(home)),
                seconds=_TIMEOUT_SECONDS,
                network=False,
            )
    except (OSError, programs.ProgramTimeout):
        return UNKNOWN
    said = parse_version(answer.output.decode("utf-8", "replace")) if answer.status == 0 else None
    version = said or _module_version(path, spec.module)
    return str(version) if version else UNKNOWN


def _module_version(path: Path, module: str) -> Version | None:
    """The version of the main module in a Go executable's build information, or None.

    The information is text: one line "mod", module, version and sum, separated by tabs
    (Go's runtime/debug.BuildInfo).
    """
    import mmap

    line = re.compile(rb"\nmod\t" + re.escape(module.encode()) + rb"\t(v[^\t\n]{1,100})")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found = line.search(content)
            text = found.group(1).decode("ascii", "replace") if found else ""
    except (OSError, ValueError):
        return None
    return parse_version(text)
