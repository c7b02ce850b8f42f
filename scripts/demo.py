"""Bootstrap the pi-cluster example on both engines by plain `copier copy`, show and check it, offline."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.tree import Tree

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = {"pi-cluster": "linkerd-control-plane", "pi-cluster-argocd": "linkerd-viz"}
BIN = Path(sys.executable).parent


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)
    return max(show(console, example, layer) for example, layer in EXAMPLES.items())


def show(console: Console, example: str, layer: str) -> int:
    """Bootstrap one example, print its tree and the wiring of one layer, and check it."""
    destination = Path("build/demo") / example
    shutil.rmtree(ROOT / destination, ignore_errors=True)
    answers = f"--data-file=examples/{example}.yml"
    code = run(
        console, "copier", "copy", "--defaults", "--quiet", "--vcs-ref=HEAD", answers, ".", str(destination)
    )
    if code:
        return code
    console.print(tree_of(ROOT / destination, destination.name))
    wiring = destination / f"clusters/pi-cluster/platform/{layer}.yaml"
    console.print(f"\n[bold]$ cat {wiring}[/bold]")
    console.print((ROOT / wiring).read_text(encoding="utf-8"), markup=False)
    steps = (
        ("app", "list", "-C", str(destination)),
        ("generate", str(destination)),
        ("check", str(destination)),
    )
    return max(run(console, "meshwright", *step) for step in steps)


def run(console: Console, *command: str) -> int:
    """Show the command as a person would type it, run it from the checkout, and return its exit code."""
    console.print(f"\n[bold]$ {shlex.join(command)}[/bold]")
    # Copier warns that uncommitted changes are rendered too, which is what a demo wants.
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, check=False, env=environment).returncode


def tree_of(folder: Path, name: str) -> Tree:
    """The files of a folder as a tree."""
    tree = Tree(f"[bold]{name}/[/bold]")
    _grow(tree, folder)
    return tree


def _grow(tree: Tree, folder: Path) -> None:
    for entry in sorted(folder.iterdir(), key=lambda path: (path.is_file(), path.name)):
        if entry.is_dir():
            _grow(tree.add(f"[bold]{entry.name}/[/bold]"), entry)
        else:
            tree.add(entry.name)


if __name__ == "__main__":
    sys.exit(main())
