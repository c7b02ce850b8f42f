"""What the cache holds and when it is believed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshwright.cache.places import cache_root
from meshwright.tools import ToolOrigin, ledger
from meshwright.tools.catalog import TOOLS, host_platform, wanted_version
from meshwright.tools.ledger import Ledger, file_sha256
from meshwright.tools.toolcache import CachedTool, cache_entry

if TYPE_CHECKING:
    from tools.conftest import Sandbox


@pytest.fixture
def stored(sandbox: Sandbox) -> CachedTool:
    entry = sandbox.entry("kustomize")
    with entry.lock(), entry.staging() as folder:
        made = folder / "kustomize"
        made.write_bytes(b"an executable")
        entry.store(made, ToolOrigin.GO_INSTALL, "example.org/kustomize@v1")
    return entry


def test_layout_and_what_is_written_down(sandbox: Sandbox, stored: CachedTool) -> None:
    version = wanted_version("kustomize")
    assert stored.binary == sandbox.cache / "tools/kustomize" / version / str(host_platform()) / "kustomize"
    state = stored.binary.stat()
    expected = {
        "name": "kustomize",
        "version": version,
        "origin": "go-install",
        "detail": "example.org/kustomize@v1",
        "sha256": file_sha256(stored.binary),
        "size": 13,
        "modified": state.st_mtime_ns,
        "changed": state.st_ctime_ns,
        "inode": state.st_ino,
    }
    content = json.loads(sandbox.ledger.read_text())
    assert content == {"version": 1, "executables": {str(stored.binary): expected}}
    for_people = {name: value for name, value in expected.items() if name not in ("changed", "inode")}
    assert json.loads(stored.record.read_text()) == {
        "mtime" if name == "modified" else name: value for name, value in for_people.items()
    }
    assert os.access(stored.binary, os.X_OK)
    assert sandbox.leftovers() == []


def test_stored_tool_is_read_back(stored: CachedTool) -> None:
    tool = stored.read()
    assert tool is not None
    assert tool.source == "cache: built from example.org/kustomize@v1"


def test_other_size_is_not_believed(stored: CachedTool) -> None:
    stored.binary.write_bytes(b"an executable and more")
    assert stored.read() is None


def test_same_size_and_time_but_other_content_is_not_believed(stored: CachedTool) -> None:
    before = stored.binary.stat()
    stored.binary.write_bytes(b"an executablE")
    os.utime(stored.binary, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert stored.binary.stat().st_mtime_ns == before.st_mtime_ns
    assert stored.read() is None


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file that the ledger hashes."""
    found: list[Path] = []

    def noted(path: Path) -> str:
        found.append(path)
        return file_sha256(path)

    monkeypatch.setattr(ledger, "file_sha256", noted)
    return found


def test_what_is_known_is_not_hashed(stored: CachedTool, hashed: list[Path]) -> None:
    assert stored.read() is not None
    assert hashed == []


def test_touched_executable_is_believed_by_its_sha256_and_then_cheaply(
    stored: CachedTool, hashed: list[Path]
) -> None:
    os.utime(stored.binary, ns=(1, 1))
    assert stored.read() is not None
    assert hashed == [stored.binary]
    assert stored.read() is not None
    assert hashed == [stored.binary]


@pytest.mark.usefixtures("stored")
def test_moved_cache_is_believed_by_its_bytes(
    sandbox: Sandbox, hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = sandbox.cache.with_name("elsewhere")
    sandbox.cache.rename(elsewhere)
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(elsewhere))
    moved = sandbox.entry("kustomize")
    assert [moved.read() is not None, moved.read() is not None] == [True, True]
    assert hashed == [moved.binary]
    assert list(json.loads(sandbox.ledger.read_text())["executables"]) == [str(moved.binary)]


def test_the_record_in_the_cache_is_for_people(stored: CachedTool) -> None:
    stored.record.write_text("{")
    assert stored.read() is not None
    stored.record.unlink()
    assert stored.read() is not None


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"executables": []}', '{"executables": {"x": {"origin": "elsewhere"}}}']
)
def test_broken_ledger_vouches_for_nothing_and_is_mended(
    sandbox: Sandbox, stored: CachedTool, content: str
) -> None:
    record = Ledger().vouch("kustomize", stored.version, stored.binary, stored.binary.stat())
    assert record is not None
    sandbox.ledger.write_text(content)
    assert stored.read() is None
    Ledger().keep(stored.binary, record)
    assert stored.read() is not None


@pytest.mark.parametrize(("field", "other"), [("version", "v5.0.0"), ("name", "helm"), ("sha256", "0" * 64)])
def test_record_of_something_else_vouches_for_nothing(
    sandbox: Sandbox, stored: CachedTool, field: str, other: str
) -> None:
    content = json.loads(sandbox.ledger.read_text())
    (record,) = content["executables"].values()
    record |= {field: other, "changed": 1}
    sandbox.ledger.write_text(json.dumps(content))
    assert stored.read() is None


def test_the_ledger_forgets_what_is_gone(sandbox: Sandbox, stored: CachedTool) -> None:
    record = Ledger().vouch("kustomize", stored.version, stored.binary, stored.binary.stat())
    assert record is not None
    stored.binary.unlink()
    other = sandbox.script("other", "")
    Ledger().keep(other, record)
    assert list(json.loads(sandbox.ledger.read_text())["executables"]) == [str(other)]


def test_what_is_not_executable_is_not_believed(stored: CachedTool) -> None:
    stored.binary.chmod(0o644)
    # Root may execute only what somebody may.
    assert stored.read() is None


def test_staging_sweeps_what_a_killed_process_left(stored: CachedTool) -> None:
    left = stored.folder / ".staging-abc" / "half"
    left.parent.mkdir()
    left.write_text("half a tool")
    with stored.staging() as folder:
        assert list(folder.iterdir()) == []
        assert not left.parent.exists()
    assert not folder.exists()


def test_default_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    root = cache_root()
    assert root.is_relative_to(tmp_path)
    assert root.name == "meshwright"
    assert cache_entry(TOOLS["helm"], "v1.0.0").folder.is_relative_to(root / "tools" / "helm" / "v1.0.0")
