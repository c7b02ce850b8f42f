"""Asks promtool about the alerts of layer linkerd-monitoring: whether it accepts them, and when each fires.

    python -m oracles.alerts PROMTOOL

alerts/ has series for each alert, in promtool's own format: some make it fire, and some must not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from monitoring.layer import ANSWERS, documents, render

CASES = Path(__file__).with_name("alerts")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every case of alerts/, by file name and in order."""
    for file in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            yield file.name, case


def groups(text: str) -> dict[str, Any]:
    """What Prometheus gets of a file with a PrometheusRule."""
    return {
        "groups": [group for document in yaml.safe_load_all(text) for group in document["spec"]["groups"]]
    }


def _files(folder: Path) -> Iterator[Path]:
    """The rules of each set of answers and of each example, as the operator mounts them."""
    texts = {
        name: (render(folder / "layers" / name, answers) / "rules.yaml").read_text(encoding="utf-8")
        for name, answers in ANSWERS.items()
    }
    for file in EXAMPLES.glob("*/platform/*/linkerd-monitoring/rules.yaml"):
        texts["-".join((file.parts[-5], file.parts[-3]))] = file.read_text(encoding="utf-8")
    for name, text in sorted(texts.items()):
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(groups(text), sort_keys=False), encoding="utf-8")
        yield file


def _tests(folder: Path) -> Iterator[Path]:
    """The cases, beside rules whose only annotation is the summary, so that no case repeats a description."""
    rules: dict[str, Any] = {
        "groups": [group for d in documents("rules.yaml") for group in d["spec"]["groups"]]
    }
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                rule["annotations"] = {"summary": rule["annotations"]["summary"]}
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules, sort_keys=False), encoding="utf-8")
    for file in sorted(CASES.glob("*.yaml")):
        (folder / file.name).write_bytes(file.read_bytes())
        yield folder / file.name


def main() -> int:
    """Print what promtool says; gives the exit code."""
    parser = argparse.ArgumentParser(description="Ask promtool about the alerts.")
    parser.add_argument("binary", type=Path)
    given = parser.parse_args()
    promtool = str(given.binary.resolve())
    with tempfile.TemporaryDirectory() as scratch:
        checked, tested = Path(scratch, "checked"), Path(scratch, "tested")
        checked.mkdir()
        tested.mkdir()
        files = [str(file) for file in _files(checked)]
        tests = [str(file) for file in _tests(tested)]
        status = 0
        for command in (["check", "rules", "--lint=all", "--lint-fatal", *files], ["test", "rules", *tests]):
            done = subprocess.run([promtool, *command], capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stdout, done.stderr, sep="")
                status = 1
    outcome = "differ" if status else "as expected"
    print(f"alerts {len(files)} files of rules, {len(list(cases()))} cases of series: {outcome}")
    return status


if __name__ == "__main__":
    sys.exit(main())
