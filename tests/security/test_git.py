"""Repositories whose Git state is hostile, through every command that uses git; nothing of it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from meshwright.commands.update import update
from meshwright.errors import MeshwrightError
from support.hostilegit import POISONS, attributes, canary, embed_bare, ran, touch_all
from support.upgrades import adopt, commit, git, real_template, take, write

PROGRAM = Path(sys.executable).parent / "meshwright"
NEXT = [
    {
        "append": {
            "file": "template/repo/platform/[[ cluster_name ]]/linkerd-viz/values.yaml.jinja",
            "text": "# more\n",
        }
    }
]
COMMANDS = {
    "check": ["check", "--no-cache", "."],
    "since": ["check", "--no-cache", "--changed-since", "HEAD", "."],
    "diff": ["diff"],
    "diff-revisions": ["diff", "HEAD", "HEAD"],
    "graph": ["graph", "--since", "HEAD", "--format", "json", "."],
    "generate": ["generate", "--check", "--no-cache", "."],
    "apps": ["app", "list"],
    "trust": ["trust", "."],
    "rotate": ["trust", "rotate", "--stage", "1", "--preview", "."],
    "preview": ["update", "--preview", "--no-check", "--template", "../template", "."],
    "update": ["update", "--no-check", "--template", "../template", "."],
}
WRITES = ["trust", "rotate", "--stage", "1", "."]
TOGETHER = (
    "clean",
    "process",
    "a-name-with-dots",
    "include",
    "hooks",
    "fsmonitor",
    "merge",
    "people",
    "diff",
)


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example in Git, and two versions of its template."""
    place = tmp_path_factory.mktemp("hostile")
    shutil.copytree(root / "examples/pi-cluster", place / "repository")
    adopt(place / "repository")
    template = real_template(place / "template", root)
    take(template, NEXT)
    commit(template, "v0.2.0")
    return place


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    for name in ("repository", "template"):
        shutil.copytree(made / name, tmp_path / name, symlinks=True)
    return tmp_path / "repository"


