"""Writes every expected.txt under tests again: `python -m scripts.expected`, then read the diff."""

from __future__ import annotations

import sys
from pathlib import Path

from meshwright.check import check_repository
from meshwright.check.output import text

TESTS = Path(__file__).parents[1] / "tests"


def main() -> None:
    for expected in sorted(TESTS.glob("**/expected.txt")):
        said = text.render(check_repository(expected.parent))
        if said != expected.read_text(encoding="utf-8"):
            expected.write_text(said, encoding="utf-8")
            sys.stdout.write(f"{expected.relative_to(TESTS)}\n")


if __name__ == "__main__":
    main()
