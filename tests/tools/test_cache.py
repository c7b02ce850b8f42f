"""What the cache holds and when it is believed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshwright.tools import Origin
from meshwright.tools.cache import Entry, cache_entry, cache_root, file_sha256
from meshwright.tools.catalog import TOOLS, host_platform, wanted_version

if TYPE_CHECKING:
    from conftest import Sandbox


@pytest.fixture
def stored(sandbox: Sandbox) -> Entry:
    entry = sandbox.entry("kustomize")
    with entry.lock(), entry.staging() as folder:
        made = folder / "kustomize"
        made.write_bytes(b"an executable")
        entry.store(made, Origin.DOWNLOAD, "https://example.org/kustomize.tar.gz")
    return entry


def test_layout_and_record(sandbox: Sandbox, stored: Entry) -> None:
    version = wanted_version("kustomize")
    assert stored.binary == sandbox.cache / "tools/kustomize" / version / str(host_platform()) / "kustomize"
    record = json.loads(stored.record.read_text())
    assert record.pop("mtime") == stored.binary.stat().st_mtime_ns
    assert record == {
        "name": "kustomize",
        "version": version,
        "origin": "download",
        "detail": "https://example.org/kustomize.tar.gz",
        "sha256": file_sha256(stored.binary),
        "size": 13,
    }
    assert os.access(stored.binary, os.X_OK)
    assert sandbox.leftovers() == []


def test_stored_tool_is_read_back(stored: Entry) -> None:
    tool = stored.read()
    assert tool is not None
    assert tool.source == "cache: downloaded from https://example.org/kustomize.tar.gz"


def test_other_size_is_not_believed(stored: Entry) -> None:
    stored.binary.write_bytes(b"an executable and more")
    assert stored.read() is None


def test_same_size_but_other_content_is_not_believed(stored: Entry) -> None:
    stored.binary.write_bytes(b"an executablE")
    os.utime(stored.binary, ns=(1, 1))
    assert stored.read() is None


def test_copied_cache_is_believed_by_its_sha256_and_then_cheaply(
    stored: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(stored.binary, ns=(1, 1))
    assert stored.read() is not None
    monkeypatch.setattr("meshwright.tools.cache.file_sha256", lambda _: pytest.fail("hashed again"))
    assert stored.read() is not None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"origin": "elsewhere"}'])
def test_broken_record_is_not_believed(stored: Entry, content: str) -> None:
    stored.record.write_text(content)
    assert stored.read() is None


def test_record_of_another_version_is_not_believed(stored: Entry) -> None:
    record = json.loads(stored.record.read_text())
    stored.record.write_text(json.dumps({**record, "version": "v5.0.0"}))
    assert stored.read() is None


def test_what_is_not_executable_is_not_believed(stored: Entry) -> None:
    stored.binary.chmod(0o644)
    # Root may execute only what somebody may.
    assert stored.read() is None


def test_staging_sweeps_what_a_killed_process_left(stored: Entry) -> None:
    left = stored.folder / ".staging" / "half"
    left.parent.mkdir()
    left.write_text("half a tool")
    with stored.staging() as folder:
        assert list(folder.iterdir()) == []
    assert not folder.exists()


def test_default_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    root = cache_root()
    assert root.is_relative_to(tmp_path)
    assert root.name == "meshwright"
    assert cache_entry(TOOLS["helm"], "v1.0.0").folder.is_relative_to(root / "tools" / "helm" / "v1.0.0")
