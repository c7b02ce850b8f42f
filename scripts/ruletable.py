"""Which module has which rules, and which id is free: the table in CONTRIBUTING.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.rule import Rule
from meshwright.errors import MeshwrightError
from meshwright.words import did_you_mean

PAGE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
_START, _END = "<!-- rules -->\n", "<!-- end of rules -->\n"


def modules() -> dict[str, list[Rule]]:
    """The rules of each module, by id; the modules by their first id."""
    found: dict[str, list[Rule]] = {}
    for rule in load_rules():
        found.setdefault(rule.module, []).append(rule)
    return found


def free_id(module: str) -> str:
    """The first free id after the module's last. Raises MeshwrightError when there is none."""
    known = modules()
    if module not in known:
        raise MeshwrightError(f"check/rules has no module '{module}'{did_you_mean(module, known)}")
    taken = {rule.id for rule in load_rules()}
    last = known[module][-1].id
    for number in range(int(last[2:]) + 1, int(last[2]) * 100 + 100):
        if f"MW{number:03}" not in taken:
            return f"MW{number:03}"
    raise MeshwrightError(f"no id of {last[:3]}xx is free after {last}")


def page() -> str:
    """CONTRIBUTING.md with the current table."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_START)
    table = "".join(f"{row}\n" for row in _table())
    return f"{before}{_START}{table}{_END}{rest.partition(_END)[2]}"


def _table() -> Iterator[str]:
    yield "| module | about | ids | next |"
    yield "|---|---|---|---|"
    for module, rules in modules().items():
        about = (sys.modules[rules[0].find.__module__].__doc__ or "").partition("\n")[0].rstrip(".")
        yield f"| `{module}` | {about} | {', '.join(_ranges(rules))} | {free_id(module)} |"


def _ranges(rules: Sequence[Rule]) -> Iterator[str]:
    numbers = [int(rule.id[2:]) for rule in rules]
    breaks = [second for first, second in pairwise(numbers) if second != first + 1]
    for start, after in pairwise([numbers[0], *breaks, 1000]):
        end = max(number for number in numbers if number < after)
        yield f"MW{start:03}" if start == end else f"MW{start:03}-{end:03}"
