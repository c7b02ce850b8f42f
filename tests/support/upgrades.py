"""Small templates and repositories made from them, released and edited by steps that are data."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy

Step = Mapping[str, Any]
_IDENTITY = (
    *("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"),
    *("-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false"),
    # A commit would start one more process, to see whether there is garbage.
    *("-c", "maintenance.auto=false"),
)

# Folders as a generated repository has them, and nothing that a check builds.
TEMPLATE = {
    "copier.yml": """\
        _subdirectory: template
        _envops: {undefined: jinja2.StrictUndefined}
        _exclude: [.git, "{% if not extra %}platform/home/extra{% endif %}"]
        _skip_if_exists: ["apps/*/mesh.yaml"]
        name: {type: str, default: home}
        colour: {type: str, default: red, choices: [red, green, blue]}
        size: {type: int, default: 1}
        extra: {type: bool, default: true}
        """,
    "template/{{ _copier_conf.answers_file }}.jinja": (
        "# Written by Copier.\n{{ _copier_answers | to_json }}\n"
    ),
    "template/README.md.jinja": "# {{ name }}\n\ncolour: {{ colour }}\nsize: {{ size }}\n",
    "template/platform/home/alpha/values.yaml": "".join(f"alpha{n}: {n}\n" for n in range(1, 21)),
    "template/platform/home/alpha/other.yaml": "".join(f"other{n}: {n}\n" for n in range(1, 21)),
    "template/platform/home/extra/values.yaml": "".join(f"extra{n}: {n}\n" for n in range(1, 21)),
    "template/apps/shop/mesh.yaml": "inject: enabled\n",
    "template/apps/shop/deploy.yaml": "".join(f"deploy{n}: {n}\n" for n in range(1, 21)),
}


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody; what it prints, without the last line feed."""
    done = subprocess.run(
        ["git", *_IDENTITY, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.rstrip("\n")


def commit(folder: Path, tag: str | None = None) -> None:
    """Commit everything, even nothing; perhaps under a tag."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=state")
    if tag:
        git(folder, "tag", tag)


def make_template(folder: Path, steps: Sequence[Step] = ()) -> Path:
    """The small template in a repository of its own, released as v1.0.0 after ``steps``."""
    folder.mkdir()
    for path, text in TEMPLATE.items():
        if path == "copier.yml":
            text = "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())
        write(folder / path, text)
    take(folder, steps)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "v1.0.0")
    return folder


def real_template(folder: Path, root: Path) -> Path:
    """The project's own template in a repository of its own, released as v0.1.0."""
    folder.mkdir()
    shutil.copy(root / "copier.yml", folder)
    shutil.copy(root / "CHANGELOG.md", folder)
    shutil.copytree(root / "template", folder / "template")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "v0.1.0")
    return folder


def release(template: Path, steps: Sequence[Step], tag: str) -> None:
    """The next version of a template."""
    take(template, steps)
    commit(template, tag)


def copy(template: Path, folder: Path, answers: Mapping[str, Any], version: str) -> Path:
    """A repository by plain `copier copy`, not yet in Git."""
    data = dict(answers)
    run_copy(str(template), folder, data=data, defaults=True, quiet=True, unsafe=False, vcs_ref=version)
    return folder


def make_repository(template: Path, folder: Path, answers: Mapping[str, Any], version: str) -> Path:
    """A repository by plain `copier copy`, committed."""
    return adopt(copy(template, folder, answers, version))


def adopt(folder: Path) -> Path:
    """Put a folder under Git, committed."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


class Copies:
    """Small templates and copies of them, rendered once for all scenarios that begin alike."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Path] = {}

    def give(self, folder: Path, steps: Sequence[Step], answers: Mapping[str, Any]) -> tuple[Path, Path]:
        """A template released as v1.0.0, and a committed repository made from it, below ``folder``."""
        key = json.dumps([steps, answers])
        if key not in self._made:
            place = self._folder / str(len(self._made))
            place.mkdir()
            copy(make_template(place / "template", steps), place / "cluster", answers, "v1.0.0")
            self._made[key] = place
        place = self._made[key]
        for name in ("template", "cluster"):
            shutil.copytree(place / name, folder / name, symlinks=True)
        file = folder / "cluster/.copier-answers.yml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(str(place / "template"), str(folder / "template")), encoding="utf-8")
        return folder / "template", adopt(folder / "cluster")


def take(folder: Path, steps: Sequence[Step]) -> None:
    """Carry out steps: write, append, replace, delete, move, chmod, link, commit; each with what it needs."""
    for step in steps:
        ((verb, what),) = step.items()
        _VERBS[verb](folder, what)


def write(file: Path, text: str | bytes) -> None:
    """Write a file, its folders too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))


def _write(folder: Path, what: Step) -> None:
    text = bytes.fromhex(what["hex"]) if "hex" in what else what["text"]
    write(folder / what["file"], text)


def _append(folder: Path, what: Step) -> None:
    file = folder / what["file"]
    write(file, file.read_bytes() + what["text"].encode())


def _replace(folder: Path, what: Step) -> None:
    file = folder / what["file"]
    text = file.read_text(encoding="utf-8")
    assert what["old"] in text, f"{file}: no {what['old']!r}"
    file.write_text(text.replace(what["old"], what["new"]), encoding="utf-8")


def _delete(folder: Path, what: str) -> None:
    target = folder / what
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()


def _move(folder: Path, what: Step) -> None:
    target = folder / what["to"]
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / what["from"]).rename(target)


def _link(folder: Path, what: Step) -> None:
    (folder / what["file"]).symlink_to(what["to"])


_VERBS: dict[str, Callable[[Path, Any], object]] = {
    "write": _write,
    "append": _append,
    "replace": _replace,
    "delete": _delete,
    "move": _move,
    "link": _link,
    "chmod": lambda folder, what: (folder / what["file"]).chmod(int(what["mode"], 8)),
    "commit": lambda folder, _: commit(folder),
}


def load_scenarios(folder: Path) -> list[tuple[str, Step]]:
    """Every scenario of a folder's files, by name."""
    found = []
    for file in sorted(folder.glob("*.yaml")):
        for name, scenario in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            found.append((f"{file.stem}/{name}", scenario))
    return found
