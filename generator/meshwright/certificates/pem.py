"""PEM as Go's encoding/pem reads it: what another reader tolerates is skipped here, too."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

CERTIFICATE = "CERTIFICATE"
BEGIN = b"-----BEGIN "
_END = b"\n-----END "
_DASHES = b"-----"
_BLANK = b" \t"
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BEGINS = "begins on the line of the previous END: put a line break between them"
_ENDS = "ends on the line of the next BEGIN: put a line break between them"
# Each costs a look at the whole text.
_MOST_SKIPPED = 20
_START = BEGIN + CERTIFICATE.encode() + _DASHES


@dataclass(frozen=True)
class Block:
    """A PEM block: its type, whether it has headers, its bytes, and offsets of its start and its rest."""

    kind: str
    headed: bool
    data: bytes
    start: int
    rest: int


@dataclass(frozen=True)
class Skipped:
    """A certificate that Go does not see, with the line of the fault and the reason, a clause about it."""

    line: int
    reason: str


def decode(text: bytes, start: int = 0) -> Block | None:
    """The next block from offset ``start``, None if there is none. source: Go's encoding/pem, Decode."""
    while True:
        # The first END line, and the last BEGIN before it, of which only the start of a line counts.
        end = text.find(_END, start)
        if end < 0:
            return None
        trailer = end + len(_END)
        begin = text.rfind(BEGIN, start, end)
        if begin >= 0 and (begin == start or text[begin - 1 : begin] == b"\n"):
            block, read = _block(text, begin, end)
            # A line of headers was read beyond the END line, or there is no text left.
            if block is None and (read > trailer or read >= len(text)):
                return None
            if block is not None:
                return block
        start = trailer


def _block(text: bytes, begin: int, end: int) -> tuple[Block | None, int]:
    """The block between two offsets, and the offset up to which it was read."""
    line, at = _line(text, begin + len(BEGIN))
    trailer = end + len(_END)
    if not line.endswith(_DASHES):
        return None, trailer
    kind = line.removesuffix(_DASHES)
    headed = False
    while True:
        if at >= len(text):
            return None, at
        line, after = _line(text, at)
        if b":" not in line:
            break
        headed, at = True, after
    if headed and end < at:
        return None, at
    close = kind + _DASHES
    if not text.startswith(close, trailer) or _line(text, trailer + len(close))[0]:
        return None, at
    body = text[at:end].translate(None, b" \t\r\n") if end > at else b""
    if not _BASE64.fullmatch(body):
        return None, at
    name = kind.decode("utf-8", "replace")
    return Block(name, headed, base64.b64decode(body), begin, _line(text, trailer)[1]), at


def _line(text: bytes, start: int) -> tuple[bytes, int]:
    """A line without its end and its trailing blanks, and the offset of the next."""
    stop = text.find(b"\n", start)
    if stop < 0:
        return text[start:].rstrip(_BLANK), len(text)
    return text[start:stop].removesuffix(b"\r").rstrip(_BLANK), stop + 1


def skipped(text: bytes, read: set[int]) -> Iterator[Skipped]:
    """The first certificates that begin at none of the offsets ``read``; two on one line are one fault."""
    glued = False
    at = text.find(_START)
    left = _MOST_SKIPPED
    while at >= 0 and left:
        if at not in read:
            offset, reason = _reason(text, at)
            if reason != _BEGINS or not glued:
                yield Skipped(text.count(b"\n", 0, offset) + 1, reason)
            glued = reason == _ENDS
            left -= 1
        at = text.find(_START, at + 1)


class Lines:
    """The lines of offsets that grow, counted from 1."""

    def __init__(self, text: bytes) -> None:
        self._text, self._offset, self._line = text, 0, 1

    def of(self, offset: int) -> int:
        """The line of an offset, which is not before the last one."""
        self._line += self._text.count(b"\n", self._offset, offset)
        self._offset = offset
        return self._line


def _reason(text: bytes, begin: int) -> tuple[int, str]:
    """The offset of what is wrong with a certificate, and a clause about the certificate."""
    before = text[text.rfind(b"\n", 0, begin) + 1 : begin]
    following = text.find(_START, begin + 1)
    own = text[begin : following if following >= 0 else len(text)]
    end = own.find(_DASHES + b"END ")
    is_glued = following >= 0 and end >= 0 and b"\n" not in own[end:]
    if _DASHES + b"END " in before and not is_glued:
        return begin, _BEGINS
    if before and _DASHES + b"END " not in before:
        return begin, _reason_at_begin(before)
    if end < 0:
        return begin, "has no END line"
    if is_glued:
        return begin + end, _ENDS
    return _reason_at_end(own, begin, end)


def _reason_at_begin(before: bytes) -> str:
    if before == b"\xef\xbb\xbf":
        return "follows a byte order mark: save the file without it"
    if not before.strip(_BLANK):
        return "is indented: BEGIN must be at the start of its line"
    return "does not begin at the start of a line"


def _reason_at_end(own: bytes, begin: int, end: int) -> tuple[int, str]:
    before = own[own.rfind(b"\n", 0, end) + 1 : end]
    if before and not before.strip(_BLANK):
        return begin + end, "has an indented END line: END must be at the start of its line"
    if before:
        return begin + end, "has an END that does not begin its line"
    close = _DASHES + b"END " + CERTIFICATE.encode() + _DASHES
    line = _line(own, end)[0]
    if line.startswith(close) and line != close:
        return begin + end, "has more text on its END line"
    if line != close:
        return begin + end, "has an END line that does not belong to its BEGIN"
    if b":" in own[:end]:
        return begin, "has a line with a colon, which is taken for a header"
    return begin, "is not base64"
