"""Which checkout a folder belongs to, and which git is not asked about."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meshwright.errors import MeshwrightError
from meshwright.git.changes import ignored, uncommitted
from meshwright.git.checkout import Embedded, NotACheckout, common_dir_of, find_top, git_dir_of
from meshwright.git.ignores import ignore_sources
from meshwright.git.worktree import GitFailure, NoRevision, WorkTree
from support.hostilegit import canary, config, embed_bare, ran
from support.upgrades import adopt, git, write


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    place = (tmp_path / "place").resolve()
    write(place / "infra/a.yaml", "a: 1\n")
    return adopt(place)


def agrees_with_git(folder: Path) -> WorkTree:
    tree = WorkTree.of(folder)
    assert tree.text("rev-parse", "--show-toplevel") == git(folder, "rev-parse", "--show-toplevel")
    assert tree.prefix == git(folder, "rev-parse", "--show-prefix")
    assert tree.settings == ()
    assert uncommitted(tree) == []
    return tree


def test_a_folder_of_a_checkout(checkout: Path) -> None:
    tree = agrees_with_git(checkout / "infra")

    assert (tree.top, tree.prefix) == (checkout, "infra/")


def test_through_a_link(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(checkout / "infra")

    assert agrees_with_git(tmp_path / "link").top == checkout


def test_a_linked_work_tree(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "--quiet", str(tmp_path / "linked"))

    assert agrees_with_git(tmp_path / "linked/infra").top == (tmp_path / "linked").resolve()


def test_a_work_tree_of_a_bare_repository(checkout: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(checkout), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "--quiet", str(tmp_path / "linked"))

    assert agrees_with_git(tmp_path / "linked").prefix == ""


def test_a_submodule_and_its_work_tree(checkout: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    adopt(outer)
    git(outer, "submodule", "--quiet", "add", str(checkout), "cluster")
    git(outer / "cluster", "worktree", "add", "--quiet", str(tmp_path / "linked"))

    assert agrees_with_git(outer / "cluster/infra").prefix == "infra/"
    # core.worktree of the shared configuration is the submodule's.
    assert agrees_with_git(tmp_path / "linked").prefix == ""


def test_a_git_directory_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    git(tmp_path, "init", "--quiet", f"--separate-git-dir={tmp_path / 'state'}", "place")

    assert WorkTree.of(tmp_path / "place").settings == ()


def test_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    with pytest.raises(NotACheckout):
        find_top(tmp_path.resolve())


def test_a_bare_repository(checkout: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(checkout), "bare.git")

    for folder in ("bare.git", "bare.git/refs"):
        with pytest.raises(Embedded, match=r"bare\.git: a bare Git repository"):
            WorkTree.of(tmp_path / folder)


@pytest.mark.parametrize("shared", [False, True], ids=["own", "commondir"])
def test_a_bare_repository_among_the_files(checkout: Path, tmp_path: Path, shared: bool) -> None:
    program = canary(tmp_path)
    embed_bare(checkout / "infra", program)
    if shared:
        # What makes it one may lie beside it.
        (checkout / "shared").mkdir()
        for name in ("objects", "refs", "config", "info"):
            (checkout / "infra" / name).rename(checkout / "shared" / name)
        (checkout / "infra/commondir").write_text("../shared\n", encoding="utf-8")
    # It is one that git takes, and obeys.
    assert git(checkout / "infra", "rev-parse", "--git-dir") == "."
    if not shared:
        git(checkout / "infra", "status")
        assert ran(program)

    with pytest.raises(Embedded, match="infra: a bare Git repository"):
        WorkTree.of(checkout / "infra")
    assert not ran(program)


def test_a_broken_git_folder_beside_a_bare_repository(checkout: Path, tmp_path: Path) -> None:
    embed_bare(checkout / "infra", canary(tmp_path))
    for name in ("objects", "refs"):
        (checkout / "infra/.git" / name).mkdir(parents=True)
    (checkout / "infra/.git/HEAD").write_text("nothing\n", encoding="utf-8")

    with pytest.raises(Embedded):
        WorkTree.of(checkout / "infra")


def test_files_elsewhere(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/.gitignore").write_text("*\n", encoding="utf-8")
    config(checkout, "[core]", f"worktree = {tmp_path / 'elsewhere'}")
    tree = WorkTree.of(checkout / "infra")

    with pytest.raises(Embedded, match="its files are elsewhere"):
        _ = tree.settings
    # What ignores files needs no configuration, and looks at these files alone.
    assert ignored(tree) == frozenset()


def test_a_configuration_that_cannot_be_read(checkout: Path) -> None:
    config(checkout, "[broken")

    with pytest.raises(GitFailure, match=r"git failed: bad config line \d+ in file"):
        _ = WorkTree.of(checkout).settings


def test_what_git_says_is_printable(checkout: Path) -> None:
    (checkout / ".git").rename(checkout / "moved")
    (checkout / ".git").write_text("gitdir: \x1b]0;pwned\x07\n", encoding="utf-8")

    with pytest.raises(MeshwrightError) as caught:
        uncommitted(WorkTree.of(checkout))

    assert str(caught.value).isprintable()
    assert "pwned" in str(caught.value)


@pytest.mark.parametrize("name", ["", "-x", "--output=x", "gone", "HEAD:infra", "HEAD..HEAD"])
def test_what_is_no_revision(checkout: Path, name: str) -> None:
    with pytest.raises(NoRevision):
        WorkTree.of(checkout).commit(name)


def test_no_checkout_above_counts(checkout: Path) -> None:
    """A folder that git does not take for a repository is not looked for in the one around it."""
    inner = checkout / "infra"
    git(checkout, "init", "--quiet", "infra")
    shutil.rmtree(inner / ".git/objects")
    (inner / ".git/commondir").write_text("gone\n", encoding="utf-8")

    with pytest.raises(GitFailure, match="not a git repository"):
        uncommitted(WorkTree.of(inner))


@pytest.mark.parametrize("text", ["gitdir: a\0b\n", f"gitdir: {'x' * 3000}\n", "\0", ""])
def test_a_file_that_names_no_git_directory(text: str, tmp_path: Path) -> None:
    (tmp_path / ".git").write_text(text, encoding="utf-8")

    place = git_dir_of(tmp_path)
    assert common_dir_of(place) == place
    assert tmp_path / ".git" not in set(ignore_sources(tmp_path))
    with pytest.raises(MeshwrightError):
        ignored(WorkTree.of(tmp_path))
