"""The Tab key, as the scripts of the shells ask for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright.check.rules.registry import load_rules
from support.repositories import write

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")


def program() -> str:
    return str(Path(sys.executable).with_name("meshwright"))


def ask(shell: str, line: str, folder: Path) -> str:
    """What the shell's script gets for a command line whose last word is being written."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_MESHWRIGHT_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
    }
    done = subprocess.run(
        [program()], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        ".copier-answers.yml": "engine: flux\n",
        "apps/shop/mesh.yaml": "",
        "apps/blog/kustomization.yaml": "",
    }
    return write(tmp_path, files)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("meshwright upd", ["update"]),
        ("meshwright trust ro", ["rotate"]),
        ("meshwright check --sel", ["--select"]),
        ("meshwright check --format js", ["json"]),
        ("meshwright check --ignore pods-race", ["pods-race-injector"]),
        ("meshwright explain build/missing-p", ["build/missing-path", "build/missing-project"]),
        ("meshwright explain sho", ["shop"]),
        ("meshwright app show ", ["shop"]),
        ("meshwright app add ", ["blog"]),
        ("meshwright completion f", ["fish"]),
    ],
)
def test_what_is_offered(line: str, offered: list[str], repository: Path) -> None:
    assert ask("bash", line, repository / "apps").split() == offered


def test_every_rule_is_offered(tmp_path: Path) -> None:
    offered = ask("bash", "meshwright check --select MW", tmp_path).split()

    assert offered == [rule.id for rule in load_rules()]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_its_form(shell: str, tmp_path: Path) -> None:
    assert "update" in ask(shell, "meshwright upd", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_is_printed(shell: str, tmp_path: Path) -> None:
    done = subprocess.run([program(), "completion", shell], capture_output=True, text=True, check=True)

    assert f"complete_{shell.replace('pwsh', 'powershell')}" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".bash_completions/meshwright.sh"),
        ("zsh", ".zfunc/_meshwright"),
        ("fish", ".config/fish/completions/meshwright.fish"),
    ],
)
def test_it_is_installed_for_the_shell_in_use(shell: str, file: str, tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "SHELL": f"/bin/{shell}"}
    done = subprocess.run(
        [program(), "completion", "--install"], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == f"wrote {tmp_path / file}\nnext: start a new shell\n"
    assert "_MESHWRIGHT_COMPLETE" in (tmp_path / file).read_text()


def test_bash_completes_with_the_installed_script(repository: Path, tmp_path: Path) -> None:
    script = tmp_path / "meshwright.sh"
    script.write_bytes(
        subprocess.run([program(), "completion", "bash"], capture_output=True, check=True).stdout
    )
    typed = (
        f"source {script}; COMP_WORDS=(meshwright app sh); COMP_CWORD=2; "
        f'_meshwright_completion {program()}; echo "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(["bash", "-c", typed], cwd=repository, capture_output=True, text=True, check=True)

    assert done.stdout == "show\n"


@pytest.mark.parametrize("shell", ["/bin/dash", ""])
def test_another_shell_is_refused_with_the_way_out(shell: str) -> None:
    done = subprocess.run(
        [program(), "completion"],
        env={**os.environ, "SHELL": shell},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    what = "there is no completion for dash" if shell else "SHELL is not set"
    assert done.stderr == f"meshwright: {what}; name a shell, such as meshwright completion bash\n"
