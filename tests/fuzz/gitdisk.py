"""What Git keeps in .git, and what it would take for that, made by a stranger."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path

from fuzz.laying import lay

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


def lay_evil(root: Path, path: str, places: Mapping[str, str]) -> Path:
    """A program that leaves a trace when it runs."""
    return lay(root, path, _EVIL.replace("@RAN@", places["@RAN@"]), program=True)


def nested_repository(_: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """A bare repository with filters, as a plain clone brings it, and a .git file that leads outside."""
    evil = lay_evil(root, "infra/evil.sh", places)
    for path, text in {
        "objects/keep": "",
        "refs/keep": "",
        "HEAD": "ref: refs/heads/main\n",
        "info/attributes": _ATTRIBUTES,
        "config": f'[core]\n\tbare = false\n\tworktree = .\n[filter "evil"]\n\tclean = {evil}\n',
    }.items():
        lay(root, f"infra/{path}", text)
    lay(root, "linked/.git", f"gitdir: {places['@OUTSIDE@']}\n")
    return "infra"


def git_config(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """Settings, attributes and hooks that start programs."""
    git = root / ".git"
    evil = lay_evil(root, ".git/evil.sh", places)
    for hook in _HOOKS:
        lay_evil(root, f".git/hooks/{hook}", places)
    lay(root, ".git/info/attributes", _ATTRIBUTES)
    marks = {"@EVIL@": evil, "@HOOKS@": git / "hooks", "@ATTRIBUTES@": git / "info" / "attributes"}
    text = _CONFIG
    for mark, place in {**marks, **places}.items():
        text = text.replace(mark, str(place))
    sections = text.split("\n[")[1:]
    chosen = sections if rng.random() < 0.5 else rng.sample(sections, rng.randrange(1, 4))
    lay(root, ".git/config", "".join(f"\n[{section}" for section in chosen), behind=True)
    return "all" if len(chosen) == len(sections) else ", ".join(section.split("]")[0] for section in chosen)


def git_damage(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """One file of it gone, broken, a link, or .git itself a file that leads elsewhere."""
    git = root / ".git"
    name = rng.choice(
        ("HEAD", "index", "config", "refs/heads/main", "packed-refs", "commondir", "shallow", "objects")
    )
    kind = rng.randrange(6)
    if kind == 0 and (git / name).is_dir():
        shutil.rmtree(git / name)
    elif kind in (0, 3):
        lay(root, f".git/{name}", "").unlink()
        if kind == 3:
            (git / name).symlink_to(places["@SECRET@"])
    elif kind == 1:
        lay(root, f".git/{name}", rng.randbytes(40))
    elif kind == 2:
        lay(root, f".git/{name}", f"ref: refs/heads/{rng.choice(('none', '../../config', '-x', 'a b'))}\n")
    elif kind == 4:
        shutil.rmtree(git)
        to = rng.choice((places["@OUTSIDE@"], "/", ".", "infra", "../outside", "a\0b", "x" * 5000))
        git.write_text(f"gitdir: {to}\n", encoding="utf-8")
    else:
        to = rng.choice((places["@OUTSIDE@"], "/", ".."))
        lay(root, ".git/config", f"[core]\n\tworktree = {to}\n", behind=True)
    return f"{name} {kind}"


def git_plan(_: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """The plan of an update that was cut short, as a stranger would write it."""
    victim = f"{places['@OUTSIDE@']}/victim"
    plan = {"top": victim, "removed": ["kept.yaml"], "written": ["b"], "index": True}
    for name, text in {"plan.json": json.dumps(plan), "index": "fuzz", "0": "fuzz", "b": "fuzz"}.items():
        lay(root, f".git/meshwright-update/{name}", text)
    return "plan.json"
