"""Lists of ports in Linkerd's annotations and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"\+?([0-9]{1,9})\Z")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_LAST = 65535


@dataclass(frozen=True)
class PortList:
    """Port numbers, port names, and entries that are neither."""

    numbers: frozenset[int]
    names: frozenset[str]
    wrong: tuple[str, ...]

    def resolved(self, named: Mapping[str, int]) -> frozenset[int]:
        """The numbers, with those of the names that containers declare."""
        return self.numbers.union(named[name] for name in self.names if name in named)


def read_ports(value: Any) -> PortList:
    """Parse ``80,443,8000-8010,metrics``; ranges are expanded.

    source: linkerd2 pkg/util, ParsePortRange and ParseContainerOpaquePorts.
    """
    numbers: set[int] = set()
    names: set[str] = set()
    wrong = []
    for entry in (part.strip() for part in str(value).split(",")):
        bounds = [_NUMBER.match(bound) for bound in entry.split("-")]
        first = int(bounds[0][1]) if bounds[0] else -1
        last = int(bounds[-1][1]) if bounds[-1] else -1
        if len(bounds) < 3 and 0 <= first <= last <= _LAST:
            numbers.update(range(first, last + 1))
        elif _NAME.match(entry) and any(char.isalpha() for char in entry):
            names.add(entry)
        elif entry:
            wrong.append(entry)
    return PortList(frozenset(numbers), frozenset(names), tuple(wrong))
