"""Where the files that kustomize gets are written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from meshwright.manifests import workspace
from meshwright.manifests.workspace import Workspace

MEMORY = Path("/dev/shm")
needs_memory = pytest.mark.skipif(not MEMORY.is_dir(), reason="the system has no folder in memory")


@pytest.fixture(autouse=True)
def usual_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)


@needs_memory
@pytest.mark.parametrize("bound", ["_PLENTY_BYTES", "_PLENTY_FILES"])
def test_is_in_memory_only_where_there_is_plenty(
    bound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "_PLENTY_BYTES", 0)
    monkeypatch.setattr(workspace, "_PLENTY_FILES", 0)
    with Workspace(tmp_path) as made:
        assert made.root.is_relative_to(MEMORY)
    assert not made.root.exists()
    monkeypatch.setattr(workspace, bound, 2**80)
    with Workspace(tmp_path) as made:
        assert not made.root.is_relative_to(MEMORY)


def test_a_folder_that_the_user_names_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Workspace(Path("/") / "nowhere") as made:
        assert made.root.parent == tmp_path.resolve()
