"""Write requirements/*.txt from uv.lock: each package at its version, with the hashes of its files.

For pip, where uv is not at hand: scripts/install.sh, and the Makefile, which gets uv itself by them.
The oldest Copier and its pathspec are not in uv.lock, which holds one version of a package: the index gives
their hashes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
FILES = {
    "install.txt": ("--no-default-groups", "--group", "build"),
    "uv.txt": ("--only-group", "bootstrap"),
}
OLDEST = "oldest-copier.txt"
_HEADER = "# Made from uv.lock by `make requirements`; do not edit.\n"


def export(name: str) -> str:
    """What the file of that name should hold. Raises CalledProcessError when uv cannot read the lock."""
    how = ("--frozen", "--quiet", "--format", "requirements-txt")
    less = ("--no-emit-project", "--no-header", "--no-annotate")
    command: list[str | Path] = [Path(sys.executable).parent / "uv", "export", *how, *less, *FILES[name]]
    made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return _HEADER + made.stdout


def blocks(text: str) -> dict[str, str]:
    """The requirements of a file: by the package's name, its lines with version, marker and hashes."""
    found = re.findall(r"^[^\s#].*?(?=^[^\s#]|\Z)", text, re.MULTILINE | re.DOTALL)
    return {re.split(r"[^\w.-]", block, maxsplit=1)[0]: block for block in found}


def oldest_copier(installed: str) -> str:
    """The oldest Copier the template allows, an older pathspec, and all else as in the text ``installed``.

    Asks the index for the hashes. Raises CalledProcessError when it does not answer, or when nothing fits.
    """
    template = (ROOT / "copier.yml").read_text(encoding="utf-8")
    [oldest] = re.findall(r'^_min_copier_version: "(.+)"$', template, re.MULTILINE)
    others = {name: text for name, text in blocks(installed).items() if name not in ("copier", "pathspec")}
    how = ("--quiet", "--universal", "--generate-hashes", "--python-version", "3.11")
    less = ("--no-header", "--no-annotate")
    with TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("".join(others.values()), encoding="utf-8")
        command: list[str | Path] = [Path(sys.executable).parent / "uv", "pip", "compile", *how, *less]
        made = subprocess.run(
            [*command, "--constraints", constraints, "-"],
            input=f"copier=={oldest}\npathspec<1\n",
            check=True,
            capture_output=True,
            text=True,
        )
    # From the lock where it has them: the index also names files for older Pythons.
    return _HEADER + "".join(others.get(name, block) for name, block in blocks(made.stdout).items())


def keep(file: Path, text: str) -> None:
    """Write a file unless it holds ``text`` already: make installs again for a newer one."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in FILES:
        keep(FOLDER / name, export(name))
    keep(FOLDER / OLDEST, oldest_copier(export("install.txt")))


if __name__ == "__main__":
    main()
