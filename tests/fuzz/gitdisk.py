"""What Git keeps in .git, and what it would take for that, made by a stranger."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path

_EVIL = "#!/bin/sh\necho ran >> '@RAN@'\ncat\n"
_ATTRIBUTES = "* filter=evil diff=evil merge=evil text=auto ident working-tree-encoding=UTF-16\n"
_CONFIG = """
[core]
	fsmonitor = @EVIL@
	sshCommand = @EVIL@
	hooksPath = @HOOKS@
	editor = @EVIL@
	pager = @EVIL@
	attributesFile = @ATTRIBUTES@
	alternateRefsCommand = @EVIL@
[filter "evil"]
	clean = @EVIL@
	smudge = @EVIL@
	process = @EVIL@
	required = true
[diff]
	external = @EVIL@
[diff "evil"]
	textconv = @EVIL@
	command = @EVIL@
[merge "evil"]
	driver = @EVIL@
[gpg]
	program = @EVIL@
[log]
	showSignature = true
[credential]
	helper = !@EVIL@
[include]
	path = @SECRET@
[url "ext::sh @EVIL@ "]
	insteadOf = https://
[protocol "ext"]
	allow = always
[remote "origin"]
	url = ext::@EVIL@
	uploadpack = @EVIL@
	promisor = true
[extensions]
	partialClone = origin
[alias]
	diff = !@EVIL@
"""
_HOOKS = ("post-index-change", "pre-commit", "post-checkout", "reference-transaction", "fsmonitor-watchman")


def write_evil(file: Path, places: Mapping[str, str]) -> Path:
    """A program that leaves a trace when it runs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_EVIL.replace("@RAN@", places["@RAN@"]), encoding="utf-8")
    file.chmod(0o755)
    return file


def nested_repository(_: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """A bare repository with filters, as a plain clone brings it, and a .git file that leads outside."""
    folder = root / "infra"
    evil = write_evil(folder / "evil.sh", places)
    for name in ("objects", "refs", "info"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "keep").touch()
    (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (folder / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
    text = f'[core]\n\tbare = false\n\tworktree = .\n[filter "evil"]\n\tclean = {evil}\n'
    (folder / "config").write_text(text, encoding="utf-8")
    (root / "linked").mkdir(exist_ok=True)
    (root / "linked" / ".git").write_text(f"gitdir: {places['@OUTSIDE@']}\n", encoding="utf-8")
    return "infra"


def git_config(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """Settings, attributes and hooks that start programs."""
    git = root / ".git"
    evil = write_evil(git / "evil.sh", places)
    for hook in _HOOKS:
        write_evil(git / "hooks" / hook, places)
    (git / "info").mkdir(exist_ok=True)
    (git / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
    text = _CONFIG.replace("@EVIL@", str(evil)).replace("@SECRET@", places["@SECRET@"])
    text = text.replace("@HOOKS@", str(git / "hooks")).replace(
        "@ATTRIBUTES@", str(git / "info" / "attributes")
    )
    sections = text.split("\n[")[1:]
    chosen = sections if rng.random() < 0.5 else rng.sample(sections, rng.randrange(1, 4))
    with (git / "config").open("a", encoding="utf-8") as config:
        config.write("".join(f"\n[{section}" for section in chosen))
    return "all" if len(chosen) == len(sections) else ", ".join(section.split("]")[0] for section in chosen)


def git_damage(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """One file of it gone, broken, a link, or .git itself a file that leads elsewhere."""
    git = root / ".git"
    name = rng.choice(
        ("HEAD", "index", "config", "refs/heads/main", "packed-refs", "commondir", "shallow", "objects")
    )
    file = git / name
    kind = rng.randrange(6)
    if kind == 0 or file.is_dir():
        shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
    elif kind == 1:
        file.write_bytes(rng.randbytes(40))
    elif kind == 2:
        file.write_text(
            f"ref: refs/heads/{rng.choice(('none', '../../config', '-x', 'a b'))}\n", encoding="utf-8"
        )
    elif kind == 3:
        file.unlink(missing_ok=True)
        file.symlink_to(places["@SECRET@"])
    elif kind == 4:
        shutil.rmtree(git)
        git.write_text(
            f"gitdir: {rng.choice((places['@OUTSIDE@'], '/', '.', 'infra', '../outside'))}\n",
            encoding="utf-8",
        )
    else:
        with (git / "config").open("a", encoding="utf-8") as config:
            config.write(f"[core]\n\tworktree = {rng.choice((places['@OUTSIDE@'], '/', '..'))}\n")
    return f"{name} {kind}"


def git_plan(_: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """The plan of an update that was cut short, as a stranger would write it."""
    folder = root / ".git" / "meshwright-update"
    folder.mkdir()
    victim = f"{places['@OUTSIDE@']}/victim"
    plan = {"top": victim, "removed": ["kept.yaml"], "written": ["b"], "index": True}
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    for name in ("index", "0", "b"):
        (folder / name).write_text("fuzz", encoding="utf-8")
    return "plan.json"
