"""Render every example anew from its answers: examples/NAME.yml -> examples/NAME/."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from meshwright.scaffold import render
from meshwright.yaml import parse

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def main() -> None:
    for answers_file in sorted(EXAMPLES.glob("*.yml")):
        answers = parse(answers_file.read_text(encoding="utf-8"), answers_file.name)
        destination = answers_file.with_suffix("")
        with tempfile.TemporaryDirectory() as scratch:
            rendered = Path(scratch) / "repository"
            render(answers, rendered)
            shutil.rmtree(destination, ignore_errors=True)
            shutil.copytree(rendered, destination)
        print(
            f"{destination.relative_to(EXAMPLES.parent)}:",
            sum(1 for path in destination.rglob("*") if path.is_file()),
            "files",
        )


if __name__ == "__main__":
    main()
