"""Nothing outside a repository is written or removed, wherever a link stands in it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshwright import openfolder
from meshwright.apps.generate import generate
from meshwright.cache.cachefile import read_json, write_json_atomically
from meshwright.errors import MeshwrightError
from meshwright.writing import Tree
from support.many_apps import add_app, make_repository
from support.owntools import own_tools
from support.trees import read_tree

GENERATE = ("generate", "--no-cache", "--force")
BASELINE = ("check", "--no-cache", "--write-baseline")
ADD = ("app", "add", "app-00009", "--yes")
CHART = ("app", "add", "chart", "--chart", "https://charts.example.org/web@1.0.0", "--yes")
ROTATE = ("trust", "rotate", "--stage", "1")
APP = "app-00000"
PLACES = {
    GENERATE: (
        ".cache",
        ".cache/meshwright",
        "apps",
        f"apps/{APP}",
        f"apps/{APP}/mesh.yaml",
        "mesh",
        "mesh/apps",
        "mesh/apps/home",
        f"mesh/apps/home/{APP}",
        f"mesh/apps/home/{APP}/kustomization.yaml",
        f"mesh/apps/home/{APP}/own",
        "mesh/apps/home/gone",
        "clusters",
        "clusters/home",
        "clusters/home/apps",
        f"clusters/home/apps/{APP}.yaml",
        "clusters/home/apps/gone.yaml",
        "clusters/other",
        "clusters/other/apps",
    ),
    BASELINE: (".meshwright-baseline.json", ".meshwright-baseline.tmp", ".cache", ".cache/meshwright"),
    ADD: ("apps", "apps/app-00009", "apps/app-00009/mesh.yaml", "apps/app-00009/.mesh.yaml.tmp"),
    CHART: ("apps", "apps/chart", "apps/chart/mesh.yaml", "apps/chart/values.yaml"),
    ROTATE: (
        ".cache",
        ".cache/meshwright",
        "platform",
        "platform/home",
        "platform/home/linkerd-trust",
        "platform/home/linkerd-trust/kustomization.yaml",
    ),
}
CASES = [(command, place) for command, places in PLACES.items() for place in places]
TOOLS: dict[str, str] = {}
State = dict[str, tuple[int, int, str]]


def state(folder: Path) -> State:
    """Everything below a folder: mode, time and content of each."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        kept = path.lstat()
        text = path.read_text(encoding="utf-8") if path.is_file() else str(sorted(path.iterdir()))
        found[str(path.relative_to(folder))] = (kept.st_mode, kept.st_mtime_ns, text)
    return found


