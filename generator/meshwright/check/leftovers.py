"""Files that an editor, a merge or an update left beside the files that are read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator

from meshwright.errors import Position
from meshwright.finding import Finding, Severity
from meshwright.manifests.files import RepositoryFiles

_FOLDERS = ("apps", "clusters", "mesh", "platform")
# What is read under its own name, so that a copy with another ending is a backup and no data.
_READ = re.compile(r"(?:\.ya?ml|\.json)\Z")
_BACKUP = re.compile(r"(?P<hidden>\.)?(?P<name>.+?)(?P<end>~|\.(?:bak|orig|old|save|rej|sw[a-p]))\Z")


def leftover_findings(files: RepositoryFiles, used: Container[str]) -> Iterator[Finding]:
    """Each such file that Git does not ignore, in a generated repository; builds read the ``used`` ones."""
    for path in files.paths:
        match = _BACKUP.match(posixpath.basename(path))
        if match is None or path in used or not (path.startswith(".") or _is_ours(path)):
            continue
        of = posixpath.join(posixpath.dirname(path), match["name"])
        if match["hidden"] and not match["end"].startswith(".sw"):
            of = posixpath.join(posixpath.dirname(path), f".{match['name']}")
        if not _READ.search(of):
            continue
        if match["end"] == ".rej":
            text = f"a change that could not be merged into {of}: nothing reads this file"
            fix = f"make the change in {of} by hand, then remove this file"
            yield Finding("layout/rejected", Position(path), text, fix)
        else:
            text = f"a backup of {of}, which nothing reads"
            fix = f"remove it, and add *{match['end']} to .gitignore"
            yield Finding("layout/backup", Position(path), text, fix, severity=Severity.WARNING)


def _is_ours(path: str) -> bool:
    first, _, rest = path.partition("/")
    return not rest or first in _FOLDERS
