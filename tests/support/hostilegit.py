"""Checkouts whose ``.git`` names programs, each in one way; a program that ran leaves a file behind."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.upgrades import git


@dataclass(frozen=True)
class Poison:
    """``lay`` changes the checkout; ``proof`` is a git command that runs the program, to show that it can."""

    lay: Callable[[Path, Path], None]
    proof: tuple[str, ...] = ()


def canary(folder: Path) -> Path:
    """A program that touches the file ``ran`` beside it, whatever it is called for."""
    program = folder / "evil"
    ran = folder / "ran"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >>'{ran}'\ntimeout 1 cat\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def ran(program: Path) -> str:
    """What the program was called for, empty when it was not; forgotten afterwards."""
    file = program.with_name("ran")
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    file.unlink(missing_ok=True)
    return text


def touch_all(root: Path) -> None:
    """Let every file look changed, so that git has to compare contents."""
    later = time.time() + 5
    for file in root.rglob("*"):
        if file.is_file() and ".git" not in file.relative_to(root).parts:
            os.utime(file, (later, later))


def config(root: Path, *lines: str) -> None:
    """Add to the checkout's configuration."""
    with (root / ".git/config").open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def attributes(root: Path, text: str) -> None:
    """Attributes that no file of the tree shows."""
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text(f"{text}\n", encoding="utf-8")


def _filter(name: str, *keys: str) -> Callable[[Path, Path], None]:
    def lay(root: Path, program: Path) -> None:
        config(root, f'[filter "{name}"]', *(f"{key} = {program}" for key in keys), "required = true")
        attributes(root, f"* filter={name}")
        touch_all(root)

    return lay


def _filter_of_an_include(root: Path, program: Path) -> None:
    (root / ".git/more").write_text(f'[filter "evil"]\nclean = {program}\n', encoding="utf-8")
    config(root, "[include]", "path = more")
    attributes(root, "* filter=evil")
    touch_all(root)


def _filter_of_a_work_tree(root: Path, program: Path) -> None:
    config(root, "[extensions]", "worktreeConfig = true")
    (root / ".git/config.worktree").write_text(f'[filter "evil"]\nclean = {program}\n', encoding="utf-8")
    attributes(root, "* filter=evil")
    touch_all(root)


def _filter_that_the_tree_asks_for(root: Path, program: Path) -> None:
    (root / ".gitattributes").write_text("* filter=evil\n", encoding="utf-8")
    git(root, "add", ".gitattributes")
    git(root, "commit", "--quiet", "--message=attributes")
    config(root, '[filter "evil"]', f"clean = {program}", f"smudge = {program}")
    touch_all(root)


def _hooks(root: Path, program: Path) -> None:
    folder = root / ".git/hooks"
    folder.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        shutil.copy(program, folder / name)
    touch_all(root)


def _hooks_elsewhere(root: Path, program: Path) -> None:
    folder = root / ".git/more"
    folder.mkdir()
    for name in ("post-index-change", "reference-transaction"):
        shutil.copy(program, folder / name)
    config(root, "[core]", "hooksPath = .git/more")
    touch_all(root)


def _programs_of_diff(root: Path, program: Path) -> None:
    config(
        root,
        "[diff]",
        f"external = {program}",
        '[diff "evil"]',
        f"command = {program}",
        f"textconv = {program}",
    )
    attributes(root, "* diff=evil")
    (root / "README.md").write_text("changed\n", encoding="utf-8")


def _merge_driver(root: Path, program: Path) -> None:
    config(root, '[merge "evil"]', f"driver = {program}", "[merge]", "default = evil")
    attributes(root, "* merge=evil")


def _programs_for_people(root: Path, program: Path) -> None:
    config(root, "[core]", f"pager = {program}", f"editor = {program}", f"askPass = {program}")
    config(root, "[pager]", "status = true", "log = true", "[log]", "showSignature = true")
    config(
        root, "[gpg]", f"program = {program}", "[alias]", f"status = !{program}", f"rev-parse = !{program}"
    )


