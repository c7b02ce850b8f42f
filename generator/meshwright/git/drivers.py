"""Settings that keep git from running the filter programs of its configuration.

Filters (clean, smudge, process) run whenever git compares or writes a file, so each filter that any
configuration file or included file defines is set to an empty command.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.errors import MeshwrightError
from meshwright.inert import printable

Settings = tuple[tuple[str, str], ...]
_FILTER = "filter."
# Each filter takes four settings on the command line; nobody has this many.
_MOST = 100


def parse_config(listing: bytes) -> Iterator[tuple[str, str]]:
    """Keys and values of ``git config --null --list``; a key without a value has an empty one."""
    for entry in listing.decode("utf-8", "surrogateescape").split("\0"):
        if entry:
            key, _, value = entry.partition("\n")
            yield key, value


def silenced(keys: Iterator[str]) -> Settings:
    """Settings that disable all configured filters. Raises MeshwrightError for names that cannot be set."""
    names = dict.fromkeys(
        key.removeprefix(_FILTER).rpartition(".")[0]
        for key in keys
        if key.startswith(_FILTER) and key.count(".") > 1
    )
    odd = next((name for name in names if "=" in name or not name.isprintable()), None)
    if odd is not None:
        raise MeshwrightError(
            f"rename the filter '{printable(odd)}' in Git's configuration: a filter with this name cannot be "
            "disabled"
        )
    if len(names) > _MOST:
        raise MeshwrightError(
            f"Git's configuration has {len(names)} filters; at most {_MOST} can be disabled"
        )
    found = []
    for name in names:
        found += [(f"{_FILTER}{name}.{part}", "") for part in ("clean", "smudge", "process")]
        found.append((f"{_FILTER}{name}.required", "false"))
    return tuple(found)
