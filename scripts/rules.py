"""Writes docs/rules.md from the rules themselves; a test holds the two together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshwright.check.rules.families import load_rules
from meshwright.check.rules.rule import Engine

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield "Made from the rules by `python -m scripts.rules`. An error fails the check, a warning does not;"
    yield "[check.md](check.md) says how to live with one."
    for rule in load_rules():
        yield ""
        yield f"## {rule.id}"
        yield ""
        yield f"**{rule.title}** ({rule.severity}{_applies(rule.engine, rule.since, rule.until)}). {rule.why}"
        yield ""
        yield f"Fix: {rule.fix}. Source: {rule.source}."


def _applies(engine: Engine, since: str, until: str) -> str:
    parts = [] if engine is Engine.ANY else [f"{engine} only"]
    parts += [f"since chart {since}"] if since else []
    parts += [f"until chart {until}"] if until else []
    return "".join(f", {part}" for part in parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
