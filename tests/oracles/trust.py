"""Compares how Meshwright and Linkerd's own code judge certificates, and Meshwright and openssl judge chains.

Run as ``make oracles``, or as ``python -m oracles.trust BINARY`` with ``--cases``, ``--seed``. It ends with 1
if any answer of Linkerd differs, or if one of openssl differs for another reason than those in OPENSSL.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from meshwright.certificates.demands import ANCHOR, ISSUER, algorithm_problems, validity_problem
from meshwright.certificates.path import anchor_problem, path_to_anchor
from meshwright.certificates.reading import Reading, read_linkerd
from oracles.chains import Case, anchors, chains, pem_texts

ANSWERS = Path(__file__).parent / "answers"
KINDS: dict[str, Callable[[int, int], Any]] = {"pem": pem_texts, "chain": chains, "anchor": anchors}
# Reasons for which openssl refuses or accepts what Linkerd does not: see README.md in this folder.
OPENSSL = (
    "ends now",
    "SHA-224",
    "short salt",
    "usage any",
    "directory",
    "URI of an address",
    "key identifier",
    "signature failure",
)
# What is kept for the default suite.
SAMPLE = {"pem": 130, "chain": 150, "anchor": 80}
NUMBERS = {"pem": 3_000, "chain": 2_000, "anchor": 600}


def judge(case: Case) -> dict[str, Any]:
    """Meshwright's answer to a case; ``error`` if Linkerd would refuse."""
    if case["kind"] == "pem":
        reading = read_linkerd(case["text"])
        if reading.refused:
            return {"error": [problem.text for problem in reading.problems]}
        return {"serials": [f"{it.certificate.parsed.serial_number:x}" for it in reading.certificates]}
    now = datetime.fromisoformat(case["now"])
    pool = read_linkerd(case["anchors"])
    problems = _texts(pool)
    if case["kind"] == "anchor":
        for it in pool.certificates[:1]:
            found = it.certificate
            problems += algorithm_problems(found, ANCHOR)
            problems += [validity_problem(found, now), anchor_problem(found, case["proxy"])]
    else:
        given = read_linkerd(case["issuer"])
        problems += _texts(given)
        if not problems:
            problems += algorithm_problems(given.certificates[0].certificate, ISSUER)
            problems += path_problems(pool, given, case["proxy"], now)
    problems = [problem for problem in problems if problem]
    return {"error": problems} if problems else {"accepted": True}


def path_problems(pool: Reading, given: Reading, proxy: str, now: datetime) -> list[str]:
    """Why the path of a case is not valid; empty if it is."""
    issuer, *between = (it.certificate for it in given.certificates)
    result = path_to_anchor(issuer, between, [it.certificate for it in pool.certificates], proxy, now)
    return list(result.problems) if not result.path else []


def _texts(reading: Reading) -> list[str]:
    return [problem.text for problem in reading.problems] if reading.refused else []


def ask(binary: Path, asked: list[Case]) -> list[dict[str, Any]]:
    """Linkerd's answers to cases."""
    names = ("changes", "leaf")
    lines = "".join(json.dumps({k: v for k, v in case.items() if k not in names}) + "\n" for case in asked)
    done = subprocess.run([binary], input=lines.encode(), capture_output=True, check=True)
    answers: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
    if len(answers) != len(asked):
        raise SystemExit(f"{len(answers)} answers to {len(asked)} cases: {done.stderr.decode()[-500:]}")
    return answers


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two answers are one; the words of an error are the library's own."""
    return ("error" in ours and "error" in theirs) or ours == theirs


def compare(binary: Path, kind: str, number: int, seed: int) -> int:
    """Print a line of the table and what differs; gives the number of differences."""
    asked = list(KINDS[kind](number, seed))
    differing = 0
    refused = 0
    for case, theirs in zip(asked, ask(binary, asked), strict=True):
        ours = judge(case)
        refused += "error" in theirs
        if not same(ours, theirs):
            differing += 1
            print(f"    {case['changes']}: ours {json.dumps(ours)}, theirs {json.dumps(theirs)}")
            if kind == "pem":
                print(f"        {case['text']!r}")
    print(f"{kind:<11} {number:>7} {refused:>8} {differing:>11}")
    return differing


def freeze(binary: Path, kind: str, number: int) -> None:
    """Write the sample that the default suite compares without Go; it has no keys."""
    # Another seed than that of the comparison: more is covered by both.
    asked = list(KINDS[kind](number, 2))
    lines = []
    for case, theirs in zip(asked, ask(binary, asked), strict=True):
        kept = {name: value for name, value in case.items() if name not in ("kind", "key", "leaf")}
        lines.append(json.dumps([kept, {"error": True} if "error" in theirs else theirs]))
    (ANSWERS / f"trust-{kind}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def compare_openssl(number: int, seed: int) -> int:
    """The same for paths alone, with openssl; gives the number of differences that have no known reason."""
    known: Counter[str] = Counter()
    unknown = 0
    refused = 0
    for case in chains(number, seed):
        pool, given = read_linkerd(case["anchors"]), read_linkerd(case["issuer"])
        if pool.refused or given.refused:
            continue
        now = datetime.fromisoformat(case["now"])
        ours = path_problems(pool, given, case["proxy"], now)
        theirs = _openssl(case, now)
        refused += bool(theirs)
        if bool(ours) != bool(theirs):
            reason = next((text for text in OPENSSL if text in theirs or text in str(case["changes"])), "")
            known[reason] += 1
            if not reason:
                unknown += 1
                print(f"    {case['changes']}: ours {ours}, theirs {theirs!r}")
    print(f"{'openssl':<11} {number:>7} {refused:>8} {unknown:>11}  known: {dict(known)}")
    return unknown


def _openssl(case: Case, now: datetime) -> str:
    """Why openssl refuses a proxy's certificate, empty if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("anchors", "issuer", "leaf"):
            (Path(folder) / name).write_text(case[name], encoding="utf-8")
        command = [
            "openssl",
            "verify",
            "-partial_chain",
            "-policy_check",
            "-auth_level",
            "0",
            "-attime",
            f"{now.timestamp():.0f}",
        ]
        command += ["-no-CApath", "-no-CAstore", "-CAfile", "anchors", "-untrusted", "issuer"]
        for purpose in ("sslserver", "sslclient"):
            run = [*command, "-purpose", purpose, "leaf"]
            done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                return " ".join(done.stderr.split())
    return ""


def main() -> int:
    """Parse the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--cases", action="append", default=[], metavar="KIND=NUMBER")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--freeze", action="store_true")
    given = parser.parse_args()
    if given.freeze:
        for kind in KINDS:
            freeze(given.binary, kind, SAMPLE[kind])
        return 0
    numbers = NUMBERS
    if given.cases:
        numbers = {kind: int(number) for kind, number in (pair.split("=") for pair in given.cases)}
    print(f"{'reader':<11} {'cases':>7} {'refused':>8} {'differences':>11}")
    differing = 0
    for kind, number in numbers.items():
        if kind == "openssl":
            continue
        differing += compare(given.binary, kind, number, given.seed)
    if not given.cases or "openssl" in numbers:
        differing += compare_openssl(numbers.get("openssl", 400), given.seed)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
