"""A folder that is replaced by a link to outside: no command looks behind it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meshwright.cli import app
from support.reads import watched_reads

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(
    f"{example.name}/{folder.relative_to(example).as_posix()}"
    for example in (EXAMPLES / "pi-cluster", EXAMPLES / "datacenter-argocd")
    for folder in example.rglob("*")
    if folder.is_dir()
    and folder.name[0] != "."
    # Every folder of one engine; of the other, those that are found by their names.
    and (example.name == "pi-cluster" or len(folder.relative_to(example).parts) < 3)
)
COMMANDS = (
    ("check", "--no-cache", "-C"),
    ("graph", "--format", "json", "-C"),
    ("generate", "--check", "--no-cache", "-C"),
    ("app", "list", "-C"),
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_linked_folder(folder: str, tmp_path: Path) -> None:
    example, _, inner = folder.partition("/")
    root, outside = tmp_path / "repository", tmp_path / "outside"
    shutil.copytree(EXAMPLES / example, root)
    shutil.move(root / inner, outside)
    (root / inner).symlink_to(outside)
    name = inner.split("/")[1] if inner.startswith("apps/") else "new"

    for arguments in (*COMMANDS, ("app", "add", name, "-C"), ("app", "show", name, "-C")):
        with watched_reads(root) as read:
            done = CliRunner().invoke(app, [*arguments, os.fspath(root)])
        assert read == [], (arguments, done.output)
        assert done.exit_code in (0, 1, 2)
        assert "internal/error" not in done.output


def test_a_read_through_a_link_is_seen(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/link").symlink_to("../outside")

    with watched_reads(tmp_path / "repository") as read:
        list((tmp_path / "repository/link").iterdir())
        list((tmp_path / "repository").iterdir())

    assert read == ["link"]
