"""Edits, updates, promotions and merges in random order lose no edit, and all end with the same files."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meshwright.cli import app
from meshwright.errors import ExitCode
from support.upgrades import commit, git, make_repository, real_template, release

pytestmark = pytest.mark.long
# More by hand: each takes about twenty seconds.
SEEDS = range(2)
STEPS = 9
CLUSTERS = ("staging", "production")
VERSIONS = ("v0.1.0", "v0.2.0", "v0.3.0", "v0.4.0")
PLATFORM = "template/repo/platform/[[ cluster_name ]]"
RELEASES = {
    "v0.2.0": [
        {"append": {"file": "template/repo/README.md.jinja", "text": "\nMore.\n"}},
        {"append": {"file": f"{PLATFORM}/namespaces/namespaces.yaml.jinja", "text": "# of v0.2.0\n"}},
    ],
    "v0.3.0": [
        {"replace": {"file": "template/includes/pins.yml", "old": '"2026.8.3"', "new": '"2026.9.1"'}},
        {"write": {"file": f"{PLATFORM}/namespaces/note.txt", "text": "New in v0.3.0.\n"}},
    ],
    "v0.4.0": [{"append": {"file": f"{PLATFORM}/namespaces/namespaces.yaml.jinja", "text": "# of v0.4.0\n"}}],
}
# What a cluster's owner edits, at the start of the file, where no release has changed anything.
EDITED = (
    "platform/{}/linkerd-control-plane/values.yaml",
    "platform/{}/namespaces/namespaces.yaml",
    "platform/{}/linkerd-crds/kustomization.yaml",
    "clusters/{}/platform/linkerd-control-plane.yaml",
)
MARK = "# edit "


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clusters at the first version; the template has all others."""
    folder = tmp_path_factory.mktemp("random")
    template = real_template(folder / "template", root)
    for version, steps in RELEASES.items():
        release(template, steps, version)
    fleet = make_repository(
        template, folder / "fleet", {"cluster_name": "staging", "apps": ["demo"]}, VERSIONS[0]
    )
    run(fleet, "generate")
    commit(fleet)
    run(fleet, "cluster", "add", "production", "--answers", "nodes=3")
    commit(fleet)
    return fleet


@pytest.fixture(scope="module")
def newest(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same clusters, updated one after another without any edit."""
    fleet = Path(shutil.copytree(made, tmp_path_factory.mktemp("newest") / "fleet"))
    finish(fleet)
    return content(fleet)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_order_loses_an_edit(seed: int, made: Path, newest: dict[str, str], tmp_path: Path) -> None:
    fleet = Path(shutil.copytree(made, tmp_path / "fleet"))
    story = Story(fleet, random.Random(seed))
    for _ in range(STEPS):
        story.step()
    finish(fleet)

    print("\n".join(story.told))
    assert {path: without_marks(text) for path, text in content(fleet).items()} == newest
    for path, marks in story.edits.items():
        text = (fleet / path).read_text(encoding="utf-8")
        assert [mark for mark in marks if mark not in text] == [], path


class Story:
    """What happened to a fleet, and which lines must be in which file."""

    def __init__(self, fleet: Path, chance: random.Random) -> None:
        self._fleet, self._chance = fleet, chance
        self._count = 0
        self.edits: dict[str, set[str]] = {}
        self.told: list[str] = []

    def step(self) -> None:
        """One thing that people do, on the main branch or merged from another."""
        actions = (self._edit, self._edit, self._update, self._update, self._promote, self._merge)
        self._chance.choice(actions)()

    def _edit(self, cluster: str = "") -> None:
        cluster = cluster or self._chance.choice(CLUSTERS)
        path = self._chance.choice(EDITED).format(cluster)
        self._count += 1
        mark = f"{MARK}{self._count} of {cluster}\n"
        file = self._fleet / path
        file.write_text(mark + file.read_text(encoding="utf-8"), encoding="utf-8")
        self.edits.setdefault(path, set()).add(mark)
        self._commit(f"edit {path}")

    def _update(self, cluster: str = "") -> None:
        cluster = cluster or self._chance.choice((*CLUSTERS, ""))
        version = self._chance.choice(VERSIONS)
        arguments = ["--cluster", cluster] if cluster else []
        code = self._run("update", *arguments, "--to", version, "--no-check")
        self._is_within(cluster, code, f"update {cluster or 'the repository'} to {version}")

    def _promote(self) -> None:
        code = self._run("promote", *CLUSTERS)
        changed = self._changed()
        if code == ExitCode.CLEAN:
            for path in EDITED:
                marks = self.edits.get(path.format("staging"), set())
                if path.format("production") in changed:
                    self.edits.setdefault(path.format("production"), set()).update(marks)
        self._is_within("production", code, "promote")

    def _merge(self) -> None:
        """Each cluster changes on a branch of its own; the two never meet in a file."""
        base = git(self._fleet, "rev-parse", "HEAD")
        git(self._fleet, "checkout", "--quiet", "-b", f"branch-{self._count}-{len(self.told)}", base)
        branch = git(self._fleet, "rev-parse", "--abbrev-ref", "HEAD")
        self._chance.choice((self._edit, self._update))("production")
        git(self._fleet, "checkout", "--quiet", "main")
        self._chance.choice((self._edit, self._update))("staging")
        git(self._fleet, "merge", "--quiet", "--no-edit", "-m", "merge", branch)
        self.told.append(f"merge {branch}")

    def _run(self, *arguments: str) -> int:
        return CliRunner().invoke(app, [*arguments, "-C", str(self._fleet)]).exit_code

    def _is_within(self, cluster: str, code: int, what: str) -> None:
        """Nothing changes unless it was done, and then only what belongs to the cluster."""
        changed = self._changed()
        if code != ExitCode.CLEAN:
            assert changed == set(), what
        others = [name for name in CLUSTERS if cluster and name != cluster]
        assert not [path for path in changed for name in others if f"/{name}/" in path], what
        if not cluster:
            assert not [path for path in changed for name in CLUSTERS if f"/{name}/" in path], what
        self._commit(f"{what}: {code}")

    def _changed(self) -> set[str]:
        git(self._fleet, "add", "--all")
        return set(git(self._fleet, "diff", "--cached", "--name-only", "--no-renames").splitlines())

    def _commit(self, what: str) -> None:
        commit(self._fleet)
        self.told.append(what)


def finish(fleet: Path) -> None:
    """Bring the repository and each cluster to the newest version."""
    for arguments in ([], *(["--cluster", cluster] for cluster in CLUSTERS)):
        run(fleet, "update", *arguments, "--to", VERSIONS[-1], "--no-check")
        commit(fleet)


def run(fleet: Path, *arguments: str) -> None:
    done = CliRunner().invoke(app, [*arguments, "-C", str(fleet)])
    assert done.exit_code == ExitCode.CLEAN, (done.output, done.exception)


def content(fleet: Path) -> dict[str, str]:
    return {path: (fleet / path).read_text(encoding="utf-8") for path in tracked(fleet)}


def tracked(fleet: Path) -> Iterator[str]:
    yield from git(fleet, "ls-files").splitlines()


def without_marks(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(MARK))
