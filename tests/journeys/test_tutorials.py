"""The tutorials of the manual: every command that can run here is run, and prints what the page shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from journeys.places import NEWER
from support.tutorial import ELSEWHERE, RUN_HERE, Block, Reader, blocks, is_shown
from support.upgrades import git, release
from support.user import User

PAGES = {
    "raspberry-pi.md": "https://github.com/ada/pi.git",
    "two-clusters.md": "https://github.com/ada/fleet.git",
}


def _blocks(root: Path, page: str) -> list[Block]:
    return blocks((root / "docs/tutorials" / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_each_block_is_run_written_or_marked(root: Path, page: str) -> None:
    """A block that is not run names only programs that cannot run here, so that nothing escapes the test."""
    for block in _blocks(root, page):
        if block.mark.startswith("file: "):
            continue
        assert block.language == "console", f"{page}:{block.line}"
        for command, output in block.commands():
            first = command.split()[0]
            if block.mark:
                programs = {first, " ".join(command.split()[:2])}
                assert programs & ELSEWHERE[block.mark], f"{page}:{block.line}: {command}"
                assert output == [], f"{page}:{block.line}: nobody has seen this output"
            else:
                assert first in RUN_HERE, f"{page}:{block.line}: {command}"


def test_every_tutorial_is_followed(root: Path) -> None:
    assert {page.name for page in (root / "docs/tutorials").glob("*.md")} == {*PAGES, "index.md"}


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES)
def test_a_tutorial_is_right(user: User, root: Path, tmp_path: Path, page: str) -> None:
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    config = Path(user.environment["GIT_CONFIG_GLOBAL"])
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[url "file://{remote}"]\n  insteadOf = {PAGES[page]}\n')
    reader = Reader(user.folder, {**user.environment, "COLUMNS": "80", "NO_COLOR": "1"})
    faults: list[str] = []
    for block in _blocks(root, page):
        if "meshwright update" in block.text and not any("meshwright update" in it for it in reader.ran):
            release(user.template, NEWER, "v0.2.0")
        if not block.mark or block.mark.startswith("file: "):
            faults += reader.follow(block)

    assert faults == [], "\n\n".join(faults)
    assert git(reader.folder, "status", "--porcelain") == ""
    assert git(remote, "rev-parse", "main") == git(reader.folder, "rev-parse", "HEAD")
    shutil.rmtree(remote)


def test_output_is_compared() -> None:
    assert is_shown(["a", "…", "c"], ["a", "b", "b", "c"])
    assert is_shown(["…"], [])
    assert not is_shown([], ["a"])
    assert not is_shown(["a", "…", "c"], ["a", "b"])
    assert not is_shown(["a"], ["a", "b"])
