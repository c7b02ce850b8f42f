"""What stands against an update is one line each, and nothing is touched; odd checkouts that work, work."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshwright.commands.diff import diff
from meshwright.commands.update import update
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.git.gitpython import require_git
from support.upgrades import adopt, commit, copy, git, make_template, release, take

pytestmark = pytest.mark.usefixtures("renders_here")

NEXT = [{"append": {"file": "template/README.md.jinja", "text": "more\n"}}]
Repository = tuple[Path, Path]


@pytest.fixture
def pair(tmp_path: Path) -> Repository:
    """A template with a newer version, and a repository made from the old one."""
    template = make_template(tmp_path / "template")
    repository = adopt(copy(template, tmp_path / "cluster", {}, "v1.0.0"))
    release(template, NEXT, "v2.0.0")
    return template, repository


def refusal(repository: Path, **options: Any) -> str:
    before = git(repository, "status", "--porcelain") if (repository / ".git").exists() else ""
    with pytest.raises(MeshwrightError) as caught:
        update(repository, **options)
    if (repository / ".git").exists():
        assert git(repository, "status", "--porcelain") == before
        assert not (repository / ".git/meshwright-update").exists()
    return str(caught.value)


def test_changed_and_not_committed(pair: Repository) -> None:
    (pair[1] / "README.md").write_text("mine\n", encoding="utf-8")

    said = refusal(pair[1])

    assert "README.md: uncommitted changes" in said
    assert said.endswith("run git commit or git stash, because an update merges into the last commit")


def test_staged_counts_as_changed(pair: Repository) -> None:
    (pair[1] / "platform/home/alpha/mine.yaml").write_text("a: 1\n", encoding="utf-8")
    git(pair[1], "add", "--all")

    assert "platform/home/alpha/mine.yaml: uncommitted changes" in refusal(pair[1])


def test_no_git(pair: Repository) -> None:
    shutil.rmtree(pair[1] / ".git")

    assert "not in a Git checkout" in refusal(pair[1])


def test_nothing_committed(pair: Repository) -> None:
    shutil.rmtree(pair[1] / ".git")
    git(pair[1], "init", "--quiet")

    assert "nothing is committed yet" in refusal(pair[1])


def test_no_folder(tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "nowhere")


def test_no_answers_file(pair: Repository) -> None:
    (pair[1] / ".copier-answers.yml").unlink()
    commit(pair[1])

    assert "no .copier-answers.yml: the repository was not created by `copier copy`" in refusal(pair[1])


def test_answers_file_without_a_version(pair: Repository) -> None:
    (pair[1] / ".copier-answers.yml").write_text("_src_path: here\nname: home\n", encoding="utf-8")
    commit(pair[1])

    assert ".copier-answers.yml: no _commit" in refusal(pair[1])


def test_answers_file_that_is_no_yaml(pair: Repository) -> None:
    (pair[1] / ".copier-answers.yml").write_text("a: [\n", encoding="utf-8")
    commit(pair[1])

    assert ".copier-answers.yml:1:4:" in refusal(pair[1])


def test_answers_file_with_conflict_markers(pair: Repository) -> None:
    file = pair[1] / ".copier-answers.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"<<<<<<< HEAD\n{text}", encoding="utf-8")
    commit(pair[1])

    assert ".copier-answers.yml:1:1: '<<<<<<< HEAD' is left over from a merge conflict" in refusal(pair[1])

    file.write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> prod\n", encoding="utf-8")
    commit(pair[1])

    assert "unresolved merge conflict between 'HEAD' (line 1) and 'prod' (line" in refusal(pair[1])


def test_a_second_update_and_a_diff_name_what_the_first_left_unresolved(pair: Repository) -> None:
    template, repository = pair
    path = "platform/home/alpha/values.yaml"
    edit = {"replace": {"file": path, "old": "alpha3: 3", "new": "alpha3: mine"}}
    take(repository, [edit, {"commit": None}])
    theirs = {"replace": {"file": f"template/{path}", "old": "alpha3: 3", "new": "alpha3: theirs"}}
    release(template, [theirs], "v3.0.0")
    assert update(repository, write_conflicts=True) is ExitCode.CONFLICTS

    told = (
        f"{path}:3:1: unresolved merge conflict between 'yours' (line 3) and 'template-v3.0.0' (line 7); "
        "keep one side or combine both, delete the marker lines, and run git add"
    )
    assert refusal(repository) == f"{told}, then git commit"
    with pytest.raises(MeshwrightError) as refused:
        diff("HEAD", repository=repository)
    assert str(refused.value) == told


def test_a_tag_that_is_gone(pair: Repository) -> None:
    git(pair[0], "tag", "--delete", "v1.0.0")

    said = refusal(pair[1])

    assert ".copier-answers.yml:2:1: the template" in said
    assert "has no v1.0.0: the tag may have been moved or deleted" in said


def test_a_version_that_is_none(pair: Repository) -> None:
    assert "has no such version; did you mean 'v2.0.0'?" in refusal(pair[1], to="v2.0.1")


def test_an_older_version(pair: Repository) -> None:
    assert update(pair[1]) is ExitCode.CLEAN
    commit(pair[1])

    assert "--to v1.0.0 is older than the repository's version v2.0.0" in refusal(pair[1], to="v1.0.0")


def test_a_template_that_is_not_there(pair: Repository) -> None:
    pair[0].rename(pair[0].with_name("elsewhere"))

    assert "does not exist" in refusal(pair[1])


def test_another_place_for_the_template(pair: Repository) -> None:
    moved = pair[0].rename(pair[0].with_name("elsewhere"))

    assert update(pair[1], template=str(moved)) is ExitCode.CLEAN

    # What is recorded stays: the other place was for this time.
    assert str(pair[0]) in (pair[1] / ".copier-answers.yml").read_text(encoding="utf-8")


def test_a_relative_source_from_another_folder(pair: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    file = pair[1] / ".copier-answers.yml"
    file.write_text(file.read_text(encoding="utf-8").replace(str(pair[0]), "../template"), encoding="utf-8")
    commit(pair[1])
    monkeypatch.chdir("/")

    assert update(pair[1]) is ExitCode.CLEAN


def test_a_merge_under_way(pair: Repository) -> None:
    (pair[1] / ".git/MERGE_HEAD").write_text("0" * 40, encoding="utf-8")

    assert "a merge is in progress" in refusal(pair[1])


def test_a_sparse_checkout(pair: Repository) -> None:
    git(pair[1], "sparse-checkout", "set", "apps")

    assert "committed but not checked out" in refusal(pair[1])


def test_another_update_at_the_same_time(pair: Repository) -> None:
    handle = os.open(pair[1] / ".git", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        assert "another update is running" in refusal(pair[1])
    finally:
        os.close(handle)


def test_a_locked_index(pair: Repository) -> None:
    (pair[1] / ".git/index.lock").write_text("", encoding="utf-8")

    assert "another git process is running" in refusal(pair[1])

    (pair[1] / ".git/index.lock").unlink()
    assert update(pair[1]) is ExitCode.CLEAN


def test_an_answer_without_a_value(pair: Repository) -> None:
    assert "write KEY=VALUE" in refusal(pair[1], answers=("size",))


def old_git(folder: Path) -> None:
    script = folder / "git"
    script.write_text("#!/bin/sh\necho git version 2.30.2\n", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("prepare", "said"),
    [(old_git, "git version 2.30.2 is too old"), (lambda _: None, "git is not on PATH")],
    ids=["old", "none"],
)
def test_git_itself(
    pair: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Path], None],
    said: str,
) -> None:
    (tmp_path / "bin").mkdir()
    prepare(tmp_path / "bin")
    require_git.cache_clear()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "bin"))
        with pytest.raises(MeshwrightError, match=said):
            update(pair[1])
    require_git.cache_clear()


def test_a_shallow_clone_of_the_repository(
    pair: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pair[1] / "mine.txt").write_text("mine\n", encoding="utf-8")
    commit(pair[1])
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{pair[1]}", "shallow")

    assert update(tmp_path / "shallow") is ExitCode.CLEAN

    assert "note: this is a shallow clone" in capsys.readouterr().out


def test_a_detached_head(pair: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    git(pair[1], "checkout", "--quiet", "--detach")

    assert update(pair[1]) is ExitCode.CLEAN

    assert "note: HEAD is detached" in capsys.readouterr().out


def test_a_linked_work_tree(pair: Repository, tmp_path: Path) -> None:
    git(pair[1], "worktree", "add", "--quiet", "-b", "upgrade", str(tmp_path / "linked"))

    assert update(tmp_path / "linked") is ExitCode.CLEAN

    assert "more" in (tmp_path / "linked/README.md").read_text(encoding="utf-8")
    assert git(pair[1], "status", "--porcelain") == ""


def test_a_submodule_inside(pair: Repository, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    take(library, [{"write": {"file": "base.yaml", "text": "a: 1\n"}}])
    adopt(library)
    git(pair[1], "submodule", "--quiet", "add", str(library), "apps/library")
    commit(pair[1])
    link = git(pair[1], "ls-files", "--stage", "apps/library")

    assert update(pair[1]) is ExitCode.CLEAN

    assert git(pair[1], "ls-files", "--stage", "apps/library") == link
    assert (pair[1] / "apps/library/base.yaml").is_file()


def test_a_repository_that_is_a_submodule(
    pair: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    adopt(outer)
    git(outer, "submodule", "--quiet", "add", str(pair[1]), "cluster")

    assert update(outer / "cluster") is ExitCode.CLEAN

    assert "note: this is a submodule of outer" in capsys.readouterr().out
    assert "more" in (outer / "cluster/README.md").read_text(encoding="utf-8")


def test_a_repository_inside_a_larger_one(pair: Repository, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    (outer / "clusters").mkdir(parents=True)
    shutil.rmtree(pair[1] / ".git")
    pair[1].rename(outer / "clusters/home")
    take(outer, [{"write": {"file": "other.txt", "text": "a\n"}}])
    adopt(outer)
    # What is changed beside it does not matter, and stays as it is.
    take(outer, [{"write": {"file": "other.txt", "text": "b\n"}}])

    assert update(outer / "clusters/home") is ExitCode.CLEAN

    changed = git(outer, "diff", "--cached", "--name-only").split()
    assert changed == ["clusters/home/.copier-answers.yml", "clusters/home/README.md"]
    assert git(outer, "diff", "--name-only") == "other.txt"


def test_offline_with_a_copy_in_the_cache(
    pair: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    file = pair[1] / ".copier-answers.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace(str(pair[0]), f"file://{pair[0]}"), encoding="utf-8"
    )
    commit(pair[1])
    assert update(pair[1], to="v2.0.0", preview=True) is ExitCode.CLEAN
    pair[0].rename(pair[0].with_name("away"))
    capsys.readouterr()

    said = refusal(pair[1])
    assert "cannot be reached" in said
    assert "pass one that was fetched before with --to, such as v2.0.0" in said
    assert update(pair[1], to="v2.0.0") is ExitCode.CLEAN
    assert "the last fetched copy is used" in capsys.readouterr().out


def test_offline_without_a_copy(pair: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    file = pair[1] / ".copier-answers.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace(str(pair[0]), "http://127.0.0.1:9/template.git"),
        encoding="utf-8",
    )
    commit(pair[1])

    said = refusal(pair[1])

    assert "the template http://127.0.0.1:9/template.git cannot be read" in said
    assert said.endswith("if you are offline, pass a clone of it with --template FOLDER")
