"""Paths from the identity issuer to a trust anchor, validated as Linkerd validates them.

The library's own verifier does not fit: it demands what certificates on the web must have, it validates the
end of a path, which only Linkerd can sign, and it does not say which demand a certificate missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshwright.certificates.certificate import Certificate
from meshwright.certificates.constraints import excluded_name
from meshwright.certificates.demands import validity_problem
from meshwright.certificates.signing import authority_problem, signature_problem

_PROXIES = (
    (ExtendedKeyUsageOID.SERVER_AUTH, "serverAuth"),
    (ExtendedKeyUsageOID.CLIENT_AUTH, "clientAuth"),
)
# source: Go's crypto/x509, maxChainSignatureChecks.
_MOST_SIGNATURES = 100


@dataclass(frozen=True)
class PathResult:
    """``path`` leads from the issuer to an anchor; it is empty if none is valid, and ``problems`` say why."""

    path: tuple[Certificate, ...] = ()
    problems: tuple[str, ...] = ()


def proxy_name(trust_domain: str, namespace: str = "linkerd") -> str:
    """The name in the certificate of a proxy, such as Linkerd puts into each."""
    return f"default.default.serviceaccount.identity.{namespace}.{trust_domain}"


def path_to_anchor(
    issuer: Certificate,
    between: Iterable[Certificate],
    anchors: Iterable[Certificate],
    proxy: str,
    now: datetime | None = None,
) -> PathResult:
    """The path on which a proxy's certificate, signed by ``issuer``, leads to one of ``anchors``.

    ``between`` are the other certificates in the issuer's file, ``proxy`` is the name in the proxy's
    certificate. Without ``now``, dates do not matter.

    source: linkerd2 pkg/tls (Crt.Verify, CA); Go's crypto/x509, Verify and buildChains.
    """
    beside = tuple(between)
    search = _Search(beside, tuple(anchors), proxy, now)
    if not issuer.is_ca:
        return PathResult(problems=("is not a CA",))
    problem = authority_problem(issuer) or _own_problem(issuer, now) or _clamped(beside, now)
    if problem:
        return PathResult(problems=(problem,))
    for path in search.paths((issuer,)):
        problem = chain_problem(path, proxy)
        if not problem:
            return PathResult(path)
        search.note(problem)
    return PathResult(problems=tuple(dict.fromkeys(search.problems)))


def _clamped(between: Iterable[Certificate], now: datetime | None) -> str:
    """Proxies' certificates end with the first in the issuer's file. source: linkerd2 pkg/tls/ca.go."""
    for it in between:
        if now is not None and it.not_after < now:
            end = f"{it.not_after:%Y-%m-%d}"
            return f"comes with {it.name}, which expired on {end}, and proxies' certificates end with it"
    return ""


def anchor_problem(anchor: Certificate, proxy: str) -> str:
    """Why no identity issuer could be below an anchor, a clause about it; empty if one could be."""
    problem = authority_problem(anchor)
    if problem:
        return problem
    if anchor.unknown_critical:
        return f"has critical extension {anchor.unknown_critical}, which Linkerd does not know"
    if anchor.path_length == 0:
        return "has path length 0, which leaves no room for the identity issuer between it and the proxies"
    return chain_problem((anchor,), proxy, subject="")


def chain_problem(path: Sequence[Certificate], proxy: str, subject: str | None = None) -> str:
    """Why a path whose signatures are valid does not serve proxies; empty if it does.

    ``subject`` replaces the name of the certificate in the text.
    """
    for it in path:
        usage = it.extension(x509.ExtendedKeyUsage)
        if usage is None or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage:
            continue
        missing = [name for oid, name in _PROXIES if oid not in usage]
        if missing:
            text = f"has an extendedKeyUsage without {' and '.join(missing)}, which proxies need"
            return _about(it, text, path, subject)
    excluded = excluded_name(path, proxy)
    if excluded is not None:
        ca, name = excluded
        return _about(ca, f"has name constraints that do not permit {name}", path, subject)
    return _policy_problem(path, subject)


def _policy_problem(path: Sequence[Certificate], subject: str | None) -> str:
    """Proxies' certificates have no policies, so none may be required. source: RFC 5280, 6.1.4 (h), (i)."""
    left: int | None = None
    for it in reversed(path[:-1]):
        if left and it.issuer != it.subject:
            left -= 1
        found = it.extension(x509.PolicyConstraints)
        wanted = found.require_explicit_policy if found is not None else None
        if wanted is not None and (left is None or wanted < left):
            left = wanted
    # Below the issuer one step is left, to the proxy's certificate.
    if left is not None and left <= 1 and path:
        return _about(path[0], "requires a certificate policy, which proxies do not have", path, subject)
    return ""


