"""Mermaid, which draws the manual's diagrams in the browser: a file of its package, checked by hash."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

VERSION = "12.3.0"
# npm view mermaid@VERSION dist.integrity
INTEGRITY = "4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="


class Missing(Exception):
    """The library is not there and cannot be had; the message says what to do."""


def library(cache: Path) -> bytes:
    """The script, from the package in the folder ``cache``, or fetched once with npm. Raises Missing."""
    package = cache / f"mermaid-{VERSION}.tgz"
    if not package.is_file():
        npm = shutil.which("npm")
        if npm is None:
            raise Missing(f"make docs fetches mermaid once: install npm, or put {package.name} into {cache}")
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", "--silent", "--pack-destination", str(cache), f"mermaid@{VERSION}"]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            raise Missing(f"npm cannot fetch mermaid {VERSION}: put {package.name} into {cache}")
    if base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() != INTEGRITY:
        raise Missing(f"{package}: its hash is not that of mermaid {VERSION}: remove it")
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/dist/mermaid.min.js")
        if member is None:
            raise Missing(f"{package}: package/dist/mermaid.min.js is not a file")
        return member.read()
