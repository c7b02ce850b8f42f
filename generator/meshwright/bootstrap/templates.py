"""The template of a new repository: the one in this package, or another one with its own history."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.bootstrap.provenance import Recorded, recorded
from meshwright.errors import MeshwrightError, together
from meshwright.resources import data_root

_PLAIN = "plain"


@dataclass(frozen=True)
class OwnTemplate:
    """The template that this package carries; it needs no network."""

    scratch: Path
    is_own = True

    def folder(self) -> Path:
        """A plain folder with copier.yml: Copier would take a checkout for a template with a history."""
        place = self.scratch / _PLAIN
        if not place.exists():
            place.mkdir()
            shutil.copy(data_root() / "copier.yml", place)
            shutil.copytree(data_root() / "template", place / "template")
        return place

    def render(self, answers: Mapping[str, Any], destination: Path) -> str:
        """Render, and return a note for the user, perhaps empty. Raises MeshwrightError."""
        from meshwright.scaffold import render

        origin: Recorded = recorded()
        render(answers, destination, template=self.folder(), source=origin.source, commit=origin.commit)
        return origin.note


@dataclass(frozen=True)
class OtherTemplate:
    """Another template with its history; ``source`` is what is recorded."""

    scratch: Path
    source: str
    template: Any
    version: Any
    is_own = False

    def folder(self) -> Path:
        """The files of the version in a plain folder."""
        from meshwright.git.gitpython import Git

        place = self.scratch / _PLAIN
        if not place.exists():
            place.mkdir()
            git = Git.bare(self.template.folder, self.template.git.filters_off()).with_environment(
                GIT_WORK_TREE=str(place), GIT_INDEX_FILE=str(self.scratch / "index")
            )
            git("read-tree", self.version.commit)
            git("checkout-index", "--all", "--force", "--quiet")
        return place

    def render(self, answers: Mapping[str, Any], destination: Path) -> str:
        """Render as an update would, in a process without the user's settings. Raises MeshwrightError."""
        from meshwright.update.answers import with_source
        from meshwright.update.rendering import Job, Renderer
        from meshwright.yaml import flow

        name = _answers_file(self.folder())
        with Renderer(self.scratch, self.template.git.filters_off()) as renderer:
            [tree] = renderer.render(self.template, name, [Job(self.version, answers, destination)])
        if tree.faults:
            raise together(
                f"{fault.question}: {fault.text}" if fault.question else fault.text for fault in tree.faults
            )
        file = destination / name
        if not file.is_file():
            return f"this template writes no {name}, so the repository cannot be updated"
        text = file.read_text(encoding="utf-8")
        file.write_text(with_source(text, flow(self.source)), encoding="utf-8", newline="")
        return str(self.template.note)


Chosen = OwnTemplate | OtherTemplate


def choose_template(source: str | None, ref: str | None, scratch: Path) -> Chosen:
    """The template to render. Raises MeshwrightError if there is no such template or version."""
    if source is None:
        if ref is not None:
            raise MeshwrightError(
                f"--ref {ref}: give --template too; without it the template of this meshwright is used"
            )
        return OwnTemplate(scratch)
    from meshwright.git.gitpython import require_git
    from meshwright.update.templaterepository import fetch_template, full_url

    require_git()
    here = Path.cwd()
    url = full_url(source)
    local = Path(os.path.expanduser(url))  # noqa: PTH111
    if local.is_dir():
        url = str(local.resolve())
        if not (local / ".git").exists() and not (local / "HEAD").is_file():
            raise MeshwrightError(
                f"--template {source}: commit it to Git first (git init, git add --all, git commit): "
                "updates need its versions"
            )
    template = fetch_template(url, scratch, here=here)
    wanted = ref or next(iter(template.releases()), "HEAD")
    version = template.resolve(wanted)
    if version is None:
        known = template.releases()
        listed = f"; its releases are {', '.join(known[:5])}" if known else "; it has no releases"
        raise MeshwrightError(f"--ref {wanted}: {source} has no such tag, branch or commit{listed}")
    return OtherTemplate(scratch, url, template, version)


def _answers_file(folder: Path) -> str:
    """The name that the template gives its answers file, as long as it is not computed."""
    from meshwright.yaml.yaml11 import load_yaml11

    try:
        data = load_yaml11((folder / "copier.yml").read_text(encoding="utf-8"), "copier.yml")
    except (OSError, UnicodeDecodeError, MeshwrightError):
        data = None
    name = data.get("_answers_file") if isinstance(data, dict) else None
    plain = isinstance(name, str) and not set(name) & set("{[%/\\")
    return str(name) if plain else ".copier-answers.yml"
