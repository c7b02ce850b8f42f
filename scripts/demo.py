"""Bootstrap the pi-cluster example with plain `copier copy`, show what came out, and check it offline."""

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
DESTINATION = Path("build/demo/pi-cluster")
BIN = Path(sys.executable).parent


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)
    shutil.rmtree(ROOT / DESTINATION, ignore_errors=True)
    answers = Path("examples/pi-cluster.yml")

    code = run(
        console,
        "copier",
        "copy",
        "--defaults",
        "--quiet",
        "--vcs-ref=HEAD",
        f"--data-file={answers}",
        ".",
        str(DESTINATION),
    )
    if code:
        return code
    console.print(tree_of(ROOT / DESTINATION, DESTINATION.name))
    wiring = DESTINATION / "clusters/pi-cluster/platform/linkerd-control-plane.yaml"
    console.print(f"\n[bold]$ cat {wiring}[/bold]")
    console.print((ROOT / wiring).read_text(encoding="utf-8"), markup=False)
    return run(console, "meshwright", "check", str(DESTINATION))


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