def started(folder: Path, arguments: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    """A command in the folder; whatever it thinks of that, it says so in printable lines."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert all(line.isprintable() for line in done.stderr.splitlines()), done.stderr
    return done


def test_everything_that_git_can_be_told_to_run(repository: Path, tmp_path: Path) -> None:
    program = canary(tmp_path)
    text = (repository / "README.md").read_bytes()
    for name in TOGETHER:
        POISONS[name].lay(repository, program)
    attributes(repository, "* filter=evil diff=evil merge=evil")
    (repository / "README.md").write_bytes(text)
    touch_all(repository)
    with suppress(subprocess.CalledProcessError):
        git(repository, "status")
    assert ran(program), "it can run"
    touch_all(repository)

    for name, arguments in COMMANDS.items():
        done = started(repository, arguments)
        assert (name, done.returncode, done.stderr) == (name, 0, "")
    assert not ran(program)
    assert "values.yaml" in git(repository, "-c", "core.fsmonitor=false", "diff", "--cached", "--name-only")


def test_a_stage_is_written_beside_it(repository: Path, tmp_path: Path) -> None:
    program = canary(tmp_path)
    POISONS["clean"].lay(repository, program)

    assert started(repository, WRITES).returncode == 0

    assert not ran(program)
    assert (repository / "platform/pi-cluster/linkerd-trust/anchor-2.yaml").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", POISONS)
def test_each_alone(repository: Path, tmp_path: Path, name: str) -> None:
    program = canary(tmp_path)
    POISONS[name].lay(repository, program)
    ran(program)

    for arguments in COMMANDS.values():
        started(repository, arguments)
        assert not ran(program), arguments


def test_a_bare_repository_among_the_files(repository: Path, tmp_path: Path) -> None:
    program = canary(tmp_path)
    infra = repository / "infra"
    shutil.copytree(repository, infra, ignore=shutil.ignore_patterns(".git", "infra"))
    embed_bare(infra, program)
    git(infra, "-c", "safe.bareRepository=all", "status")
    assert ran(program), "it can run"
    touch_all(infra)

    for name in ("since", "diff", "graph", "rotate", "preview", "update"):
        words = WRITES if name == "rotate" else [word.replace("../", "../../") for word in COMMANDS[name]]
        done = started(infra, words)
        assert done.returncode == 2, name
        assert len(done.stderr.splitlines()) == 1
        assert "infra: a bare Git repository (HEAD, objects, refs)" in done.stderr
    # Its objects stand twice in the repository now, which is a finding.
    for words in (COMMANDS["check"], COMMANDS["diff-revisions"], ["check", "--no-cache", "infra"]):
        assert started(repository, words).returncode in (0, 1)
    assert not ran(program)


def test_files_elsewhere(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    git(repository, "config", "core.worktree", str(tmp_path / "victim"))

    for name in ("since", "diff", "graph", "preview", "update"):
        done = started(repository, COMMANDS[name])
        assert (name, done.returncode) == (name, 2)
        assert "its Git configuration says that its files are elsewhere" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert started(repository, WRITES).returncode == 2
    assert started(repository, COMMANDS["check"]).returncode == 0
    assert list((tmp_path / "victim").iterdir()) == []


def test_modules_of_the_repository(repository: Path, tmp_path: Path) -> None:
    program = canary(tmp_path)
    text = f"open({str(program.with_name('ran'))!r}, 'a').write(__file__ + '\\n')\n"
    for name in (
        "meshwright/__init__.py",
        "copier/__init__.py",
        "json.py",
        "tempfile.py",
        "sitecustomize.py",
    ):
        write(repository / name, text)
    commit(repository)

    for name in ("preview", "update"):
        done = started(repository, COMMANDS[name])
        assert (done.returncode, done.stderr) == (0, "")
        assert not ran(program)


def test_a_git_of_the_repository(repository: Path, tmp_path: Path) -> None:
    program = canary(tmp_path)
    shutil.copy(program, repository / "git")
    commit(repository)

    # The empty word means the current folder too.
    for name, first in {"since": ".", "diff": "", "preview": str(repository)}.items():
        path = f"{first}:{os.environ['PATH']}"
        assert started(repository, COMMANDS[name], PATH=path).returncode == 0
    assert not ran(program)


@pytest.mark.parametrize("name", ["check", "since", "diff", "writes", "update"])
def test_inside_a_hook_of_another_repository(repository: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other / "file", "x")
    adopt(other)
    hook = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_PREFIX": "",
        "GIT_NAMESPACE": "x",
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
    }
    before = (other / ".git/index").read_bytes()

    done = started(repository, WRITES if name == "writes" else COMMANDS[name], **hook)

    assert (done.returncode, done.stderr) == (0, "")
    assert (other / ".git/index").read_bytes() == before


@pytest.mark.parametrize("place", ["submodule", "folder", "linked", "shallow"])
def test_honest_checkouts_of_every_kind(repository: Path, tmp_path: Path, place: str) -> None:
    """Each command works in a submodule, in a folder of a larger checkout, in a linked and a shallow one."""
    here = tmp_path / "here"
    if place == "linked":
        git(repository, "worktree", "add", "--quiet", str(here))
    elif place == "shallow":
        git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "here")
    else:
        outer = tmp_path / "outer"
        here = outer / "cluster"
        outer.mkdir()
        if place == "folder":
            shutil.copytree(repository, here, ignore=shutil.ignore_patterns(".git"))
        adopt(outer)
        if place == "submodule":
            git(outer, "submodule", "--quiet", "add", str(repository), "cluster")
    if place != "folder":
        write(here / "ignored/kustomization.yaml", "resources: [missing.yaml]\n")
    exclude = Path(git(here, "rev-parse", "--path-format=absolute", "--git-path", "info/exclude"))
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("ignored/\n", encoding="utf-8")

    for name in ("since", "diff", "update"):
        words = [word.replace("../template", str(tmp_path / "template")) for word in COMMANDS[name]]
        done = started(here, words)
        assert (name, done.returncode, done.stderr) == (name, 0, ""), done.stdout
    git(here, "reset", "--quiet", "--hard")
    assert started(here, WRITES).returncode == 0


def test_an_unborn_branch_and_a_sparse_checkout(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(repository), "sparse")
    sparse = tmp_path / "sparse"
    git(sparse, "sparse-checkout", "set", "platform", "clusters", "mesh", "apps")
    for name in ("since", "diff", "rotate"):
        assert started(sparse, COMMANDS[name]).returncode == 0, name
    assert "git sparse-checkout disable" in started(sparse, COMMANDS["preview"]).stderr
    shutil.rmtree(repository / ".git")
    git(repository, "init", "--quiet")

    assert started(repository, COMMANDS["check"]).returncode == 0
    for name, reason in {
        "since": "no revision 'HEAD'",
        "diff": "nothing is committed yet",
        "preview": "nothing is committed yet",
    }.items():
        done = started(repository, COMMANDS[name])
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert reason in done.stderr
    assert "not committed" in started(repository, WRITES).stderr


@pytest.mark.parametrize(
    "path", ["../../victim/a", "/victim/a", ".git/config", "x/../../a", ".GIT/hooks/x", ""]
)
def test_a_revision_that_no_checkout_can_hold(repository: Path, path: str) -> None:
    """Trees made by hand: git checks their names when it writes files, and not before."""
    blob = git(repository, "rev-parse", "HEAD:README.md")
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    for name in reversed(path.split("/")):
        kind = b"100644" if name == path.split("/")[-1] else b"40000"
        content = kind + b" " + name.encode() + b"\0" + bytes.fromhex(blob)
        made = subprocess.run(
            ["git", "hash-object", "-t", "tree", "--literally", "-w", "--stdin"],
            cwd=repository,
            input=content,
            check=True,
            capture_output=True,
        )
        blob = made.stdout.decode().strip()
    assert blob != tree
    head = git(repository, "commit-tree", blob, "-m", "evil")

    done = started(repository, ["diff", head, "HEAD"])

    assert done.returncode == 2, done.stdout
    assert "is not valid in a checkout" in done.stderr or "empty filename in tree entry" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_template_is_rendered_without_trust(repository: Path, tmp_path: Path) -> None:
    """Whom the user trusts with Copier is not trusted here."""
    program = canary(tmp_path)
    take(tmp_path / "template", [{"append": {"file": "copier.yml", "text": f"\n_tasks: ['{program}']\n"}}])
    commit(tmp_path / "template", "v0.3.0")
    settings = tmp_path / "settings.yml"
    settings.write_text("trust: ['/']\n", encoding="utf-8")

    done = started(repository, COMMANDS["update"], COPIER_SETTINGS_PATH=str(settings))

    assert done.returncode == 2
    assert "the template's version v0.3.0 cannot be rendered" in done.stderr
    assert not ran(program)


@pytest.mark.parametrize(
    "source", ["ext::sh -c evil", "--upload-pack=evil", "ssh://-oProxyCommand=evil/x", "fd::7"]
)
def test_odd_places_of_a_template(repository: Path, source: str) -> None:
    file = repository / ".copier-answers.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("https://github.com/meshwright/meshwright.git", source), encoding="utf-8")
    commit(repository)

    with pytest.raises(MeshwrightError) as caught:
        update(repository)

    assert "\n" not in str(caught.value)
