"""Writes what tests/check/repos and tests/mistakes expect; read the diff.

python -m scripts.expected                    writes all, in minutes
python -m scripts.expected --mistake NAME...  writes these mistakes only
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

import yaml

from meshwright.apps.generate import generate
from meshwright.check import check_repository
from meshwright.check.output import text
from meshwright.yaml import parse

TESTS = Path(__file__).parents[1] / "tests"
REPOSITORIES = TESTS / "check" / "repos"
MISTAKES = TESTS / "mistakes" / "mistakes.yaml"
# The tests' own helpers are modules of that folder.
sys.path.insert(0, str(TESTS))


def _mistakes(names: list[str]) -> None:
    from mistakes.repository import edit, make_repository
    from mistakes.test_mistakes import CASES, report

    chosen = [case for case in CASES if not names or case["mistake"] in names]
    if unknown := sorted({*names} - {case["mistake"] for case in chosen}):
        sys.exit(f"scripts.expected: {MISTAKES.name} has no {', '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="meshwright-") as scratch:
        generated = Path(scratch, "generated")
        make_repository(generated)
        generate(generated, check=False, force=False, remember=False)
        for case in chosen:
            folder = Path(shutil.copytree(generated, Path(scratch, "mistake")))
            for line in case["edits"]:
                edit(folder, line)
            case["expect"] = report(folder, case.get("command", "check"))
            shutil.rmtree(folder)
    written = MISTAKES.read_text(encoding="utf-8")
    head = "".join(line for line in written.splitlines(keepends=True) if line.startswith("#"))
    cases = yaml.safe_dump(CASES, sort_keys=False, allow_unicode=True, width=100_000)
    if head + cases != written:
        MISTAKES.write_text(head + cases, encoding="utf-8")
        sys.stdout.write(f"{MISTAKES.name}\n")


def _repositories() -> None:
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


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts.expected", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mistake", nargs="+", metavar="NAME", default=[])
    names = parser.parse_args().mistake
    if not names:
        _repositories()
    _mistakes(names)


if __name__ == "__main__":
    main()
