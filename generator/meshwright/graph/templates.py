"""Renders the templates of page/ with everything escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from meshwright.graph.links import fragment
from meshwright.words import plural

FOLDER = Path(__file__).parent / "page"


@cache
def environment() -> Environment:
    """Autoescape is on for every template, and an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(fragment=fragment, plural=plural)
    made.filters.update(shortened=shortened)
    return made


def render(name: str, **values: Any) -> str:
    """A template, without indentation and without what a CI runner takes for a command in a log."""
    return f"{_dense(environment().get_template(name).render(**values))}\n".replace("##", "#&#35;")


def source(name: str) -> str:
    """A stylesheet or a script of the package, without indentation, as `render` leaves it."""
    return _dense((FOLDER / name).read_text(encoding="utf-8"))


def _dense(text: str) -> str:
    return "\n".join(line for row in text.split("\n") if (line := row.strip()))


def shortened(text: str, most: int) -> str:
    """``text`` cut to ``most`` characters, the last of which then is an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
