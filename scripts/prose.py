"""Check the language of the manual and of every text that the program prints: python -m scripts.prose

Vale reads Markdown as it is. Texts of the program are extracted from its modules first, one paragraph each,
and findings are reported where the text is in the source. Findings in files that styles/unfinished.txt lists
do not fail. The rules are tried on the sentences of styles/cases.yml in the same run.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "generator/meshwright"
VALE = ROOT / "build" / "vale"
TEXTS = ROOT / "build" / "prose"
UNFINISHED = ROOT / "styles" / "unfinished.txt"
CASES = ROOT / "styles" / "cases.yml"
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/**/*.md", "styles/README.md")
# Made from rules' texts and docstrings, which are checked where they are written.
MADE = re.compile(r"docs/(?:rules/|rules\.md|mesh-yaml\.md|reference/(?!index))")
# A text and not a name, a path, a pattern or a piece of YAML: two words with a space between them.
_PROSE = re.compile(r"[A-Za-z][a-z']+ (?:[a-z]+ )?[a-z]+")
_CODE = re.compile(r"\(\?|\\[bdsw]|^[\w.-]+: \S+$|^\s*[-{\[<]|::|^[A-Z ]+$|%\}")

_MARKUP = re.compile(r"([*_<>#\[\]])")


@dataclass(frozen=True, order=True)
class Finding:
    """A fault of language; ``path`` is relative to the checkout."""

    path: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message} [{self.rule}]"


def pages() -> list[str]:
    """The Markdown files that people write."""
    found = {path.relative_to(ROOT).as_posix() for pattern in PAGES for path in ROOT.glob(pattern)}
    return sorted(path for path in found if not MADE.match(path))


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Each text that a module may print, with its line: strings of several words, help docstrings too."""
    tree = ast.parse(source)
    skipped = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if id(node) in skipped or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        text = _text(node)
        if _PROSE.search(text) and not _CODE.search(text):
            yield node.lineno, " ".join(text.split())


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """All but those of commands, which typer prints as help."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
            continue
        decorators = [] if isinstance(node, ast.Module) else node.decorator_list
        if not any("command(" in ast.unparse(it) or "callback(" in ast.unparse(it) for it in decorators):
            yield first.value


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    # A name in place of each value; two that follow each other differ.
    parts = (it.value if isinstance(it, ast.Constant) else f"X{at}" for at, it in enumerate(node.values))
    return "".join(map(str, parts))


def extract() -> dict[str, tuple[str, list[int]]]:
    """Write each module's texts below build/prose; by that file: the module, and the line of each text."""
    shutil.rmtree(TEXTS, ignore_errors=True)
    origins: dict[str, tuple[str, list[int]]] = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        module = path.relative_to(ROOT).as_posix()
        found = sorted(texts(path.read_text(encoding="utf-8")))
        if found:
            file = _write(f"{module}.md", [text for _, text in found])
            origins[file] = (module, [line for line, _ in found])
    return origins


def _write(name: str, paragraphs: Iterable[str]) -> str:
    file = TEXTS / name
    file.parent.mkdir(parents=True, exist_ok=True)
    # A reference or a list would be read as Markdown, which no message is.
    file.write_text("".join(_MARKUP.sub(r"\\\1", text) + "\n\n" for text in paragraphs), encoding="utf-8")
    return file.relative_to(ROOT).as_posix()


def findings() -> tuple[list[Finding], list[str]]:
    """What Vale finds in pages and texts, and which rules fail their cases. Raises CalledProcessError."""
    origins = extract()
    cases = list(_cases())
    tried = _write("cases.md", (sentence for _, sentence, _ in cases))
    command: list[str | Path] = [VALE, "--no-global", "--no-exit", "--output=JSON", *pages(), *origins, tried]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    alerts: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    fired = {(alert["Check"], alert["Line"] // 2) for alert in alerts.pop(tried, [])}
    wrong = [
        f"styles/cases.yml: {rule} {'misses' if bad else 'finds'}: {sentence}"
        for number, (rule, sentence, bad) in enumerate(cases)
        if ((rule, number) in fired) != bad
    ]
    found = []
    for path, those in alerts.items():
        for alert in those:
            place, line, column = path, alert["Line"], alert["Span"][0]
            if path in origins:
                place, column = origins[path][0], 1
                line = origins[path][1][line // 2]
            found.append(Finding(place, line, column, alert["Check"], alert["Message"]))
    return sorted(found), wrong


def _cases() -> Iterator[tuple[str, str, bool]]:
    """Each sentence with its rule and whether the rule must find it."""
    for rule, cases in yaml.safe_load(CASES.read_text(encoding="utf-8")).items():
        yield from ((rule, sentence, True) for sentence in cases["bad"])
        yield from ((rule, sentence, False) for sentence in cases["good"])


def unfinished() -> list[str]:
    """The files and folders of styles/unfinished.txt."""
    lines = UNFINISHED.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="show the findings of unfinished files too")
    parser.add_argument("--prune", action="store_true", help="remove clean files from styles/unfinished.txt")
    options = parser.parse_args()
    later, left = unfinished(), Counter[str]()
    found, wrong = findings()
    failures = list(wrong)
    for finding in found:
        entry = next((it for it in later if finding.path == it or finding.path.startswith(f"{it}/")), None)
        if entry is None:
            failures.append(str(finding))
        else:
            left[entry] += 1
            if options.all:
                print(finding)
    for failure in failures:
        print(failure)
    clean = [entry for entry in later if not left[entry]]
    if clean and options.prune:
        lines = UNFINISHED.read_text(encoding="utf-8").splitlines(keepends=True)
        UNFINISHED.write_text("".join(it for it in lines if it.strip() not in clean), encoding="utf-8")
    elif clean:
        print(f"clean by now: {', '.join(clean)}; run python -m scripts.prose --prune")
    if left:
        print(f"{left.total()} findings in {len(left)} unfinished files and folders; --all shows them")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
