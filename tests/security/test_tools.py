"""No repository, and no cache that somebody else filled, brings a program that Meshwright starts."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pwd
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from meshwright.cache.places import cache_root
from meshwright.errors import MeshwrightError
from meshwright.tools import Installer, ToolNotFoundError, ToolOrigin, download, locate
from meshwright.tools.catalog import TOOLS, host_platform, wanted_version
from meshwright.tools.ledger import Ledger
from meshwright.tools.toolcache import CachedTool, cache_entry

ROOT = Path(__file__).resolve().parents[2]
MESHWRIGHT = Path(sys.executable).parent / "meshwright"
NAMES = ("kustomize", "kubeconform", "helm")


@dataclass(frozen=True)
class Ground:
    """A repository, and around it a cache, a state folder and a canary that no program may touch."""

    folder: Path
    repository: Path
    cache: Path
    ledger: Path

    @property
    def canary(self) -> Path:
        return self.folder / "canary"

    def fake(self, path: Path) -> Path:
        """A program that says the right version, and that it ran."""
        path.parent.mkdir(parents=True, exist_ok=True)
        version = wanted_version(path.name) if path.name in NAMES else ""
        path.write_text(f"#!/bin/sh\necho {path} >> '{self.canary}'\necho {version}\n")
        path.chmod(0o755)
        return path

    def plant(self, cache: Path) -> None:
        """Each tool as a fake in a cache, with the record that an older Meshwright believed."""
        for name in NAMES:
            entry = cache_entry(TOOLS[name], wanted_version(name), cache)
            fake = self.fake(entry.binary)
            status = fake.stat()
            record = {
                "name": name,
                "version": entry.version,
                "origin": "download",
                "detail": TOOLS[name].url(entry.version, host_platform()),
                "sha256": hashlib.sha256(fake.read_bytes()).hexdigest(),
                "size": status.st_size,
                "mtime": status.st_mtime_ns,
            }
            entry.record.write_text(json.dumps(record))

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command of Meshwright inside the repository, with no tool on PATH."""
        names = ("HOME", "LANG", "MESHWRIGHT_CACHE", "XDG_STATE_HOME", "XDG_CACHE_HOME")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        # git is needed by some, and nothing may be fetched or built.
        git = self.folder / "bin" / "git"
        git.parent.mkdir(exist_ok=True)
        if not git.exists():
            git.symlink_to(shutil.which("git") or "/nowhere")
        environment |= {
            "PATH": str(git.parent),
            "MESHWRIGHT_DOWNLOAD_BASE": "http://127.0.0.1:9",
            **more,
        }
        return subprocess.run(
            [MESHWRIGHT, *arguments],
            cwd=self.repository,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    made = Ground(
        tmp_path, tmp_path / "repository", tmp_path / "cache", tmp_path / "state/meshwright/tools.json"
    )
    for spec in TOOLS.values():
        monkeypatch.delenv(spec.variable, raising=False)
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(made.cache))
    monkeypatch.setenv("MESHWRIGHT_DOWNLOAD_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (made.repository / ".git").mkdir(parents=True)
    return made


@pytest.fixture
def whole(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """The repository is an example under Git, as a stranger would send it."""
    monkeypatch.undo()
    shutil.rmtree(ground.repository)
    shutil.copytree(ROOT / "examples/pi-cluster", ground.repository)
    ground.plant(ground.repository / ".cache/meshwright")
    git = ["git", "-C", str(ground.repository), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["add", "-f", ".cache"],
        ["commit", "-qm", "x"],
    ):
        subprocess.run([*git, *command], check=True, capture_output=True)
    # Something to compare.
    wiring = ground.repository / "clusters/pi-cluster/platform/linkerd-control-plane.yaml"
    wiring.write_text(wiring.read_text().replace("interval: 1h", "interval: 2h"))
    return ground


COMMANDS = [
    ("tools",),
    ("tools", "--install", "kustomize"),
    ("check",),
    ("check", "--changed-since", "HEAD"),
    ("diff",),
    ("generate", "--check"),
    ("app", "add", "demo"),
    ("trust",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_cache_inside_the_checkout_is_refused(whole: Ground, command: tuple[str, ...]) -> None:
    cache = whole.repository / ".cache/meshwright"
    found = whole.run(*command, MESHWRIGHT_CACHE=str(cache), XDG_STATE_HOME=str(whole.folder / "state"))
    assert not whole.canary.exists()
    if command[0] in ("trust", "app"):
        # Those need no tool here, and may never look at the cache.
        assert "Traceback" not in found.stderr
        return
    assert found.returncode == 2
    lines = set(found.stderr.splitlines())
    assert lines == {
        f"meshwright: MESHWRIGHT_CACHE is {cache}, which is inside the Git checkout {whole.repository}, "
        "where a repository could provide its own tools; set MESHWRIGHT_CACHE to a folder outside, "
        "such as $RUNNER_TEMP/meshwright"
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_fake_in_a_legal_cache_never_runs(whole: Ground, command: tuple[str, ...]) -> None:
    whole.plant(whole.cache)
    found = whole.run(*command, MESHWRIGHT_CACHE=str(whole.cache), XDG_STATE_HOME=str(whole.folder / "state"))
    assert not whole.canary.exists()
    assert "Traceback" not in found.stderr
    if command[0] in ("tools", "check", "diff"):
        assert found.returncode == 2
        told = [line for line in found.stderr.splitlines() if line.startswith("meshwright: ")]
        assert told
        assert all("cached copy is not proved" in line or "go is not on PATH" in line for line in told)


def _archive(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(TOOLS[name].archive_member(host_platform()))
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def restored(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> CachedTool:
    """A cache that CI restored: an executable with its archive, whose checksum is the embedded one."""
    good = b"#!/bin/sh\nexit 0\n"
    archive = _archive("kustomize", good)
    platform, version = str(host_platform()), wanted_version("kustomize")
    sha256 = hashlib.sha256(archive).hexdigest()
    monkeypatch.setattr(
        download, "load_checksums", lambda: {"kustomize": {version: {"sha256": {platform: sha256}}}}
    )
    entry = cache_entry(TOOLS["kustomize"], version, ground.cache)
    entry.folder.mkdir(parents=True)
    entry.archive.write_bytes(archive)
    entry.binary.write_bytes(good)
    entry.binary.chmod(0o755)
    return entry


def test_a_restored_tool_is_proved_by_its_archive_once(
    ground: Ground, restored: CachedTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = locate("kustomize")
    assert (tool.path, tool.origin) == (restored.binary, ToolOrigin.DOWNLOAD)
    assert ground.ledger.exists()
    monkeypatch.setattr(download, "proved_member", lambda *_: pytest.fail("proved again"))
    assert locate("kustomize") == tool


def test_a_tampered_executable_is_taken_out_of_its_archive_anew(restored: CachedTool) -> None:
    good = restored.binary.read_bytes()
    restored.binary.write_bytes(good.replace(b"0", b"1"))
    with pytest.raises(ToolNotFoundError, match="the origin of the cached copy is not proved"):
        locate("kustomize")
    # No server answers: what is at hand is enough.
    assert Installer().install("kustomize").path.read_bytes() == good
    assert locate("kustomize").path == restored.binary


def test_a_swapped_archive_proves_nothing(ground: Ground, restored: CachedTool) -> None:
    ground.fake(restored.binary)
    restored.archive.write_bytes(_archive("kustomize", restored.binary.read_bytes()))
    with pytest.raises(ToolNotFoundError, match="the origin of the cached copy is not proved"):
        locate("kustomize")
    with pytest.raises(MeshwrightError, match="could not be installed") as caught:
        Installer().install("kustomize")
    assert "\n" not in str(caught.value)
    assert not ground.canary.exists()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "huge"])
def test_an_archive_that_is_no_file_proves_nothing(restored: CachedTool, kind: str) -> None:
    real = restored.archive.rename(restored.folder / "real")
    match kind:
        case "link":
            restored.archive.symlink_to(real)
        case "pipe":
            os.mkfifo(restored.archive)
        case "folder":
            restored.archive.mkdir()
        case _:
            with restored.archive.open("wb") as file:
                file.truncate(1 << 30)
    with pytest.raises(ToolNotFoundError):
        locate("kustomize")


def test_a_link_is_no_tool(ground: Ground, restored: CachedTool) -> None:
    real = restored.binary.rename(ground.folder / "kustomize")
    restored.binary.symlink_to(real)
    with pytest.raises(ToolNotFoundError):
        locate("kustomize")


def test_the_record_of_one_path_speaks_for_no_other_bytes(ground: Ground, restored: CachedTool) -> None:
    locate("kustomize")
    other = cache_entry(TOOLS["kustomize"], restored.version, ground.folder / "other")
    fake = ground.fake(other.binary)
    fake.write_bytes(b"#!/bin/sh\nexit 1\n")
    assert fake.stat().st_size == restored.binary.stat().st_size
    assert other.read() is None


@pytest.mark.parametrize("name", ["tools/kustomize", "tools"])
def test_nothing_is_installed_through_a_link(ground: Ground, restored: CachedTool, name: str) -> None:
    restored.binary.unlink()
    place = ground.cache / name
    moved = place.rename(ground.folder / "victim")
    before = sorted(moved.rglob("*"))
    place.symlink_to(moved)
    with pytest.raises(
        MeshwrightError, match=rf"{place}: is a symbolic link, .*; set MESHWRIGHT_CACHE"
    ) as caught:
        Installer().install("kustomize")
    assert "\n" not in str(caught.value)
    assert sorted(moved.rglob("*")) == before


def test_links_in_an_entry_lead_no_write_and_no_removal_out(ground: Ground, restored: CachedTool) -> None:
    victim = ground.folder / "victim"
    victim.mkdir()
    kept = victim / "kept"
    kept.write_text("kept")
    restored.binary.unlink()
    for name in ("kustomize", "record.json", ".lock"):
        (restored.folder / name).symlink_to(kept)
    (restored.folder / ".staging-abcdefgh").symlink_to(victim)
    with pytest.raises(MeshwrightError, match="cannot be written to the cache"):
        Installer().install("kustomize")
    (restored.folder / ".lock").unlink()
    assert Installer().install("kustomize").path.read_bytes() == b"#!/bin/sh\nexit 0\n"
    assert [path.read_text() for path in victim.iterdir()] == ["kept"]


def _unwritable(ground: Ground) -> None:
    (ground.folder / "state").write_text("a file where a folder should be")


def test_without_a_state_folder_a_restored_tool_is_proved_each_time(
    ground: Ground, restored: CachedTool
) -> None:
    _unwritable(ground)
    assert locate("kustomize") == locate("kustomize")
    restored.binary.write_bytes(b"#!/bin/sh\nexit 1\n")
    with pytest.raises(ToolNotFoundError):
        locate("kustomize")


def test_without_a_state_folder_nothing_is_built(ground: Ground) -> None:
    _unwritable(ground)
    ground.fake(ground.folder / "bin/go")
    with pytest.raises(
        MeshwrightError, match=r"the ledger of installed tools cannot be written: .*; set XDG_STATE_HOME"
    ) as caught:
        Installer(checksums={}).install("kustomize")
    assert "\n" not in str(caught.value)
    assert not ground.canary.exists()


def test_a_state_folder_inside_the_checkout_vouches_for_nothing(
    ground: Ground, restored: CachedTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    locate("kustomize")
    restored.archive.unlink()
    assert locate("kustomize").path == restored.binary
    monkeypatch.setenv("XDG_STATE_HOME", str(ground.repository / "state"))
    shutil.copytree(ground.folder / "state", ground.repository / "state")
    with pytest.raises(ToolNotFoundError, match="set XDG_STATE_HOME to a folder outside") as caught:
        locate("kustomize")
    assert "\n" not in str(caught.value)


def test_no_home_is_one_line(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.chdir(ground.repository)
    monkeypatch.delenv("HOME", raising=False)

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(MeshwrightError, match=r"no home folder; set HOME, or set MESHWRIGHT_CACHE"):
        cache_root()
    # As platformdirs did before 4.4: a path that begins in the working folder.
    monkeypatch.setattr("platformdirs.user_state_dir", lambda *_, **__: "~/.local/state/meshwright")
    assert "set XDG_STATE_HOME" in Ledger().problem
    monkeypatch.setenv("MESHWRIGHT_CACHE", "~nobody-of-that-name/cache")
    with pytest.raises(MeshwrightError, match="the home or current folder does not exist"):
        cache_root()


@pytest.mark.parametrize("variable", ["MESHWRIGHT_CACHE", "XDG_CACHE_HOME", "HOME"])
@pytest.mark.parametrize("form", ["plain", "relative", "dots", "link out", "link in", "worktree"])
def test_every_way_into_a_checkout_is_seen(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, variable: str, form: str
) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(ground.repository)
    inside = ground.repository / "a"
    match form:
        case "relative":
            told = "a"
        case "dots":
            told = str(ground.folder / "x/../repository/a")
        case "link out":
            inside.symlink_to(ground.folder)
            told = str(inside)
        case "link in":
            (ground.folder / "link").symlink_to(ground.repository)
            told = str(ground.folder / "link/a")
        case "worktree":
            (ground.repository / ".git").rmdir()
            (ground.repository / ".git").write_text("gitdir: /elsewhere\n")
            told = str(inside)
        case _:
            told = str(inside)
    monkeypatch.setenv(variable, told)
    if form == "relative" and variable != "MESHWRIGHT_CACHE":
        # The standard has it ignored: the home of the account counts.
        assert not cache_root().is_relative_to(ground.repository)
        return
    with pytest.raises(MeshwrightError, match="is inside the Git checkout") as caught:
        cache_root()
    assert "\n" not in str(caught.value)
    assert "MESHWRIGHT_CACHE" in str(caught.value)


def test_a_home_folder_that_is_a_checkout_is_the_users(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(ground.repository))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_dir=str(ground.repository)))
    assert cache_root().is_relative_to(ground.repository)
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(ground.repository / "cache"))
    with pytest.raises(MeshwrightError, match="is inside the Git checkout"):
        cache_root()


@pytest.mark.parametrize("linked", [False, True])
def test_path_inside_the_checkout_that_one_is_in_brings_no_tool(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    ground.fake(ground.repository / "bin/kustomize")
    ground.fake(ground.repository / "bin/go")
    folder = ground.repository / "bin"
    if linked:
        (ground.folder / "out").symlink_to(folder)
        folder = ground.folder / "out"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}bin")
    monkeypatch.chdir(ground.repository)
    with pytest.raises(ToolNotFoundError, match="which is not used because it is in the current checkout"):
        locate("kustomize")
    with pytest.raises(MeshwrightError, match="go is not on PATH"):
        Installer(checksums={}).install("kustomize")
    assert not ground.canary.exists()
    monkeypatch.chdir(ground.folder)
    assert locate("kustomize").origin is ToolOrigin.PATH


def test_a_program_that_is_asked_for_its_version_gets_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.chdir(ground.repository)
    told = ground.folder / "told"
    script = ground.fake(ground.folder / "bin/kustomize")
    script.write_text(f"#!/bin/sh\nexport > '{told}'\npwd >> '{told}'\necho {wanted_version('kustomize')}\n")
    assert locate("kustomize").path == script
    said = told.read_text()
    assert "secret" not in said
    assert str(ground.repository) not in said


def test_two_processes_at_once_lose_no_record(ground: Ground) -> None:
    program = (
        "import sys; from pathlib import Path; from meshwright.tools.ledger import Ledger, Record;"
        "from meshwright.tools import ToolOrigin; file = Path(sys.argv[1]); file.write_text('x');"
        "record = Record('helm', 'v1', ToolOrigin.GO_INSTALL, '', '0', 0, 0, 0, 0).seen(file.stat());"
        "[Ledger().keep(file, record) for _ in range(20)]"
    )
    files = [str(ground.folder / f"tool{number}") for number in range(4)]
    started = [subprocess.Popen([sys.executable, "-c", program, file]) for file in files]
    assert [process.wait() for process in started] == [0] * 4
    assert sorted(json.loads(ground.ledger.read_text())["executables"]) == files
    assert sorted(path.name for path in ground.ledger.parent.iterdir()) == ["tools.json", "tools.lock"]
