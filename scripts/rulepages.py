"""docs/rules.md and one page per rule, from the rules and their cases; a test holds them together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.rule import Engine, Rule
from meshwright.yaml import parse_all
from scripts.markdown import shown

_ROOT = Path(__file__).resolve().parents[1]
DOCS = _ROOT / "docs"
CASES = _ROOT / "tests" / "rules" / "cases"
_IDENTIFIER = re.compile(r"[a-z]+[-A-Z0-9]")
_FAMILIES = {
    "MW0": "Order",
    "MW1": "Charts",
    "MW2": "Trust, and the webhooks' certificates",
    "MW3": "Injection, and the proxy's settings",
    "MW4": "Ports, policy and traffic",
    "MW5": "Monitoring and the dashboard",
    "MW6": "Ingress, the platform below the mesh, and several clusters",
    "MW7": "Flux",
    "MW8": "Argo CD",
    "MW9": "Keys in Git, kustomize, and upgrades",
}


def pages() -> dict[str, str]:
    """Every page by its path below docs/."""
    rules = load_rules()
    found = {"rules.md": _text(_index(rules))}
    for rule in rules:
        found[f"rules/{rule.id}.md"] = _text(_page(rule))
    return found


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _index(rules: tuple[Rule, ...]) -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield f"`meshwright check` has {len(rules)} rules. Each has a page with the reason, the fix, the source"
    yield "of the fact, an example where it fires and one where it does not. Errors fail the check,"
    yield "warnings do not, and infos are only shown with `--severity info`. To suppress a finding, see"
    yield "[check.md](check.md#living-with-a-finding): number"
    yield "and name are both accepted everywhere, and neither ever changes."
    yield "`python -m scripts.rules` generates these pages from the rules and their tests."
    for begin, title in _FAMILIES.items():
        members = [rule for rule in rules if rule.id.startswith(begin)]
        if not members:
            continue
        yield ""
        yield f"## {title}"
        yield ""
        yield "| rule | name | finding | severity, scope |"
        yield "|---|---|---|---|"
        for rule in members:
            scope = ", ".join([rule.severity.value, *_applies(rule)])
            yield f"| [{rule.id}](rules/{rule.id}.md) | `{rule.name}` | {shown(rule.title)} | {scope} |"


def _applies(rule: Rule) -> Iterator[str]:
    if rule.engine is not Engine.ANY:
        yield {"flux": "Flux", "argocd": "Argo CD"}[rule.engine.value]
    if rule.since:
        yield f"Linkerd since {rule.since}"
    if rule.until:
        yield f"Linkerd before {rule.until}"


def _page(rule: Rule) -> Iterator[str]:
    cases = _cases()[rule.id]
    yield f"# {rule.id}: {shown(rule.title)}"
    yield ""
    yield f"`{rule.name}`. {', '.join([rule.severity.value.capitalize(), *_applies(rule)])}."
    yield ""
    yield shown(rule.why)
    yield ""
    yield f"**Fix**: {shown(rule.fix)}."
    yield ""
    yield f"**Source**: {shown(rule.source)}."
    yield ""
    yield f"**Suppress**: `# meshwright: ignore {rule.name} <reason>` on the line, or an entry in"
    yield "`.meshwright.yaml` ([check.md](../check.md#living-with-a-finding))."
    yield ""
    yield "## Where it fires"
    yield from _example(next(case for case in cases if case["expect"]))
    yield ""
    yield "## Where it does not"
    yield from _example(next(case for case in cases if not case["expect"]))
    yield ""
    yield "[All rules](../rules.md)"


@cache
def _cases() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file in CASES.glob("*.yaml"):
        for document in parse_all(file.read_text(encoding="utf-8"), file.name):
            found |= document
    return found


def _example(case: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    name = str(case["name"])
    # A field or a file's name, such as nativeLB or argocd-cm, keeps its spelling.
    yield f"{name if _IDENTIFIER.match(name) else name[:1].upper() + name[1:]}:"
    for path, text in case["files"].items():
        yield ""
        yield "```yaml"
        yield f"# {path}"
        # Neither a page nor a test may look as if it held a key.
        yield text.replace("{PRIVATE}", "...").rstrip("\n")
        yield "```"
    for line in case["expect"]:
        yield ""
        yield f"    {line}"


def write_pages() -> None:
    """Write every page, and remove those of rules that no longer exist."""
    written = pages()
    for file in (DOCS / "rules").glob("MW*.md"):
        if f"rules/{file.name}" not in written:
            file.unlink()
    for path, text in written.items():
        (DOCS / path).parent.mkdir(exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")
