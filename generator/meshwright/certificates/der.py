"""Reads DER as far as Go's crypto/x509 distinguishes more than the library for certificates shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PRINTABLE = re.compile(rb"[A-Za-z0-9 '()+,\-./:=?*&]*")
_NUMERIC = re.compile(rb"[0-9 ]*")


@dataclass(frozen=True)
class Element:
    """An element: its tag, its content, and both with the length."""

    tag: int
    content: bytes
    raw: bytes


def elements(data: bytes) -> Iterator[Element]:
    """The elements one after the other. Raises ValueError for anything else."""
    at = 0
    while at < len(data):
        start = at
        if at + 2 > len(data):
            raise ValueError("truncated")
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at : at + count])
            at += count
        if at + length > len(data):
            raise ValueError("truncated")
        yield Element(tag, data[at : at + length], data[start : at + length])
        at += length


def name_problem(name: bytes) -> str:
    """Why Go does not read a distinguished name, empty if it does. ``name`` is the whole element."""
    (sequence,) = elements(name)
    for group in elements(sequence.content):
        for pair in elements(group.content):
            _, value = elements(pair.content)
            if not _is_text(value):
                return "has a name with characters that its string type does not allow"
    return ""


def _is_text(value: Element) -> bool:
    """source: Go's crypto/x509, parseASN1String."""
    content = value.content
    if value.tag == 0x0C:
        try:
            content.decode()
        except UnicodeDecodeError:
            return False
        return True
    if value.tag == 0x1E:
        return len(content) % 2 == 0 and all(map(_in_plane, content[::2], content[1::2]))
    if value.tag in (0x12, 0x13):
        return (_NUMERIC if value.tag == 0x12 else _PRINTABLE).fullmatch(content) is not None
    return value.tag == 0x14 or (value.tag == 0x16 and content.isascii())


def _in_plane(high: int, low: int) -> bool:
    point = high << 8 | low
    return point < 0xFFFE and not 0xFDD0 <= point <= 0xFDEF and not 0xD800 <= point <= 0xDFFF
