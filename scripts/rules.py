"""Keeps what belongs to the rules: pages, the table of CONTRIBUTING.md, expected lines, stubs of new rules.

python -m scripts.rules                       writes docs/rules.md, a page per rule and the table
python -m scripts.rules --new MODULE [NAME]   writes the stub of a rule with the next free id first
python -m scripts.rules --accept [ID...]      runs the cases and writes what they expect first; read the diff
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from meshwright.check.rules.registry import load_rules
from meshwright.errors import MeshwrightError, together
from scripts import ruletable
from scripts.newrule import new_rule
from scripts.rulecases import accept
from scripts.rulepages import write_pages

_ROOT = Path(__file__).resolve().parents[1]


def _write() -> None:
    write_pages()
    ruletable.PAGE.write_text(ruletable.page(), encoding="utf-8")


def _accept(ids: list[str]) -> None:
    known = {rule.id for rule in load_rules()}
    if unknown := [f"there is no rule {id}" for id in ids if id not in known]:
        raise together(unknown)
    for file in accept(ids):
        print(file)
    _write()


def _new(module: str, name: str = "rename-me") -> None:
    id = new_rule(module, name)
    # In a process of its own: this one has read the module before.
    subprocess.run([sys.executable, "-m", "scripts.rules", "--accept", id], cwd=_ROOT, check=True)
    print(f"{id} {name}: write each TODO in check/rules/{module}.py and the cases, then run --accept {id}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts.rules", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--new", nargs="+", metavar=("MODULE", "NAME"))
    what.add_argument("--accept", nargs="*", metavar="ID")
    given = parser.parse_args()
    try:
        if given.new:
            _new(*given.new[:2])
        elif given.accept is not None:
            _accept(given.accept)
        else:
            _write()
    except MeshwrightError as error:
        sys.exit(f"scripts.rules: {error}")


if __name__ == "__main__":
    main()
