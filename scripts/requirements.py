"""Write requirements/*.txt from uv.lock: each package at its version, with the hashes of its files.

For pip, where uv is not at hand: scripts/install.sh, and the Makefile, which gets uv itself by them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
FILES = {
    "install.txt": ("--no-default-groups", "--group", "build"),
    "uv.txt": ("--only-group", "bootstrap"),
}
_HEADER = "# Made from uv.lock by `make requirements`; do not edit.\n"


def export(name: str) -> str:
    """What the file of that name should hold. Raises CalledProcessError when uv cannot read the lock."""
    how = ("--frozen", "--quiet", "--format", "requirements-txt")
    less = ("--no-emit-project", "--no-header", "--no-annotate")
    command: list[str | Path] = [Path(sys.executable).parent / "uv", "export", *how, *less, *FILES[name]]
    made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return _HEADER + made.stdout


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in FILES:
        (FOLDER / name).write_text(export(name), encoding="utf-8")


if __name__ == "__main__":
    main()
