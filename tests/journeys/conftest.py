"""A machine on which somebody installed the wheel, and nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from meshwright.cache.places import cache_root
from support.publicrepository import stand_in
from support.user import User


@pytest.fixture(scope="session")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked, and a program ``meshwright`` that runs it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    # As an installer does: compiled once, not at each start.
    compile_all = [sys.executable, "-m", "compileall", "-q", str(folder / "site")]
    subprocess.run(compile_all, check=True)
    program = folder / "bin" / "meshwright"
    program.parent.mkdir()
    program.write_text(
        f'#!{sys.executable} -P\nimport sys\nsys.path.insert(0, "{folder / "site"}")\n'
        "from meshwright.cli import main\nmain()\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return folder


@pytest.fixture
def user(site: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody in an empty folder. The public repository is one of this machine; no other can be reached."""
    tools = cache_root() / "tools"
    public = stand_in(root, tmp_path, monkeypatch)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/tools").symlink_to(tools)
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {
        **{name: value for name, value in public.environment.items() if name not in ("NO_COLOR", "COLUMNS")},
        "PATH": f"{site / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "https_proxy": "http://127.0.0.1:9",
    }
    return User(folder, environment, public.folder)
