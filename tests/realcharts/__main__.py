"""Renders generated repositories with real charts and judges the result (docs/engine-tests.md).

    python -m realcharts --charts DIR [--set NAME]... [--template DIR]

One line a fault, then a summary. The status is 1 if there are faults.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from engine.builds import build
from meshwright.check.schema.schemas import choose_minor
from meshwright.errors import MeshwrightError
from meshwright.limits import set_limits
from meshwright.scaffold import render
from realcharts.admission import program
from realcharts.charts import Charts
from realcharts.fault import Fault
from realcharts.helm import Helm
from realcharts.judges import Judge, Verdict

HERE = Path(__file__).resolve().parent
# The charts of Traefik that k3s packages: 40.3.0 in the patches of 1.34 to 1.36, 41.3.0 the next one here.
PACKAGED = {"traefik": ("40.3.0", "41.3.0")}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="realcharts", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument(
        "--charts", type=Path, required=True, help="folder of charts, as for meshwright check"
    )
    parser.add_argument(
        "--set", action="append", dest="sets", metavar="NAME", help="only this set of answers"
    )
    parser.add_argument("--template", type=Path, help="a checkout to generate from, by default this one")
    parser.add_argument("--images", action="store_true", help="list the images at the end")
    options = parser.parse_args()
    answers: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "answers.yaml").read_text(encoding="utf-8"))
    chosen = {name: answers[name] for name in options.sets or answers}
    # A busy machine is no fault of the repository.
    set_limits(["build=600"])
    programs = build(("podsecurity", "inject"))
    with tempfile.TemporaryDirectory(prefix="realcharts-") as folder:
        scratch = Path(folder)
        judge = Judge(
            Charts(options.charts.resolve(), scratch),
            Helm(choose_minor(None)),
            program(programs["inject"]),
            program(programs["podsecurity"]),
            PACKAGED,
        )
        verdicts = dict(_verdicts(judge, chosen, scratch, options.template))
    return _report(verdicts, images=options.images)


def _verdicts(
    judge: Judge, chosen: dict[str, dict[str, Any]], scratch: Path, template: Path | None
) -> Iterator[tuple[str, Verdict]]:
    for name, answers in chosen.items():
        repository = scratch / "repositories" / name
        render(answers, repository, template=template)
        verdict = judge.judge(repository)
        print(
            f"{name}: {verdict.charts} charts, {verdict.objects} objects, {verdict.pods} pods, "
            f"{verdict.meshed} of them meshed, {len(verdict.faults)} faults",
            file=sys.stderr,
            flush=True,
        )
        yield name, verdict


def _report(verdicts: dict[str, Verdict], *, images: bool) -> int:
    """Each fault once, with the sets of answers that have it."""
    found: dict[Fault, list[str]] = {}
    for name, verdict in verdicts.items():
        for fault in verdict.faults:
            found.setdefault(fault, []).append(name)
    for fault, names in sorted(found.items()):
        where = "every set" if len(names) == len(verdicts) > 1 else ", ".join(names)
        print(f"{fault} [{where}]")
    for line in sorted({line for verdict in verdicts.values() for line in verdict.unseen}):
        print(f"note: {line}")
    every = sorted({image for verdict in verdicts.values() for image in verdict.images})
    for image in every if images else ():
        print(f"image: {image}")
    print(f"{len(found)} faults in {len(verdicts)} repositories with {len(every)} images")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MeshwrightError as failure:
        sys.exit(str(failure))
