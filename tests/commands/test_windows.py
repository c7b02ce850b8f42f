"""Without what Windows lacks: commands that read run as they do here, and the others are refused in one line.

It is a simulation on Unix (support/nounix.py). Paths and the file system stay as they are here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright import systems
from meshwright.bounded import UnixBounded
from meshwright.tools import locate
from meshwright.tools.finder import on_path
from support import nounix
from support.commands import commands

PACKAGE = Path(systems.__file__).parent
# Behind commands that are refused before anything of theirs is imported.
UNIX = {"meshwright.update.transaction", "meshwright.update.renderer"}


def _run(start: list[str], *arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    # The tools by their paths: what the cache's folder is called depends on the system.
    tools = {
        f"MESHWRIGHT_{name.upper()}": str(locate(name).path) for name in ("kustomize", "kubeconform", "helm")
    }
    environment = {**os.environ, **tools, "MESHWRIGHT_CACHE": str(home)}
    command = [sys.executable, *start, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def _windows(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    return _run([nounix.__file__], *arguments, home=home)


def _unix(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    return _run(["-m", "meshwright"], *arguments, home=home)


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example, committed, with a fault in the work tree."""
    folder = tmp_path_factory.mktemp("repository") / "pi-cluster"
    shutil.copytree(root / "examples" / "pi-cluster", folder)
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message=example")
    namespaces = folder / "platform/pi-cluster/namespaces/namespaces.yaml"
    namespaces.write_text(namespaces.read_text(encoding="utf-8") + "  speck: {}\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("check", 1, "speck"),
        pytest.param(
            "check --no-cache --order --changed-since HEAD --format json", 1, "speck", marks=pytest.mark.long
        ),
        pytest.param("diff --exit-code -C", 1, "speck", marks=pytest.mark.long),
        ("trust", 0, "identity issuer"),
        pytest.param("app list -C", 0, "demo", marks=pytest.mark.long),
        ("app show demo -C", 0, "as generated"),
        pytest.param(
            "explain linkerd-control-plane linkerd-crds -C", 0, "linkerd-crds", marks=pytest.mark.long
        ),
    ],
)
def test_what_reads_a_repository_says_the_same(
    repository: Path, tmp_path: Path, command: str, code: int, says: str
) -> None:
    here = _unix(*command.split(), repository, home=tmp_path)
    there = _windows(*command.split(), repository, home=tmp_path)

    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)
    assert there.returncode == code, there.stderr
    assert says in there.stdout


def test_what_reads_no_repository_says_the_same(tmp_path: Path) -> None:
    for arguments in (["--version"], ["explain", "MW004"]):
        here, there = (run(*arguments, home=tmp_path) for run in (_unix, _windows))
        assert there.returncode == 0, there.stderr
        assert there.stdout == here.stdout


def test_help_is_there_for_refused_commands_too(tmp_path: Path) -> None:
    found = _windows("trust", "rotate", "--help", home=tmp_path)

    assert found.returncode == 0, found.stderr
    assert "Usage: meshwright trust rotate" in found.stdout


def test_argo_cd_and_charts_are_checked(root: Path, tmp_path: Path) -> None:
    found = _windows("check", "--no-cache", root / "examples" / "datacenter-argocd", home=tmp_path)

    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 findings" in found.stdout


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("generate", ""),
        ("generate", "--check"),
        ("update", ""),
        ("update", "--preview"),
        ("trust rotate", "--stage 1"),
        ("trust rotate", "--stage 1 --preview"),
        ("app add", "shop --yes -C"),
        ("check --write-baseline", ""),
    ],
)
def test_what_writes_a_repository_is_refused_in_one_line(
    repository: Path, tmp_path: Path, command: str, options: str
) -> None:
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}

    found = _windows(*command.split(), *options.split(), repository, home=tmp_path)

    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr == f"meshwright: {command} needs Linux or macOS; on Windows run it in WSL\n"
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before


def test_tools_are_listed_and_cannot_be_installed(tmp_path: Path) -> None:
    listed = _windows("tools", "--format", "json", home=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert {it["name"] for it in json.loads(listed.stdout)["tools"]} == {"kustomize", "kubeconform", "helm"}

    environment = {**os.environ, "MESHWRIGHT_CACHE": str(tmp_path), "PATH": str(tmp_path)}
    command = [sys.executable, nounix.__file__, "tools", "kustomize"]
    absent = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    refused = subprocess.run(
        [*command, "--install"], env=environment, capture_output=True, text=True, check=False
    )

    assert absent.returncode == refused.returncode == 2
    # What it proposes is what works there.
    assert "--install" not in absent.stderr
    assert "set MESHWRIGHT_KUSTOMIZE to its path" in absent.stderr
    assert "cannot be installed on this platform; set MESHWRIGHT_KUSTOMIZE to its path" in refused.stderr


def test_modules_of_what_runs_there_can_be_imported(tmp_path: Path) -> None:
    """Without a fork, a lock or a signal of Unix at import, in any module that such a command could reach."""
    program = tmp_path / "imports.py"
    program.write_text(
        "import importlib, json, sys\n"
        f"sys.path.insert(0, {str(Path(nounix.__file__).parents[1])!r})\n"
        "from support import nounix\n"
        "nounix.take_away()\n"
        "faults = []\n"
        "for name in json.load(sys.stdin):\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except (ImportError, AttributeError):\n"
        "        faults.append(name)\n"
        "print(json.dumps(faults))\n",
        encoding="utf-8",
    )
    names = sorted(
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
        if path.name != "__main__.py"
    )

    found = subprocess.run(
        [sys.executable, program], input=json.dumps(names), capture_output=True, text=True, check=True
    )

    assert len(names) > 250
    assert set(json.loads(found.stdout)) == UNIX


def test_the_simulation_takes_away_what_it_says(tmp_path: Path) -> None:
    program = tmp_path / "probe.py"
    program.write_text(
        "import os, sys\n"
        f"sys.path.insert(0, {str(Path(nounix.__file__).parents[1])!r})\n"
        "from support import nounix\n"
        "nounix.take_away()\n"
        "for attempt in ('import fcntl', 'import pwd', 'os.fork()', 'import signal; signal.SIGALRM',\n"
        "                'os.open(\".\", os.O_RDONLY)', 'os.open(\"x\", os.O_RDONLY, dir_fd=3)',\n"
        "                'import subprocess; subprocess.Popen([\"true\"], pass_fds=(0,))'):\n"
        "    try:\n"
        "        exec(attempt)\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__)\n",
        encoding="utf-8",
    )

    found = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)

    assert found.stdout.split() == [
        "ModuleNotFoundError",
        "ModuleNotFoundError",
        "AttributeError",
        "AttributeError",
        "PermissionError",
        "NotImplementedError",
        "ValueError",
    ]


def test_the_manual_says_which_commands_are_refused(root: Path) -> None:
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in (root / "docs/install.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    stated = {
        name: windows != "no" for names, _, windows, _ in rows for name in re.findall(r"`([^`]+)`", names)
    }

    special = {"tools --install": False, "check --write-baseline": False}
    assert stated == {name: not isinstance(it, UnixBounded) for name, it in commands().items()} | special


def test_executables_have_their_ending(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("kustomize", "helm.exe"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(systems, "SUFFIX", ".exe")

    assert list(on_path("kustomize")) == []
    assert list(on_path("helm")) == [tmp_path / "helm.exe"]
