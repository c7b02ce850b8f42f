"""A file of the cache: believed only under the same signature, and never a reason to stop."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from meshwright.cache import cachefile
from meshwright.cache.cachefile import CacheFile, read_json


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CacheFile:
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    return CacheFile("folder", "one", "two")


def count(data: Any) -> int:
    return int(data["count"])


def test_what_is_kept_is_recalled_under_its_signature(file: CacheFile) -> None:
    assert file.recall("a", count) is None
    assert file.keep("a", {"count": 3})

    assert file.recall("a", count) == 3
    assert file.recall("b", count) is None
    assert CacheFile("folder", "one", "two").recall("a", count) == 3
    for other in (
        CacheFile("folder", "onetwo"),
        CacheFile("folder", "one"),
        CacheFile("other", "one", "two"),
    ):
        assert other.recall("a", count) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\xfa",
        b"[]",
        b"null",
        b'{"signature": "a"}',
        b'{"signature": "a", "content": null}',
        b'{"signature": "a", "content": {"count": "many"}}',
        b'{"signature": "a", "content": {}}',
        b"[" * 100_000,
    ],
    ids=range(10),
)
def test_what_is_broken_is_forgotten_and_replaced(file: CacheFile, content: bytes) -> None:
    file.keep("a", {"count": 3})
    file.path.write_bytes(content)

    assert file.recall("a", count) is None
    assert file.keep("a", {"count": 4})
    assert file.recall("a", count) == 4


def test_only_a_regular_file_is_read(file: CacheFile, tmp_path: Path) -> None:
    file.keep("a", {"count": 3})
    real = file.path.rename(tmp_path / "real")
    file.path.symlink_to(real)
    assert file.recall("a", count) is None
    file.path.unlink()
    # Nobody ever writes into it.
    os.mkfifo(file.path)
    assert file.recall("a", count) is None
    assert read_json(file.path.parent) is None
    assert read_json(tmp_path / "a\0b") is None


def test_what_is_too_large_is_neither_written_nor_read(
    file: CacheFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file.keep("a", {"count": 1, "more": "x" * 200})
    monkeypatch.setattr(cachefile, "_LARGEST", 100)

    assert not file.keep("a", {"count": 2, "more": "x" * 200})
    assert json.loads(file.path.read_bytes())["content"]["count"] == 1
    assert file.recall("a", count) is None
