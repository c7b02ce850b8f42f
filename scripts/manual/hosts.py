"""What the built site would fetch from other hosts: nothing but its own files may be loaded."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlparse

# Loaded by a browser without a click. A link that a reader follows may lead anywhere.
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
# A link of these kinds names an address without loading it.
_NAMES = {"canonical", "next", "prev", "alternate"}


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the address of what the element loads."""
        values = dict(attrs)
        address = values.get(_LOADED.get(tag, "")) or ""
        if urlparse(address).netloc and not (tag == "link" and values.get("rel") in _NAMES):
            self.found.append(address)


def foreign(site: Path) -> list[str]:
    """One line for each page of the built ``site`` that loads something from another host."""
    faults = []
    for page in sorted(site.rglob("*.html")):
        parser = _Loads()
        parser.feed(page.read_text(encoding="utf-8"))
        faults += [f"{page.relative_to(site)}: loads {address}" for address in dict.fromkeys(parser.found)]
    return faults
