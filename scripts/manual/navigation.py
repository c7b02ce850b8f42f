"""The pages of the manual in the order of its navigation; each page belongs to one place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CONFIGURATION = Path(__file__).with_name("site.yml")


def configuration(docs: Path) -> dict[str, Any]:
    """What site.yml says, with each pattern of its navigation replaced by the pages in ``docs``."""
    settings: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    settings["nav"] = list(_expanded(settings["nav"], docs))
    return settings


def _expanded(entries: list[Any], docs: Path) -> Iterator[Any]:
    for entry in entries:
        if isinstance(entry, dict):
            [(title, value)] = entry.items()
            yield {title: list(_expanded(value, docs)) if isinstance(value, list) else value}
        elif "*" in entry:
            yield from sorted(page.relative_to(docs).as_posix() for page in docs.glob(entry))
        else:
            yield entry


def listed(entries: list[Any]) -> Iterator[str]:
    """Every page of a navigation, by its path below docs/."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for value in entry.values():
                yield from listed(value if isinstance(value, list) else [value])


def misplaced(docs: Path) -> list[str]:
    """One line for each page that the navigation leaves out, lists twice, or lists although it is missing."""
    pages = list(listed(configuration(docs)["nav"]))
    there = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    return (
        [
            f"docs/{page}: not in the navigation of scripts/manual/site.yml"
            for page in sorted(there - set(pages))
        ]
        + [f"scripts/manual/site.yml: docs/{page} does not exist" for page in sorted(set(pages) - there)]
        + [
            f"scripts/manual/site.yml: {page} is listed twice"
            for page in sorted(set(pages))
            if pages.count(page) > 1
        ]
    )