def meshwright(repository: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    where = [str(repository)] if command[0] != "app" else ["--repository", str(repository)]
    done = subprocess.run(
        [sys.executable, "-m", "meshwright", *command, *where],
        cwd=repository.parent,
        env={**os.environ, **TOOLS, "MESHWRIGHT_CACHE": str(repository.parent / "cache"), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with something to do for each command; committed."""
    place = tmp_path_factory.mktemp("made")
    TOOLS.update(own_tools(place / "tools"))
    root = make_repository(place / "repository", 2)
    assert meshwright(root, *GENERATE).returncode == 0
    for number in range(2):
        add_app(root, number, 2, generation=1)
    (add_app(root, 9, 10) / "mesh.yaml").unlink()
    for path in ("mesh/apps/home/gone/kustomization.yaml", "clusters/home/apps/gone.yaml"):
        was = root / path.replace("gone", APP)
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(was.read_text(encoding="utf-8").replace(APP, "gone"), encoding="utf-8")
    (root / "clusters/other/apps").mkdir(parents=True)
    shutil.copy(root / f"clusters/home/apps/{APP}.yaml", root / "clusters/other/apps")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "state")):
        git(root, *command)
    return root


def copied(made: Path, folder: Path, command: tuple[str, ...]) -> Path:
    shutil.copytree(made, folder)
    if command is not GENERATE:
        # What is left of an application that is gone does not build.
        shutil.rmtree(folder / "mesh/apps/home/gone")
        (folder / "clusters/home/apps/gone.yaml").unlink()
        git(folder, "commit", "-qam", "gone")
    return folder


def git(folder: Path, *command: str, check: bool = True) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    return subprocess.run(
        ["git", *identity, *command], cwd=folder, check=check, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize(("command", "place"), CASES, ids=lambda it: it if isinstance(it, str) else it[0])
def test_no_command_writes_through_a_link(
    command: tuple[str, ...], place: str, made: Path, tmp_path: Path
) -> None:
    repository, outside = copied(made, tmp_path / "repository", command), tmp_path / "outside"
    outside.mkdir()
    at = repository / place
    target = outside / "target"
    if at.exists():
        shutil.move(at, target)
    elif at.suffix:
        target.write_text("mine", encoding="utf-8")
    else:
        # Names of temporary files, of old places aside and of what a command would remove.
        for name in ("generate", "meshwright/generate", "tools"):
            (target / name).mkdir(parents=True)
            (target / name / "mine").write_text("mine", encoding="utf-8")
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(target)
    git(repository, "add", "-A")
    # A link that Git ignores is no change.
    git(repository, "commit", "-qm", "link", check=False)
    before = state(outside)

    done = meshwright(repository, *command)

    assert state(outside) == before
    assert at.is_symlink()
    assert done.returncode in (0, 1, 2)
    assert not list(repository.rglob(".meshwright-????????????????")), "no temporary file is left"


def test_every_command_has_something_to_do(made: Path, tmp_path: Path) -> None:
    """Without a link each of them writes, so that the test above tests something."""
    for number, command in enumerate(PLACES):
        repository = copied(made, tmp_path / str(number), command)
        done = meshwright(repository, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert git(repository, "status", "--porcelain"), command
        assert not (repository / ".cache").exists()


@pytest.mark.parametrize("name", ["reports", "builds", "generated", "tools"])
def test_caches_are_not_written_through_a_link(name: str, made: Path, tmp_path: Path) -> None:
    repository, cache, outside = tmp_path / "repository", tmp_path / "cache", tmp_path / "outside"
    shutil.copytree(made, repository)
    cache.mkdir()
    outside.mkdir()
    (outside / "mine.json").write_text("mine", encoding="utf-8")
    (cache / name).symlink_to(outside)
    before = state(outside)

    assert meshwright(repository, "generate", "--force").returncode == 0
    assert meshwright(repository, "check").returncode in (0, 1)

    assert state(outside) == before


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("mine", encoding="utf-8")
    before = state(tmp_path / "outside")
    yield Tree(tmp_path / "inside")
    assert state(tmp_path / "outside") == before


@pytest.mark.parametrize("target", ["../outside", "{}/outside", "../outside/file", "gone", "link"])
def test_a_tree_follows_no_link(tree: Tree, target: str) -> None:
    (tree.root / "link").symlink_to(target.format(tree.root.parent))
    (tree.root / "here").write_text("here", encoding="utf-8")

    acts: list[Callable[[], object]] = [
        lambda: tree.write("link/a", b"x"),
        lambda: tree.write("link", b"x"),
        lambda: tree.add({"link/a": b"x"}),
        lambda: tree.add({"link": b"x"}),
        lambda: tree.create("link/a", b"x"),
        lambda: tree.create("link", b"x"),
        lambda: tree.remove("link/file"),
        lambda: tree.move("here", "link/file"),
        lambda: tree.move("link/file", "there"),
        lambda: tree.link("link/file", "there"),
        lambda: tree.hold("link/deep"),
    ]
    for act in acts:
        with pytest.raises(OSError, match=r"link") as caught:
            act()
        assert str(caught.value.filename).startswith(str(tree.root))
    assert sorted(path.name for path in tree.root.iterdir()) == ["here", "link"]

    tree.remove("link")
    assert not (tree.root / "link").is_symlink()


def test_a_folder_that_becomes_a_link_leads_nowhere(tree: Tree) -> None:
    (tree.root / "folder").mkdir()
    with tree.parent("folder/a") as (place, name):
        (tree.root / "folder").rename(tree.root / "away")
        (tree.root / "folder").symlink_to(tree.root.parent / "outside")
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=place))
    assert (tree.root / "away/a").exists()


def test_a_tree_is_left_by_no_path(tree: Tree) -> None:
    for path in ("../outside/file", "/etc/x", "a/../../outside/file"):
        with pytest.raises(OSError, match="is outside the folder") as caught:
            tree.write(path, b"x")
        assert caught.value.errno == errno.EINVAL


def test_a_written_file_keeps_its_mode_and_its_twin(tree: Tree) -> None:
    file = tree.root / "file"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o751)
    os.link(file, tree.root / "twin")
    tree.write("file", b"new")
    assert (file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777) == ("new", 0o751)
    assert (tree.root / "twin").read_text(encoding="utf-8") == "old", "a hard link may lead outside too"


@pytest.mark.parametrize("fault", ["File exists", "No space left"])
def test_files_are_added_all_or_none(fault: str, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree.root / "a").mkdir()
    (tree.root / "a/there").write_text("mine", encoding="utf-8")
    before = state(tree.root / "a").keys()
    really = openfolder.fill

    def fill(place: int, name: str, content: bytes, mode: int | None = None) -> None:
        if content == b"3" and fault == "No space left":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(place, name, content, mode)

    monkeypatch.setattr(openfolder, "fill", fill)
    last = "a/there" if fault == "File exists" else "a/last"
    with pytest.raises(OSError, match=fault):
        tree.add({"a/b/new": b"1", "a/new": b"2", last: b"3"})
    assert state(tree.root / "a").keys() == before
    assert (tree.root / "a/there").read_text(encoding="utf-8") == "mine"


def test_a_cache_that_cannot_be_written_is_no_error(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tree.root / "cache"
    assert write_json_atomically(cache, "folder/a.json", {"a": 1})
    assert read_json(cache / "folder/a.json") == {"a": 1}
    (cache / "file").write_text("x", encoding="utf-8")
    assert not write_json_atomically(cache, "file/a.json", {})
    assert not write_json_atomically(cache / "file", "a.json", {})
    (cache / "link").symlink_to(tree.root.parent / "outside")
    assert not write_json_atomically(cache, "link/a.json", {})
    (cache / "file.json").symlink_to(tree.root.parent / "outside/file")
    assert not write_json_atomically(cache, "file.json", {})
    assert read_json(cache / "file.json") is None

    before = state(cache)

    def full(handle: int, *_: object) -> object:
        os.close(handle)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    # A disk that takes the name of a draft, and nothing of what is in it.
    monkeypatch.setattr(os, "fdopen", full)
    assert not write_json_atomically(cache, "folder/a.json", {"a": 2})
    monkeypatch.undo()
    assert state(cache).keys() == before.keys()
    assert read_json(cache / "folder/a.json") == {"a": 1}


def test_the_mode_of_a_new_file_is_told_and_an_old_one_keeps_its_own(tree: Tree) -> None:
    tree.write("ledger", b"1", mode=0o600)
    assert (tree.root / "ledger").stat().st_mode & 0o777 == 0o600
    (tree.root / "ledger").chmod(0o640)
    tree.write("ledger", b"2", mode=0o600)
    assert (tree.root / "ledger").stat().st_mode & 0o777 == 0o640


def test_a_linked_folder_of_applications_removes_none(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository", 2)
    generate(root, check=False, force=False, remember=False)
    (root / "apps").rename(tmp_path / "elsewhere")
    (root / "apps").symlink_to(tmp_path / "elsewhere")
    before = read_tree(root)

    with pytest.raises(MeshwrightError, match="apps: a symbolic link"):
        generate(root, check=False, force=False, remember=False)

    assert read_tree(root) == before
