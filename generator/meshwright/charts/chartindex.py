"""Reads the index.yaml of a chart repository: only the charts that are asked for.

An index can have 100,000 entries. It is read event by event, so that memory depends on the wanted charts
only, and an alias, which could repeat a part endlessly, is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import yaml

from meshwright.errors import MeshwrightError

# Of all wanted charts together; the longest known list has 2,000.
_MOST_VERSIONS = 20_000
_MOST_URLS = 16


@dataclass(frozen=True)
class IndexEntry:
    """A version of a chart: where its archive is, and its SHA-256 in hexadecimal if the index says it."""

    version: str
    urls: tuple[str, ...]
    digest: str = ""


class IndexFault(MeshwrightError):
    """A text that is not the index of a chart repository."""


def read_index(content: bytes, names: Collection[str]) -> dict[str, list[IndexEntry]]:
    """The versions of the charts ``names``, in the order of the index. Raises IndexFault."""
    try:
        events = _Events(content)
        return _document(events, names)
    except (yaml.YAMLError, StopIteration, RecursionError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it ends early"
        raise IndexFault(f"not the index of a chart repository: {reason}") from None


class _Events:
    """The events of a text, one ahead."""

    def __init__(self, content: bytes) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(content, Loader=yaml.CSafeLoader)
        self._ahead: yaml.Event | None = None

    def peek(self) -> yaml.Event:
        if self._ahead is None:
            self._ahead = next(self._events)
            if isinstance(self._ahead, yaml.AliasEvent):
                raise ValueError("it has an alias")
        return self._ahead

    def take(self) -> yaml.Event:
        event = self.peek()
        self._ahead = None
        return event

    def skip(self) -> None:
        """Skip one value with everything in it."""
        depth = 0
        while True:
            event = self.take()
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return

    def names(self) -> Iterator[str]:
        """The keys of the mapping that comes; the caller takes the value after each. None of a list."""
        if not isinstance(self.peek(), yaml.MappingStartEvent):
            self.skip()
            return
        self.take()
        while not isinstance(self.peek(), yaml.MappingEndEvent):
            if isinstance(self.peek(), yaml.ScalarEvent):
                yield self.text()
            else:
                self.skip()
                self.skip()
        self.take()

    def items(self) -> Iterator[None]:
        """Once for each item of the list that comes; the caller takes or skips each."""
        if not isinstance(self.peek(), yaml.SequenceStartEvent):
            self.skip()
            return
        self.take()
        while not isinstance(self.peek(), yaml.SequenceEndEvent):
            yield None
        self.take()

    def text(self) -> str:
        """The scalar that comes as it is written; empty for another value."""
        event = self.peek()
        if isinstance(event, yaml.ScalarEvent):
            self.take()
            return str(event.value)
        self.skip()
        return ""


def _document(events: _Events, names: Collection[str]) -> dict[str, list[IndexEntry]]:
    while not isinstance(events.peek(), yaml.NodeEvent):
        if isinstance(events.take(), yaml.StreamEndEvent):
            raise ValueError("it is empty")
    found: dict[str, list[IndexEntry]] = {}
    has_entries = False
    for key in events.names():
        if key != "entries":
            events.skip()
            continue
        has_entries = True
        for name in events.names():
            if name not in names:
                events.skip()
                continue
            for _ in events.items():
                found.setdefault(name, []).append(_entry(events))
                if sum(map(len, found.values())) > _MOST_VERSIONS:
                    raise ValueError(f"it has more than {_MOST_VERSIONS:,} versions")
    if not has_entries:
        raise ValueError("it has no entries")
    return found


def _entry(events: _Events) -> IndexEntry:
    version = digest = ""
    urls: list[str] = []
    for key in events.names():
        if key == "version":
            version = events.text()
        elif key == "digest":
            digest = events.text()
        elif key == "urls":
            for _ in events.items():
                urls.append(events.text())
                del urls[_MOST_URLS:]
        else:
            events.skip()
    return IndexEntry(version, tuple(urls), digest.removeprefix("sha256:").lower())
