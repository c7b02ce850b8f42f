"""Whether Linkerd accepts PEM texts as its trust anchors and its issuer, whenever they are valid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshwright.certificates.certificate import Certificate
from meshwright.certificates.demands import ANCHOR, ISSUER, algorithm_problems
from meshwright.certificates.path import anchor_problem, path_to_anchor
from meshwright.certificates.reading import Reading


def reading_objections(reading: Reading) -> Iterator[str]:
    """Why Linkerd does not read all of a text, clauses about it."""
    for problem in reading.problems:
        if problem.text == "no certificate":
            yield "contains no certificate"
        else:
            yield f"is not read whole: line {problem.line} of the PEM: {problem.text}"


def anchor_objections(reading: Reading, proxy: str, issuer: Certificate | None = None) -> Iterator[str]:
    """Why Linkerd does not accept a text as its trust anchors, clauses about it.

    An anchor that could not be above an issuer only counts if there is no other. ``issuer`` is the issuer if
    known; one that is an anchor itself needs nothing above it.
    """
    yield from reading_objections(reading)
    found = [it.certificate for it in reading.certificates]
    for it in found:
        for problem in algorithm_problems(it, ANCHOR):
            yield f"contains certificate {it.name}, which {problem}"
    useless = {it: problem for it in found if (problem := anchor_problem(it, proxy))}
    if found and len(useless) == len(set(found)) and issuer not in found:
        for it, problem in useless.items():
            yield f"contains certificate {it.name}, which {problem}"


def issuer_objections(reading: Reading, anchors: Sequence[Certificate] | None, proxy: str) -> Iterator[str]:
    """Why Linkerd does not accept a text as its issuer, clauses about it.

    ``anchors`` are None if they are not known.
    """
    yield from reading_objections(reading)
    if not reading.certificates:
        return
    issuer, *between = (it.certificate for it in reading.certificates)
    for problem in algorithm_problems(issuer, ISSUER):
        yield f"contains certificate {issuer.name}, which {problem}"
    if anchors is None:
        if not issuer.is_ca:
            yield f"contains certificate {issuer.name}, which is not a CA"
        return
    result = path_to_anchor(issuer, between, anchors, proxy)
    if not result.path:
        why = "; ".join(result.problems[:3])
        yield f"contains certificate {issuer.name}, which does not lead to a trust anchor: it {why}"
