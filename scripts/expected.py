"""Writes the reports in tests/check/repos again: `python -m scripts.expected`, then read the diff."""

from __future__ import annotations

import sys
import tempfile
import textwrap
from pathlib import Path

from meshwright.check import check_repository
from meshwright.check.output import text
from meshwright.yaml import parse

REPOSITORIES = Path(__file__).parents[1] / "tests" / "check" / "repos"


def main() -> None:
    for stored in sorted(REPOSITORIES.glob("*.yaml")):
        written = stored.read_text(encoding="utf-8")
        data = parse(written, stored.name)
        with tempfile.TemporaryDirectory(prefix="meshwright-") as scratch:
            for path, content in data["files"].items():
                file = Path(scratch, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.encode())
            said = text.render(check_repository(Path(scratch)))
        if said != data["expect"]:
            files = written.partition("\nexpect: ")[0]
            stored.write_text(f"{files}\nexpect: |\n{textwrap.indent(said, '  ')}", encoding="utf-8")
            sys.stdout.write(f"{stored.name}\n")


if __name__ == "__main__":
    main()
