"""Compares the package's readers with the real ones, and keeps a sample of the real ones' answers.

Run as ``make oracles``, or as ``python -m oracles.compare BINARY`` with ``--cases KIND=NUMBER``, ``--seed``.
It ends with 1 when more differs than is known and written down in KNOWN.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from oracles.cases import KINDS, as_line, cases
from oracles.readers import Answer, answer, is_defined, same

ANSWERS = Path(__file__).parent / "answers"
_NUMBERS = {"gitignore": 6_000, "yaml": 8_000, "envsubst": 20_000}
_NUMBER = 8_000
# Differences per 8,000 cases that stay, with their reasons: see README.md in this folder.
KNOWN = {"yaml": 4, "yaml-write": 60, "substitute": 4}


def ask(binary: Path, asked: list[dict[str, Any]]) -> list[Answer]:
    """The real libraries' answers to cases."""
    lines = "".join(map(as_line, asked))
    done = subprocess.run([binary], input=lines.encode(), capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
    if len(answers) != len(asked):
        raise SystemExit(f"{len(answers)} answers to {len(asked)} cases: {done.stderr.decode()[-500:]}")
    return answers


def freeze(binary: Path, kind: str, number: int) -> None:
    """Write the sample that the default suite compares without Go."""
    # Another seed than that of the comparison: more is covered by both.
    asked = list(cases(kind, number, seed=2))
    found = [
        [case, given] for case, given in zip(asked, ask(binary, asked), strict=True) if is_defined(given)
    ]
    kept = [pair for pair in found if same(kind, answer(pair[0]), pair[1])] if kind in KNOWN else found
    for case, given in kept:
        case.pop("kind")
        if "error" in given:
            given["error"] = True
    lines = ",\n".join(json.dumps(pair) for pair in kept)
    ANSWERS.mkdir(exist_ok=True)
    (ANSWERS / f"{kind}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def compare(binary: Path, kind: str, number: int, seed: int) -> int:
    """Print a line of the table and the smallest example; gives how much more differs than is known."""
    asked = list(cases(kind, number, seed))
    given = ask(binary, asked)
    differing: list[tuple[dict[str, Any], Answer, Answer]] = []
    undefined = 0
    for case, theirs in zip(asked, given, strict=True):
        undefined += not is_defined(theirs)
        ours = answer(case)
        if is_defined(theirs) and not same(kind, ours, theirs):
            differing.append((case, ours, theirs))
    refused = sum("error" in theirs for theirs in given)
    print(f"{kind:<11} {number:>7} {refused:>8} {undefined:>10} {len(differing):>11}")
    if differing:
        case, ours, theirs = min(differing, key=lambda found: len(as_line(found[0])))
        case = {name: value for name, value in case.items() if name != "kind"}
        for name, value in (("case", case), ("ours", ours), ("theirs", theirs)):
            print(f"    {name}: {json.dumps(value)}")
    return max(0, len(differing) - KNOWN.get(kind, 0) * -(-number // _NUMBER))


def main() -> int:
    """Parse the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--cases", action="append", default=[], metavar="KIND=NUMBER")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--freeze", type=int, default=0, metavar="NUMBER")
    given = parser.parse_args()
    numbers = {kind: _NUMBERS.get(kind, _NUMBER) for kind in KINDS}
    if given.cases:
        wanted = dict(pair.split("=") for pair in given.cases)
        numbers = {kind: int(number) for kind, number in wanted.items()}
    print(f"{'reader':<11} {'cases':>7} {'refused':>8} {'undefined':>10} {'differences':>11}")
    more = 0
    for kind, number in numbers.items():
        if given.freeze:
            freeze(given.binary, kind, given.freeze)
        else:
            more += compare(given.binary, kind, number, given.seed)
    return 1 if more else 0


if __name__ == "__main__":
    sys.exit(main())
