"""kill -9 of a run: the repository is the old or the new one, and the next run finishes what is left."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from meshwright.apps import steps as module
from meshwright.apps.generate import generate
from meshwright.apps.writer import locked
from meshwright.errors import ExitCode, MeshwrightError
from support.many_apps import app_name, make_repository, spec
from support.trees import read_tree

pytestmark = pytest.mark.long

COUNT = 60


class Repository:
    """Sixty applications with two generations of specs, and what each gives."""

    def __init__(self, root: Path) -> None:
        self.root = make_repository(root, COUNT)
        self.now = 0
        self.expected: list[dict[str, str]] = []
        for generation in (0, 1):
            self.respecify(generation)
            self.generate()
            self.expected.append(self.output())
        self.respecify(0)
        self.generate()

    def respecify(self, generation: int) -> None:
        self.now = generation
        for number in range(COUNT):
            file = self.root / "apps" / app_name(number) / "mesh.yaml"
            file.write_text(spec(number, COUNT, generation), encoding="utf-8")

    def generate(self) -> None:
        assert generate(self.root, check=False, force=False, remember=False).exit_code is ExitCode.CLEAN

    def output(self) -> dict[str, str]:
        found = {
            f"mesh/apps/home/{path}": text for path, text in read_tree(self.root / "mesh/apps/home").items()
        }
        wirings = read_tree(self.root / "clusters/home/apps")
        return {**found, **{f"clusters/home/apps/{path}": text for path, text in wirings.items()}}

    def of(self, tree: dict[str, str], number: int) -> dict[str, str]:
        """The part of one application."""
        name = app_name(number)
        own = (f"mesh/apps/home/{name}/", f"clusters/home/apps/{name}.yaml")
        return {path: text for path, text in tree.items() if path.startswith(own)}

    def run_apart(self, before: Callable[[], None] = lambda: None) -> int:
        """A run in a process of its own; its id."""
        child = os.fork()
        if child == 0:
            try:
                before()
                self.generate()
            finally:
                os._exit(0)
        return child

    def settle(self) -> None:
        """Wait for what a killed run has still to finish, as the next run does."""
        with locked(self.root):
            pass

    def assert_repaired(self) -> None:
        self.generate()
        assert self.output() == self.expected[self.now]
        assert generate(self.root, check=True, force=False, remember=False).exit_code is ExitCode.CLEAN
        # A kill between the two that make its folders leaves an empty one, which could be somebody's.
        assert not list((self.root / ".cache").glob("*"))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("killed") / "repository")


@pytest.mark.parametrize("kills", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_a_random_moment(repository: Repository, kills: int) -> None:
    assert repository.expected[0].keys() == repository.expected[1].keys()
    chooser = random.Random(kills)
    repository.respecify(1 - repository.now)
    start = time.perf_counter()
    os.waitpid(repository.run_apart(), 0)
    whole = time.perf_counter() - start
    for _ in range(kills):
        old, new = repository.expected[repository.now], repository.expected[1 - repository.now]
        repository.respecify(1 - repository.now)
        child = repository.run_apart()
        time.sleep(chooser.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        repository.settle()
        found = repository.output()
        for number in range(COUNT):
            states = (repository.of(old, number), repository.of(new, number))
            assert repository.of(found, number) in states, app_name(number)
        repository.assert_repaired()


def test_killed_amid_the_writing(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has begun to be written is finished by a process that the kill does not reach."""
    really = module.take
    taken: list[module.PathSwap] = []

    def take(step: module.PathSwap) -> None:
        taken.append(step)
        if len(taken) == COUNT:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(0.05)
        really(step)

    repository.respecify(1 - repository.now)
    child = repository.run_apart(lambda: monkeypatch.setattr(module, "take", take))
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    repository.settle()
    assert repository.output() == repository.expected[repository.now]
    repository.assert_repaired()


@pytest.mark.parametrize("step", [0, 1, 2, 3, COUNT, 2 * COUNT - 1])
def test_the_writing_itself_ends(step: int, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a power cut: each folder and each wiring is still an old or a new one."""
    really = module.take
    taken: list[module.PathSwap] = []

    def take(given: module.PathSwap) -> None:
        if len(taken) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        taken.append(given)
        really(given)

    old, new = repository.expected[repository.now], repository.expected[1 - repository.now]
    repository.respecify(1 - repository.now)
    with monkeypatch.context() as patch:
        patch.setattr(module, "take", take)
        with pytest.raises(MeshwrightError, match="was killed"):
            repository.generate()
    found = repository.output()
    for number in range(COUNT):
        parts = [
            {path for path, text in repository.of(found, number).items() if text == tree[path]}
            for tree in (old, new)
        ]
        wiring = f"clusters/home/apps/{app_name(number)}.yaml"
        overlays = [
            {path for path in repository.of(found, number) if path != wiring} - part for part in parts
        ]
        assert not all(overlays), app_name(number)
        assert any(wiring in part for part in parts)
    repository.assert_repaired()


def test_no_kill_leaves_an_overlay_of_two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the change of one folder too: there is no moment between its first file and its last."""
    root = make_repository(tmp_path / "repository", 2)
    file = root / "apps" / app_name(0) / "mesh.yaml"
    specs = [spec(0, 2), f"{spec(0, 2)}policy: {{allowFrom: {{apps: [{app_name(1)}]}}}}\n"]
    trees = []
    for text in (specs[1], specs[0]):
        file.write_text(text, encoding="utf-8")
        assert generate(root, check=False, force=False, remember=False).exit_code is ExitCode.CLEAN
        trees.append(read_tree(root / "mesh/apps/home" / app_name(0)))
    assert set(trees[0]) > set(trees[1])
    assert trees[0]["kustomization.yaml"] != trees[1]["kustomization.yaml"]
    really = os.rename

    def rename(source: str, target: str, **folders: int) -> None:
        if source == target == "kustomization.yaml":
            os.kill(os.getpid(), signal.SIGKILL)
        really(source, target, **folders)

    file.write_text(specs[1], encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        with suppress(MeshwrightError):
            generate(root, check=False, force=False, remember=False)

    assert read_tree(root / "mesh/apps/home" / app_name(0)) in trees
