"""What is in a cache that somebody else filled is proved before it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from meshwright.errors import MeshwrightError
from meshwright.tools import Installer, ToolNotFoundError, ToolOrigin, download, locate
from meshwright.tools.catalog import TOOLS
from meshwright.tools.toolcache import CachedTool, cache_entry
from security.ground import Ground, archive_of


def test_a_restored_tool_is_proved_by_its_archive_once(
    ground: Ground, restored: CachedTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = locate("kustomize")
    assert (tool.path, tool.origin) == (restored.binary, ToolOrigin.DOWNLOAD)
    assert ground.ledger.exists()
    monkeypatch.setattr(download, "proved_member", lambda *_: pytest.fail("proved again"))
    assert locate("kustomize") == tool


def test_a_tampered_executable_is_taken_out_of_its_archive_anew(restored: CachedTool) -> None:
    good = restored.binary.read_bytes()
    restored.binary.write_bytes(good.replace(b"0", b"1"))
    with pytest.raises(ToolNotFoundError, match="the origin of the cached copy is not proved"):
        locate("kustomize")
    # No server answers: what is at hand is enough.
    assert Installer().install("kustomize").path.read_bytes() == good
    assert locate("kustomize").path == restored.binary


def test_a_swapped_archive_proves_nothing(ground: Ground, restored: CachedTool) -> None:
    ground.fake(restored.binary)
    restored.archive.write_bytes(archive_of("kustomize", restored.binary.read_bytes()))
    with pytest.raises(ToolNotFoundError, match="the origin of the cached copy is not proved"):
        locate("kustomize")
    with pytest.raises(MeshwrightError, match="could not be installed") as caught:
        Installer().install("kustomize")
    assert "\n" not in str(caught.value)
    assert not ground.canary.exists()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "huge"])
def test_an_archive_that_is_no_file_proves_nothing(restored: CachedTool, kind: str) -> None:
    real = restored.archive.rename(restored.folder / "real")
    match kind:
        case "link":
            restored.archive.symlink_to(real)
        case "pipe":
            os.mkfifo(restored.archive)
        case "folder":
            restored.archive.mkdir()
        case _:
            with restored.archive.open("wb") as file:
                file.truncate(1 << 30)
    with pytest.raises(ToolNotFoundError):
        locate("kustomize")


def test_a_link_is_no_tool(ground: Ground, restored: CachedTool) -> None:
    real = restored.binary.rename(ground.folder / "kustomize")
    restored.binary.symlink_to(real)
    with pytest.raises(ToolNotFoundError):
        locate("kustomize")


def test_the_record_of_one_path_speaks_for_no_other_bytes(ground: Ground, restored: CachedTool) -> None:
    locate("kustomize")
    other = cache_entry(TOOLS["kustomize"], restored.version, ground.folder / "other")
    fake = ground.fake(other.binary)
    fake.write_bytes(b"#!/bin/sh\nexit 1\n")
    assert fake.stat().st_size == restored.binary.stat().st_size
    assert other.read() is None


@pytest.mark.parametrize("name", ["tools/kustomize", "tools"])
def test_nothing_is_installed_through_a_link(ground: Ground, restored: CachedTool, name: str) -> None:
    restored.binary.unlink()
    place = ground.cache / name
    moved = place.rename(ground.folder / "victim")
    before = sorted(moved.rglob("*"))
    place.symlink_to(moved)
    with pytest.raises(
        MeshwrightError, match=rf"{place}: is a symbolic link, .*; set MESHWRIGHT_CACHE"
    ) as caught:
        Installer().install("kustomize")
    assert "\n" not in str(caught.value)
    assert sorted(moved.rglob("*")) == before


def test_links_in_an_entry_lead_no_write_and_no_removal_out(ground: Ground, restored: CachedTool) -> None:
    victim = ground.folder / "victim"
    victim.mkdir()
    kept = victim / "kept"
    kept.write_text("kept")
    restored.binary.unlink()
    for name in ("kustomize", "record.json", ".lock"):
        (restored.folder / name).symlink_to(kept)
    (restored.folder / ".staging-abcdefgh").symlink_to(victim)
    with pytest.raises(MeshwrightError, match="cannot be written to the cache"):
        Installer().install("kustomize")
    (restored.folder / ".lock").unlink()
    assert Installer().install("kustomize").path.read_bytes() == b"#!/bin/sh\nexit 0\n"
    assert [path.read_text() for path in victim.iterdir()] == ["kept"]


def _unwritable(ground: Ground) -> None:
    (ground.folder / "state").write_text("a file where a folder should be")


def test_without_a_state_folder_a_restored_tool_is_proved_each_time(
    ground: Ground, restored: CachedTool
) -> None:
    _unwritable(ground)
    assert locate("kustomize") == locate("kustomize")
    restored.binary.write_bytes(b"#!/bin/sh\nexit 1\n")
    with pytest.raises(ToolNotFoundError):
        locate("kustomize")


def test_without_a_state_folder_nothing_is_built(ground: Ground) -> None:
    _unwritable(ground)
    ground.fake(ground.folder / "bin/go")
    with pytest.raises(
        MeshwrightError, match=r"the ledger of installed tools cannot be written: .*; set XDG_STATE_HOME"
    ) as caught:
        Installer(checksums={}).install("kustomize")
    assert "\n" not in str(caught.value)
    assert not ground.canary.exists()


def test_a_state_folder_inside_the_checkout_vouches_for_nothing(
    ground: Ground, restored: CachedTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    locate("kustomize")
    restored.archive.unlink()
    assert locate("kustomize").path == restored.binary
    monkeypatch.setenv("XDG_STATE_HOME", str(ground.repository / "state"))
    shutil.copytree(ground.folder / "state", ground.repository / "state")
    with pytest.raises(ToolNotFoundError, match="set XDG_STATE_HOME to a folder outside") as caught:
        locate("kustomize")
    assert "\n" not in str(caught.value)


def test_two_processes_at_once_lose_no_record(ground: Ground) -> None:
    program = (
        "import sys; from pathlib import Path; from meshwright.tools.ledger import Ledger, Record;"
        "from meshwright.tools import ToolOrigin; file = Path(sys.argv[1]); file.write_text('x');"
        "record = Record('helm', 'v1', ToolOrigin.GO_INSTALL, '', '0', 0, 0, 0, 0).seen(file.stat());"
        "[Ledger().keep(file, record) for _ in range(20)]"
    )
    files = [str(ground.folder / f"tool{number}") for number in range(4)]
    started = [subprocess.Popen([sys.executable, "-c", program, file]) for file in files]
    assert [process.wait() for process in started] == [0] * 4
    assert sorted(json.loads(ground.ledger.read_text())["executables"]) == files
    assert sorted(path.name for path in ground.ledger.parent.iterdir()) == ["tools.json", "tools.lock"]