def _missing_objects(url: str, *more: str) -> Callable[[Path, Path], None]:
    """A partial clone that would fetch what it lacks in a way of its own."""

    def lay(root: Path, program: Path) -> None:
        config(root, "[extensions]", "partialClone = origin", "[core]", "repositoryFormatVersion = 1")
        config(root, f"sshCommand = {program}", '[remote "origin"]', "promisor = true")
        config(root, f"url = {url.format(program=program)}", *(line.format(program=program) for line in more))
        config(root, "[protocol]", "allow = always", '[protocol "ext"]', "allow = always")
        blob = git(root, "rev-parse", "HEAD:README.md")
        (root / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
        touch_all(root)

    return lay


def _submodule(root: Path, program: Path) -> None:
    library = program.with_name("library")
    library.mkdir()
    (library / "file.yaml").write_text("a: 1\n", encoding="utf-8")
    git(library, "init", "--quiet")
    git(library, "add", "--all")
    git(library, "commit", "--quiet", "--message=library")
    git(root, "submodule", "--quiet", "add", str(library), "library")
    git(root, "commit", "--quiet", "--message=submodule")
    module = root / ".git/modules/library"
    with (module / "config").open("a", encoding="utf-8") as file:
        file.write(f'[filter "evil"]\nclean = {program}\n[core]\nfsmonitor = {program}\n')
    (module / "info").mkdir(exist_ok=True)
    (module / "info/attributes").write_text("* filter=evil\n", encoding="utf-8")
    touch_all(root)


STATUS = ("status", "--porcelain")
POISONS = {
    "clean": Poison(_filter("evil", "clean"), STATUS),
    "process": Poison(_filter("evil", "process"), STATUS),
    "smudge": Poison(_filter("evil", "clean", "smudge"), STATUS),
    "a-name-with-dots": Poison(_filter("E.vil..x", "clean"), STATUS),
    "a-name-with-spaces": Poison(_filter("evil one", "clean")),
    "include": Poison(_filter_of_an_include, STATUS),
    "config-of-a-work-tree": Poison(_filter_of_a_work_tree, STATUS),
    "attributes-of-the-tree": Poison(_filter_that_the_tree_asks_for, STATUS),
    "hooks": Poison(_hooks, ("status",)),
    "hooks-path": Poison(_hooks_elsewhere, ("status",)),
    "fsmonitor": Poison(lambda root, program: config(root, "[core]", f"fsmonitor = {program}"), STATUS),
    "diff": Poison(_programs_of_diff, ("diff",)),
    "merge": Poison(_merge_driver),
    "people": Poison(_programs_for_people),
    "promisor-ext": Poison(_missing_objects("ext::{program}"), ("cat-file", "-p", "HEAD:README.md")),
    "promisor-ssh": Poison(_missing_objects("ssh://127.0.0.1/x"), ("cat-file", "-p", "HEAD:README.md")),
    "promisor-file": Poison(
        _missing_objects("/nowhere", "uploadpack = {program}"), ("cat-file", "-p", "HEAD:README.md")
    ),
    "submodule": Poison(_submodule, STATUS),
}


def embed_bare(folder: Path, program: Path) -> None:
    """Make a folder of manifests a bare repository too, as a plain clone delivers it."""
    place = folder.parent / "made.git"
    git(folder.parent, "init", "--quiet", str(place))
    git(place, f"--work-tree={folder}", "--git-dir=.git", "add", "--all")
    git(place, f"--work-tree={folder}", "--git-dir=.git", "commit", "--quiet", "--message=x")
    for name in ("HEAD", "index", "objects", "refs"):
        (place / ".git" / name).rename(folder / name)
    shutil.rmtree(place)
    (folder / "info").mkdir(exist_ok=True)
    (folder / "info/attributes").write_text("* filter=evil\n", encoding="utf-8")
    (folder / "config").write_text(
        "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\n"
        f'[filter "evil"]\nclean = {program}\n',
        encoding="utf-8",
    )
    touch_all(folder)
