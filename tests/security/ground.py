"""A stranger's repository between a cache, a state folder and a canary."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from meshwright.tools.catalog import TOOLS, host_platform, wanted_version
from meshwright.tools.toolcache import cache_entry

ROOT = Path(__file__).resolve().parents[2]
MESHWRIGHT = Path(sys.executable).parent / "meshwright"
NAMES = ("kustomize", "kubeconform", "helm")


@dataclass(frozen=True)
class Ground:
    """A repository, and around it a cache, a state folder and a canary that no program may touch."""

    folder: Path
    repository: Path
    cache: Path
    ledger: Path

    @property
    def canary(self) -> Path:
        return self.folder / "canary"

    def fake(self, path: Path) -> Path:
        """A program that says the right version, and that it ran."""
        path.parent.mkdir(parents=True, exist_ok=True)
        version = wanted_version(path.name) if path.name in NAMES else ""
        path.write_text(f"#!/bin/sh\necho {path} >> '{self.canary}'\necho {version}\n")
        path.chmod(0o755)
        return path

    def plant(self, cache: Path) -> None:
        """Each tool as a fake in a cache, with the record that an older Meshwright believed."""
        for name in NAMES:
            entry = cache_entry(TOOLS[name], wanted_version(name), cache)
            fake = self.fake(entry.binary)
            status = fake.stat()
            record = {
                "name": name,
                "version": entry.version,
                "origin": "download",
                "detail": TOOLS[name].url(entry.version, host_platform()),
                "sha256": hashlib.sha256(fake.read_bytes()).hexdigest(),
                "size": status.st_size,
                "mtime": status.st_mtime_ns,
            }
            entry.record.write_text(json.dumps(record))

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command of Meshwright inside the repository, with no tool on PATH."""
        names = ("HOME", "LANG", "MESHWRIGHT_CACHE", "XDG_STATE_HOME", "XDG_CACHE_HOME")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        # git is needed by some, and nothing may be fetched or built.
        git = self.folder / "bin" / "git"
        git.parent.mkdir(exist_ok=True)
        if not git.exists():
            git.symlink_to(shutil.which("git") or "/nowhere")
        environment |= {
            "PATH": str(git.parent),
            "MESHWRIGHT_DOWNLOAD_BASE": "http://127.0.0.1:9",
            **more,
        }
        return subprocess.run(
            [MESHWRIGHT, *arguments],
            cwd=self.repository,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


def archive_of(name: str, content: bytes) -> bytes:
    """A tar.gz as releases have it, with one executable."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(TOOLS[name].archive_member(host_platform()))
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
