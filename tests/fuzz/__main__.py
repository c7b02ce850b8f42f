"""``make fuzz``: runs CASES cases from SEED on and prints what came of them; exit 1 for any failure."""

from __future__ import annotations

import argparse
import sys
import time

from fuzz.runner import Result, run_cases, table


def main() -> int:
    """Run, report failures as they come, and print the table at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first case; each says its own")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", default="", help="a folder that the repositories stay in")
    options = parser.parse_args()
    started, results = time.monotonic(), list[Result]()
    for result in run_cases(
        range(options.seed, options.seed + options.cases), options.workers, keep=options.keep
    ):
        results.append(result)
        if result.failures:
            print(result.story, flush=True)
        if len(results) % 1000 == 0:
            print(f"{len(results)} cases, {time.monotonic() - started:.0f} s", flush=True)
        if options.keep and options.cases == 1:
            print(f"{result.line}\n{result.done}\nexit {result.status}, {result.seconds:.1f} s")
    sys.stdout.write("\n" + table(results, time.monotonic() - started))
    return int(any(result.failures for result in results))


if __name__ == "__main__":
    sys.exit(main())
