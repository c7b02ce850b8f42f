"""What differs from a commit, without running a filter, and as git says it where none is configured."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshwright.errors import MeshwrightError
from meshwright.git.changes import changed_since, ignored, uncommitted
from meshwright.git.worktree import WorkTree
from support.hostilegit import POISONS, canary, config, ran, touch_all
from support.upgrades import adopt, git, write

LARGE = b"\0large\n" * 100


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    for name in ("README.md", "a.yaml", "sub/b.yaml", "sub/c d.yaml"):
        write(place / name, f"{name}: 1\n")
    return adopt(place)


@pytest.mark.parametrize("name", POISONS)
def test_no_program_runs(checkout: Path, tmp_path: Path, name: str) -> None:
    program = canary(tmp_path)
    POISONS[name].lay(checkout, program)
    if proof := POISONS[name].proof:
        with suppress(CalledProcessError):
            git(checkout, *proof)
        assert ran(program), "git itself would run it"
        touch_all(checkout)

    tree = WorkTree.of(checkout)
    found = uncommitted(tree)
    changed = changed_since(tree, tree.commit("HEAD"))
    ignored(tree)

    assert not ran(program)
    # Contents are the same, whatever their filter would make of them.
    expected = ["README.md"] if name == "diff" else []
    assert found == expected
    assert sorted(changed) == expected


def keep_in_lfs(checkout: Path, program: Path) -> Path:
    """A file that Git LFS keeps: its pointer is committed, its content is here."""
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{hashlib.sha256(LARGE).hexdigest()}\nsize {len(LARGE)}\n"
    )
    write(checkout / ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    write(checkout / "sub/large.bin", pointer)
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message=lfs")
    config(checkout, '[filter "lfs"]', f"process = {program}", f"clean = {program}", "required = true")
    file = checkout / "sub/large.bin"
    file.write_bytes(LARGE)
    return file


def test_what_lfs_keeps_is_not_changed(checkout: Path, tmp_path: Path) -> None:
    program = canary(tmp_path)
    file = keep_in_lfs(checkout, program)
    for folder in (checkout, checkout / "sub"):
        tree = WorkTree.of(folder)
        assert uncommitted(tree) == []
        assert changed_since(tree, tree.commit("HEAD")) == frozenset()

    file.write_bytes(LARGE[:-1] + b"x")

    tree = WorkTree.of(checkout)
    assert uncommitted(tree) == ["sub/large.bin"]
    assert changed_since(tree, tree.commit("HEAD")) == {"sub/large.bin"}
    assert not ran(program)


def test_what_lfs_keeps_and_is_staged(checkout: Path, tmp_path: Path) -> None:
    keep_in_lfs(checkout, canary(tmp_path))
    git(checkout, "rm", "--quiet", "--cached", "sub/large.bin")

    assert "sub/large.bin" in uncommitted(WorkTree.of(checkout))


@pytest.mark.parametrize("how", ["autocrlf", "attributes"])
def test_line_ends_are_no_change(checkout: Path, how: str) -> None:
    if how == "autocrlf":
        config(checkout, "[core]", "autocrlf = true")
    else:
        write(checkout / ".gitattributes", "* text=auto eol=crlf\n")
        git(checkout, "add", "--all")
        git(checkout, "commit", "--quiet", "--message=attributes")
    for name in ("a.yaml", "sub/b.yaml"):
        (checkout / name).unlink()
        git(checkout, "checkout", "--quiet", "--", name)
        assert b"\r\n" in (checkout / name).read_bytes()
    touch_all(checkout)
    tree = WorkTree.of(checkout)

    assert uncommitted(tree) == []
    assert changed_since(tree, tree.commit("HEAD")) == frozenset()


def test_the_index_is_not_written(checkout: Path) -> None:
    touch_all(checkout)
    index = checkout / ".git/index"
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    tree = WorkTree.of(checkout)

    uncommitted(tree)
    changed_since(tree, tree.commit("HEAD"))

    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


@pytest.mark.parametrize("name", ["a=b", "a\x1bb"])
def test_a_filter_that_cannot_be_named(checkout: Path, name: str) -> None:
    config(checkout, f'[filter "{name}"]', "clean = false")

    with pytest.raises(MeshwrightError, match="cannot be disabled") as caught:
        uncommitted(WorkTree.of(checkout))

    assert str(caught.value).isprintable()


def test_too_many_filters(checkout: Path) -> None:
    config(checkout, *(f'[filter "{number}"]\nclean = false' for number in range(101)))

    with pytest.raises(MeshwrightError, match="has 101 filters"):
        uncommitted(WorkTree.of(checkout))


def test_paths_are_from_the_folder(checkout: Path) -> None:
    write(checkout / "sub/b.yaml", "b: 2\n")
    write(checkout / "sub/new.yaml", "new\n")
    (checkout / "sub/c d.yaml").unlink()
    write(checkout / "a.yaml", "other\n")

    names = ["b.yaml", "c d.yaml", "new.yaml"]
    tree = WorkTree.of(checkout / "sub")
    assert sorted(uncommitted(tree)) == names
    assert uncommitted(tree, ["b.yaml", "*"]) == ["b.yaml"]
    assert sorted(uncommitted(tree, untracked=False)) == names[:2]
    assert sorted(changed_since(tree, tree.commit("HEAD"))) == names


@pytest.mark.parametrize("folder", ["", "sub"])
def test_files_behind_a_link_that_leads_nowhere(checkout: Path, folder: str) -> None:
    """Git says nothing of them on its output, only that it cannot look at them."""
    place = checkout / folder / "deep"
    write(place / "d.yaml", "d: 1\n")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message=more")
    (place / "d.yaml").unlink()
    place.rmdir()
    place.symlink_to("deep")

    tree = WorkTree.of(checkout / folder)
    assert sorted(uncommitted(tree)) == ["deep", "deep/d.yaml"]
    assert changed_since(tree, tree.commit("HEAD")) == {"deep", "deep/d.yaml"}


def test_nothing_committed(tmp_path: Path) -> None:
    write(tmp_path / "place/a.yaml", "a: 1\n")
    git(tmp_path / "place", "init", "--quiet")

    assert uncommitted(WorkTree.of(tmp_path / "place")) == ["a.yaml"]


def test_what_is_configured_hides_nothing(checkout: Path) -> None:
    write(checkout / "new.yaml", "new\n")
    config(checkout, "[status]", "showUntrackedFiles = no", "relativePaths = true", "branch = true")
    config(checkout, "[diff]", "ignoreSubmodules = all", "relative = true", "renames = copies")

    tree = WorkTree.of(checkout)
    assert uncommitted(tree) == ["new.yaml"]
    assert changed_since(tree, tree.commit("HEAD")) == {"new.yaml"}


def test_sparse_and_shallow(checkout: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{checkout}", "shallow")
    git(tmp_path / "shallow", "sparse-checkout", "set", "sub")
    (tmp_path / "shallow/README.md").unlink(missing_ok=True)

    found = uncommitted(WorkTree.of(tmp_path / "shallow"))

    said = git(tmp_path / "shallow", "status", "--porcelain").splitlines()
    assert set(found) == {line[3:] for line in said}


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["README.md", "a.yaml", "sub/b.yaml", "sub/new.yaml", "ü é.yaml"]),
        st.sampled_from(["write", "same", "delete", "stage", "touch"]),
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_the_same_as_git(checkout: Path, edits: list[tuple[str, str]]) -> None:
    git(checkout, "reset", "--quiet", "--hard")
    git(checkout, "clean", "-dqf")
    for name, verb in edits:
        file = checkout / name
        if verb == "stage":
            git(checkout, "add", "--all")
        elif verb == "delete":
            file.unlink(missing_ok=True)
        elif verb == "touch" and file.exists():
            os.utime(file, (time.time() + 5,) * 2)
        elif verb in ("write", "same"):
            write(file, f"{name}: {1 if verb == 'same' else 2}\n")
    tree = WorkTree.of(checkout)
    said = git(checkout, "status", "--porcelain", "-z", "-uall", "--no-renames").split("\0")
    differs = git(checkout, "diff", "--name-only", "-z", "--no-renames", "HEAD").split("\0")
    new = git(checkout, "ls-files", "-z", "--others", "--exclude-standard").split("\0")

    assert sorted(uncommitted(tree)) == sorted(line[3:] for line in said if line)
    # What is staged and was then undone in the file counts too.
    found = changed_since(tree, tree.commit("HEAD"))
    assert {*differs, *new} - {""} <= found <= {line[3:] for line in said if line}
