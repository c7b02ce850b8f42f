"""What several files of tests have in common: canaries, a stranger's ground, a repository with work to do."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.tools import download
from meshwright.tools.catalog import TOOLS, host_platform, wanted_version
from meshwright.tools.toolcache import CachedTool, cache_entry
from security.ground import Ground, archive_of
from security.hostile import Canaries, canaries
from security.surroundings import COMMANDS, OWN_TOOLS, meshwright
from support.many_apps import add_app, make_repository
from support.owntools import own_tools


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Canaries]:
    """An empty repository, and what shows that something of it reached the machine."""
    with canaries(tmp_path) as found:
        yield found


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    made = Ground(
        tmp_path, tmp_path / "repository", tmp_path / "cache", tmp_path / "state/meshwright/tools.json"
    )
    for spec in TOOLS.values():
        monkeypatch.delenv(spec.variable, raising=False)
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(made.cache))
    monkeypatch.setenv("MESHWRIGHT_DOWNLOAD_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (made.repository / ".git").mkdir(parents=True)
    return made


@pytest.fixture
def restored(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> CachedTool:
    """A cache that CI restored: an executable with its archive, whose checksum is the embedded one."""
    good = b"#!/bin/sh\nexit 0\n"
    archive = archive_of("kustomize", good)
    platform, version = str(host_platform()), wanted_version("kustomize")
    sha256 = hashlib.sha256(archive).hexdigest()
    monkeypatch.setattr(
        download, "load_checksums", lambda: {"kustomize": {version: {"sha256": {platform: sha256}}}}
    )
    entry = cache_entry(TOOLS["kustomize"], version, ground.cache)
    entry.folder.mkdir(parents=True)
    entry.archive.write_bytes(archive)
    entry.binary.write_bytes(good)
    entry.binary.chmod(0o755)
    return entry


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which every command has something to do, and tools that everybody may run."""
    place = tmp_path_factory.mktemp("surroundings")
    OWN_TOOLS.update(own_tools(place / "tools"))
    root = make_repository(place / "repository", 2)
    assert meshwright(root, COMMANDS["generate"]).returncode == 0
    for number in range(2):
        add_app(root, number, 2, generation=1)
    (add_app(root, 9, 10) / "mesh.yaml").unlink()
    git = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "state")):
        subprocess.run([*git, *command], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "repository")
    return tmp_path / "repository"
