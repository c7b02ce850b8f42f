"""One case: a seed's copy, what is done to it, and the command that looks at it. A number gives all of it."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fuzz.commands import Command, choose
from fuzz.disk import files_of, mutate_disk
from fuzz.documents import mutate_text
from fuzz.seeds import Seed, Seeds
from security.hostile import SECRET
from support.argocd import write_chart
from support.mutations import MUTATIONS

_LARGEST = 1_000_000
_GIT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{f"GIT_{who}_DATE": "2026-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}


@dataclass(frozen=True)
class Area:
    """The folder of a case. ``repository`` is looked at; all beside it is what nothing may touch."""

    root: Path

    @property
    def repository(self) -> Path:
        """Where the command runs."""
        return self.root / "repository"

    @property
    def outside(self) -> Path:
        """A secret, and files that a link may lead to."""
        return self.root / "outside"

    @property
    def home(self) -> Path:
        """The user's home."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """TMPDIR: empty before and after."""
        return self.root / "tmp"

    @property
    def cache(self) -> Path:
        """Meshwright's own cache, which it may write to."""
        return self.root / "cache"

    @property
    def ran(self) -> Path:
        """A file that appears when code of the repository runs."""
        return self.root / "ran"


@dataclass(frozen=True)
class Case:
    """What was made: ``done`` says it in words."""

    number: int
    seed: Seed
    command: Command
    done: tuple[str, ...]


def make_case(number: int, seeds: Seeds, area: Area, kept: Path, port: int) -> Case:
    """Write the repository of case ``number`` and all around it. ``kept`` has checkouts for all cases.

    ``port`` is the listener's.
    """
    rng = random.Random(number)
    seed, command = choose(rng, seeds)
    places = {
        "@SECRET@": str(area.outside / "secret.yaml"),
        "@OUTSIDE@": str(area.outside),
        "@RAN@": str(area.ran),
        "@PORT@": str(port),
    }
    surround(area)
    is_checkout = command.committed or rng.random() < 0.3
    template = make_template(kept)
    shutil.copytree(_seed_folder(seed, kept, template), area.repository, symlinks=True)
    if not is_checkout:
        shutil.rmtree(area.repository / ".git")
    count = rng.choice((1, 1, 2, 2, 3, 4, 6, 8))
    # What one side of a difference holds, the other needs not.
    half = rng.randrange(count + 1) if command.committed and rng.random() < 0.5 else 0
    done = []
    for turn in range(count):
        if turn and turn == half:
            done.append(_commit(area.repository))
        if files_of(area.repository):
            done.append(_mutate(rng, area.repository, places))
    if command.clean:
        done.append(_commit(area.repository))
    arguments = tuple(argument.replace("@TEMPLATE@", str(template)) for argument in command.arguments)
    return Case(number, seed, Command(**{**vars(command), "arguments": arguments}), tuple(done))


def surround(area: Area) -> None:
    """Make all that stands beside the repository."""
    for folder in (area.outside / "victim", area.home, area.temporary):
        folder.mkdir(parents=True)
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {SECRET}}}\ndata: {{key: {SECRET}}}\n"
    (area.outside / "secret.yaml").write_text(text, encoding="utf-8")
    (area.outside / "values.yaml").write_text(f"greeting: {SECRET}\n", encoding="utf-8")
    (area.outside / "kustomization.yaml").write_text("resources: [secret.yaml]\n", encoding="utf-8")
    (area.outside / "victim" / "kept.yaml").write_text(f"kept: {SECRET}\n", encoding="utf-8")
    write_chart(area.root / "charts" / "tiny-1.2.3")


def _mutate(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    files = files_of(root)
    file = rng.choice(files)
    name = file.relative_to(root)
    kind = rng.random()
    if kind < 0.72:
        done = mutate_text(rng, file, files, places)
        if done:
            return f"{done} {name}"
    if kind < 0.84 and file.stat().st_size < _LARGEST:
        mutation = rng.choice(MUTATIONS)
        file.write_bytes(mutation(rng, file.read_bytes()))
        return f"{mutation.__name__} {name}"
    return mutate_disk(rng, root, places)


def _commit(root: Path) -> str:
    """What a hostile repository refuses is not committed."""
    git = root / ".git"
    if git.is_symlink() or not git.is_dir():
        return "commit left out"
    # Whatever it says of the place of its work tree.
    place = {"GIT_DIR": str(git), "GIT_WORK_TREE": str(root)}
    for command in (("add", "--all"), ("commit", "--quiet", "--message", "x")):
        safe = (
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.attributesFile=/dev/null",
        )
        # Made by the victim's own git, which would run filters too: not where there are any.
        if any((root / ".git" / name).exists() for name in ("evil.sh", "info/attributes")):
            return "commit left out"
        try:
            subprocess.run(
                ["git", *safe, *command], cwd=root, env=_GIT | place, capture_output=True, timeout=5
            )
        except subprocess.TimeoutExpired:
            return "commit hung"
    return "commit"


def _seed_folder(seed: Seed, kept: Path, template: Path) -> Path:
    """A checkout of a seed with two commits, made once a process."""
    folder = kept / "seeds" / seed.name
    if folder.is_dir():
        return folder
    for path, raw in seed.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
    answers = folder / ".copier-answers.yml"
    if answers.is_file():
        text = answers.read_text(encoding="utf-8")
        answers.write_text(
            text.replace("https://github.com/meshwright/meshwright.git", str(template)), encoding="utf-8"
        )
    (folder / "NOTES.md").write_text("one\n", encoding="utf-8")
    _git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    _committed(folder)
    (folder / "NOTES.md").write_text("two\n", encoding="utf-8")
    _committed(folder)
    return folder


def make_template(kept: Path) -> Path:
    """The project's own template as a repository with two versions, made once a process."""
    folder = kept / "template"
    if folder.is_dir():
        return folder
    source = Path(__file__).parents[2]
    shutil.copytree(source / "template", folder / "template", symlinks=True)
    shutil.copy(source / "copier.yml", folder)
    _git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    _committed(folder)
    _git(folder, "tag", "v0.1.0")
    (folder / "NOTES.md").write_text("two\n", encoding="utf-8")
    _committed(folder)
    _git(folder, "tag", "v0.2.0")
    return folder


def _committed(folder: Path) -> None:
    _git(folder, "add", "--all", "--force")
    _git(folder, "commit", "--quiet", "--message", "x")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=_GIT, check=True, capture_output=True)
