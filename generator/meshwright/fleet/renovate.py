"""The rules of renovate.json that give each cluster pull requests of its own.

Renovate would put the same update of two clusters into one pull request, and a second `copier update` in the
same work tree stops, because the first one has changed it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from meshwright.jsontext import parse_json

FILE = "renovate.json"
_RULES = re.compile(r'"packageRules"\s*:\s*\[')
_KEY = "additionalBranchPrefix"


def with_rules(text: str, clusters: Iterable[str]) -> str | None:
    """``text`` with a rule for each cluster that has none; None if it is not JSON with a list of rules."""
    for cluster in clusters:
        span = _span(text)
        if span is None:
            return None
        start, end = span
        rules = list(_objects(text, start, end))
        if any(_is_for(rule, cluster) for rule, *_ in rules):
            continue
        before = text[: end - 1].rstrip()
        text = f"{before}{',' if rules else ''}\n{_rule(cluster)}\n  {text[end - 1 :]}"
    return text


def without_rule(text: str, cluster: str) -> str | None:
    """``text`` without the rule for a cluster; None if it is not JSON with a list of rules."""
    span = _span(text)
    if span is None:
        return None
    rules = list(_objects(text, *span))
    for number, (rule, begin, end) in enumerate(rules):
        if _is_for(rule, cluster):
            # Each rule goes with the comma before it, the first one with the comma behind it.
            first = rules[number - 1][2] if number else begin
            last = end if number or len(rules) == 1 else rules[1][1]
            return text[:first] + text[last:]
    return text


def _rule(cluster: str) -> str:
    files = ", ".join(f'"{path}"' for path in (f"clusters/{cluster}/**", f"platform/{cluster}/**"))
    return f"""\
    {{
      "description": "Updates of cluster {cluster} have pull requests of their own.",
      "matchFileNames": [{files}, ".copier-answers.{cluster}.yml"],
      "{_KEY}": "{cluster}-",
      "commitMessageSuffix": "({cluster})"
    }}"""


def _is_for(rule: Any, cluster: str) -> bool:
    return isinstance(rule, dict) and rule.get(_KEY) == f"{cluster}-"


def _span(text: str) -> tuple[int, int] | None:
    """Where the array of rules begins and ends."""
    try:
        data = parse_json(text)
    except ValueError:
        return None
    found = _RULES.search(text)
    if not found or not isinstance(data, dict) or not isinstance(data.get("packageRules"), list):
        return None
    start = found.end() - 1
    rules, end = json.JSONDecoder().raw_decode(text, start)
    return (start, end) if rules == data["packageRules"] else None


def _objects(text: str, start: int, end: int) -> Iterator[tuple[Any, int, int]]:
    """The items of an array with where they begin and end."""
    at = start + 1
    while True:
        while at < end and text[at] in " \t\r\n,":
            at += 1
        if at >= end - 1:
            return
        item, after = json.JSONDecoder().raw_decode(text, at)
        yield item, at, after
        at = after
