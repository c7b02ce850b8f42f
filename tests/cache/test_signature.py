"""The state of files: the same while nothing changes, and another one after any change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from meshwright.cache.signature import ABSENT, digest, state_of, states_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a link to a file outside."""
    root = tmp_path / "root"
    for path in (
        "a.yaml",
        "b/c.yaml",
        "b/skip/d.yaml",
        "skip/e.yaml",
        ".git/index",
        ".git/objects/1",
        ".own/f",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("text", encoding="utf-8")
    (tmp_path / "outside").write_text("text", encoding="utf-8")
    (root / "link").symlink_to("../outside")
    return root


def states(folder: Path) -> dict[str, str]:
    return dict(states_in(folder, {"skip", "/.own"}, git_files=("index", "info/exclude")))


def test_what_counts(folder: Path) -> None:
    (folder / "b/.own").mkdir()
    (folder / "b/.own/g").touch()

    found = states(folder)

    assert list(found) == [".git/index", ".git/info/exclude", "a.yaml", "link", "b/c.yaml", "b/.own/g"]
    assert found[".git/info/exclude"] == ABSENT
    assert found["link"].startswith("-> ../outside ")
    assert states(folder) == found
    assert list(dict(states_in(folder, {".git", "skip", "/.own"}))) == [
        "a.yaml",
        "link",
        "b/c.yaml",
        "b/.own/g",
    ]


def behind_the_clock(folder: Path) -> None:
    before = (folder / "a.yaml").stat()
    (folder / "a.yaml").write_text("tixt", encoding="utf-8")
    os.utime(folder / "a.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(folder: Path) -> None:
    copy = folder / "copy"
    copy.write_text("text", encoding="utf-8")
    copy.replace(folder / "a.yaml")


def link(folder: Path) -> None:
    (folder / "a.yaml").rename(folder.parent / "a")
    (folder / "a.yaml").symlink_to("../a")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edit": lambda folder: (folder / "b/c.yaml").write_text("other", encoding="utf-8"),
    "edit behind the clock": behind_the_clock,
    "replace": replace,
    "add": lambda folder: (folder / "b/new").touch(),
    "remove": lambda folder: (folder / "a.yaml").unlink(),
    "mode": lambda folder: (folder / "a.yaml").chmod(0o755),
    "stage": lambda folder: (folder / ".git/index").write_text("other", encoding="utf-8"),
    "what a link leads to": lambda folder: (folder.parent / "outside").write_text("other", encoding="utf-8"),
    "what a link leads to is gone": lambda folder: (folder.parent / "outside").unlink(),
    "link for a file": link,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change: str, folder: Path) -> None:
    before = states(folder)
    CHANGES[change](folder)
    assert states(folder) != before


@pytest.mark.parametrize("path", ["skip/new", "b/skip/new", ".own/new", ".git/objects/2"])
def test_what_does_not_count_is_not_seen(path: str, folder: Path) -> None:
    before = states(folder)
    (folder / path).touch()
    assert states(folder) == before


def test_what_cannot_be_listed_has_a_state(folder: Path) -> None:
    assert dict(states_in(folder / "gone", ())) == {"": "unreadable"}
    assert state_of("a\0b") == ABSENT


def test_a_digest_keeps_texts_apart() -> None:
    parts: tuple[list[str], ...] = (["ab", ""], ["a", "b"], ["ab"], [], [""], ["\udc80"], ["\ud800"])
    assert len({digest(words) for words in parts}) == len(parts)