def _about(it: Certificate, text: str, path: Sequence[Certificate], subject: str | None) -> str:
    if subject is not None:
        return f"{subject} {text}".strip()
    return text if it is path[0] else f"is below {it.name}, which {text}"


class _Search:
    """Depth first over everything that could have signed a certificate, anchors first."""

    def __init__(
        self,
        between: Sequence[Certificate],
        anchors: Sequence[Certificate],
        proxy: str,
        now: datetime | None,
    ) -> None:
        self._between, self._anchors, self._proxy, self._now = between, anchors, proxy, now
        self._checks = 0
        self.problems: list[str] = []

    def note(self, problem: str) -> None:
        """Remember why a candidate does not serve."""
        self.problems.append(problem)

    def paths(self, path: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        """Every path whose signatures, authorities, lengths and dates are right."""
        last = path[-1]
        if len(path) == 1 and last in self._anchors:
            yield path
            return
        known = False
        for anchors, candidates in ((True, self._anchors), (False, self._between)):
            for signer in candidates:
                if signer.subject != last.issuer or any(_is_same(signer, it) for it in path):
                    continue
                known = True
                self._checks += 1
                if self._checks > _MOST_SIGNATURES:
                    self.note(f"has more than {_MOST_SIGNATURES} candidates for its path")
                    return
                problem = self._problem(path, signer)
                if problem:
                    self.note(problem)
                elif anchors:
                    yield (*path, signer)
                else:
                    yield from self.paths((*path, signer))
        if not known:
            which = "" if len(path) == 1 else f"{last.name}, which signed it, "
            text = f"is issued by {last.issuer_name}, which is not among the trust anchors"
            self.note(f"{which}{text}")

    def _problem(self, path: Sequence[Certificate], signer: Certificate) -> str:
        """Why ``signer`` does not continue a path; empty if it does."""
        last = path[-1]
        problem = authority_problem(signer)
        if problem:
            return f"is signed by {signer.name}, which {problem}"
        problem = signature_problem(last, signer)
        if problem:
            return problem if last is path[0] else f"{last.name} {problem}"
        problem = _own_problem(signer, self._now)
        if problem:
            return f"is signed by {signer.name}, which {problem}"
        if signer.path_length is not None and len(path) > signer.path_length:
            allowed = signer.path_length
            return f"is below {signer.name}, whose path length {allowed} allows {_many(allowed)} below it"
        return ""


def _many(number: int) -> str:
    return "no CA" if number == 0 else "1 CA" if number == 1 else f"{number} CAs"


def _is_same(one: Certificate, other: Certificate) -> bool:
    """One name and key in a path twice would be a loop."""
    if (one.subject, one.key) != (other.subject, other.key):
        return False
    return one.extension(x509.SubjectAlternativeName) == other.extension(x509.SubjectAlternativeName)


def _own_problem(it: Certificate, now: datetime | None) -> str:
    if it.unknown_critical:
        return f"has critical extension {it.unknown_critical}, which Linkerd does not know"
    return validity_problem(it, now) if now is not None else ""
