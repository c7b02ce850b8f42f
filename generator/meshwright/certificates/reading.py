"""Certificates in a PEM text, read as Linkerd reads them: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from meshwright.certificates.certificate import Certificate, UnreadableError, parse
from meshwright.certificates.pem import BEGIN, CERTIFICATE, Lines, decode, skipped


@dataclass(frozen=True)
class Located:
    """A certificate with the line of its BEGIN."""

    line: int
    certificate: Certificate = field(repr=False)


@dataclass(frozen=True)
class ReadingProblem:
    """What a reader refuses or does not see in a text: a line, and a sentence without its full stop."""

    line: int
    text: str


@dataclass(frozen=True)
class Reading:
    """The certificates that Linkerd has after reading, none if ``refused``.

    ``problems`` has the reason for a refusal, and certificates that Linkerd skips without an error.
    """

    certificates: tuple[Located, ...] = ()
    refused: bool = False
    problems: tuple[ReadingProblem, ...] = ()


def read_linkerd(text: str | bytes) -> Reading:
    """Read a text as Linkerd reads its trust anchors and its issuer.

    source: linkerd2 pkg/tls/codec.go, DecodePEMCertificates and DecodePEMCertPool: the first other block ends
    the text, and what is neither a block nor followed by one is an error.
    """
    raw = _bytes(text)
    lines = Lines(raw)
    found: list[Located] = []
    begins: set[int] = set()
    at = 0
    while at < len(raw):
        block = decode(raw, at)
        if block is None:
            return _refused(raw, begins, ReadingProblem(lines.of(at), _leftover(raw, at)))
        begins.add(block.start)
        if block.kind != CERTIFICATE:
            ends = ReadingProblem(lines.of(block.start), f"a {block.kind} block, where Linkerd stops reading")
            # Nothing is lost if it is the last thing in the text.
            unread = tuple(_unread(raw, begins))
            return Reading(tuple(found), not found, (ends, *unread) if unread or not found else ())
        try:
            found.append(Located(lines.of(block.start), parse(block.data)))
        except UnreadableError as error:
            problem = ReadingProblem(lines.of(block.start), f"the certificate {error}")
            return Reading(refused=True, problems=(problem,))
        at = block.rest
    if not found:
        return _refused(raw, begins, ReadingProblem(1, "no certificate"))
    return Reading(tuple(found), problems=tuple(_unread(raw, begins)))


def read_trust_manager(text: str | bytes) -> Reading:
    """Read a text as trust-manager reads a Bundle's sources; text between and after blocks is ignored.

    source: trust-manager pkg/util/cert_pool.go, AddCertsFromPEM.
    """
    raw = _bytes(text)
    lines = Lines(raw)
    found: list[Located] = []
    begins: set[int] = set()
    block = decode(raw)
    while block is not None:
        begins.add(block.start)
        problem = ""
        if block.kind != CERTIFICATE:
            problem = f"a {block.kind} block: a Bundle may only contain certificates"
        elif block.headed:
            problem = "headers in a certificate's block, which a Bundle may not contain"
        else:
            try:
                found.append(Located(lines.of(block.start), parse(block.data)))
            except UnreadableError as error:
                problem = f"the certificate {error}"
        if problem:
            return Reading(refused=True, problems=(ReadingProblem(lines.of(block.start), problem),))
        block = decode(raw, block.rest)
    if not found:
        return _refused(raw, begins, ReadingProblem(1, "no certificate"))
    return Reading(tuple(found), problems=tuple(_unread(raw, begins)))


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _unread(raw: bytes, begins: set[int]) -> Iterator[ReadingProblem]:
    for it in skipped(raw, begins):
        yield ReadingProblem(it.line, f"the certificate {it.reason}")


def _refused(raw: bytes, begins: set[int], otherwise: ReadingProblem) -> Reading:
    unread = tuple(_unread(raw, begins))
    return Reading(refused=True, problems=unread or (otherwise,))


def _leftover(raw: bytes, at: int) -> str:
    if at == 0 and BEGIN not in raw:
        return "no certificate"
    if not raw[at:].strip():
        return "an empty line after the last certificate, which Linkerd takes for a certificate: remove it"
    return "text after the last certificate, which Linkerd takes for a certificate: remove it"
