"""Named pipes and devices in the place of files: nothing waits for them, and nothing reads without end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright.check.report import Report
from meshwright.check.verdict.baseline import FILE, without_baseline
from meshwright.errors import MeshwrightError
from meshwright.git import worktree
from meshwright.git.changes import uncommitted
from meshwright.git.ignores import ignore_sources
from support.upgrades import adopt, write

EXAMPLE = Path(__file__).parents[2] / "examples" / "pi-cluster"
FILES = (
    ".copier-answers.yml",
    "apps/demo/mesh.yaml",
    "apps/demo/kustomization.yaml",
    "mesh/components/pi-cluster/inject-workloads/kustomization.yaml",
    "mesh/apps/pi-cluster/demo/kustomization.yaml",
    "platform/pi-cluster/linkerd-control-plane/values.yaml",
    ".meshwright-baseline.json",
    ".meshwright.yaml",
)
COMMANDS = {
    "check": ("check", "--no-cache", "."),
    "graph": ("graph", "--format", "json"),
    "list": ("app", "list"),
    "show": ("app", "show", "demo"),
    "generate": ("generate", "--check", "--no-cache"),
    "trust": ("trust", "."),
}


@pytest.mark.parametrize("file", FILES)
def test_a_pipe_instead_of_a_file(file: str, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(EXAMPLE, root)
    # These two are optional; a path that has moved would test nothing.
    (root / file).unlink(missing_ok=file in (FILE, ".meshwright.yaml"))
    os.mkfifo(root / file)

    for arguments in COMMANDS.values():
        command = [sys.executable, "-P", "-m", "meshwright", *arguments]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1, 2)
        assert "Traceback" not in done.stderr
        assert "internal/error" not in done.stdout


def test_a_baseline_without_end(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to("/dev/zero")

    with pytest.raises(MeshwrightError, match="a symbolic link, which is not followed"):
        without_baseline(tmp_path, Report((), (), (), {}, ""))


@pytest.mark.parametrize("name", [".gitignore", "sub/.gitattributes", ".git/info/exclude"])
def test_git_waits_for_no_pipe(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("a.yaml", "sub/b.yaml"):
        write(tmp_path / "place" / path, "a: 1\n")
    checkout = adopt(tmp_path / "place")
    (checkout / name).parent.mkdir(exist_ok=True)
    (checkout / name).unlink(missing_ok=True)
    os.mkfifo(checkout / name)
    # Git asks for the attributes of one, and whether the other is ignored.
    write(checkout / "sub" / "b.yaml", "a: 2\n")
    write(checkout / "sub" / "new.yaml", "a: 2\n")
    monkeypatch.setattr(worktree, "_PATIENCE", 0.5)

    with pytest.raises(MeshwrightError, match=f"{name} is a named pipe, .*; remove it"):
        uncommitted(worktree.WorkTree.of(checkout))


def test_a_linked_configuration_of_git_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "place" / "a.yaml", "a: 1\n")
    checkout = adopt(tmp_path / "place")
    secret = tmp_path / "secret"
    secret.write_text("[core]\n\texcludesFile = /canary\n", encoding="utf-8")
    (checkout / ".git" / "config").unlink()
    (checkout / ".git" / "config").symlink_to(secret)

    assert Path("/canary") not in set(ignore_sources(checkout))
