"""Evaluates public certificates: their contents, and whether Linkerd would accept them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from meshwright.certificates.certificate import Certificate, key_text
from meshwright.certificates.demands import ANCHOR, ISSUER, algorithm_problems, validity_problem
from meshwright.certificates.path import PathResult, anchor_problem, path_to_anchor, proxy_name
from meshwright.certificates.signing import signed_by
from meshwright.errors import MeshwrightError
from meshwright.trust.pem import Found

INTERMEDIATE, LEAF = "intermediate", "leaf"
# source: linkerd2 pkg/issuercerts, expirationWarningThresholdInDays.
SOON = 60
_MOST = 1000
# Of one name: each costs a verification of a signature.
_MOST_CANDIDATES = 100


@dataclass(frozen=True)
class PublicCertificate:
    """A certificate; ``place`` is its location. Times are in UTC, ``days_left`` are whole days.

    ``verified`` is the certificate among those read that signed it, empty if none did. ``faults`` are errors,
    ``remarks`` are notes. ``path`` leads from an issuer to its anchor, if it is valid.
    """

    place: str
    subject: str
    issuer: str
    serial: str
    key: str
    is_ca: bool
    not_before: datetime
    not_after: datetime
    days_left: int
    role: str
    verified: str = ""
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    path: tuple[Certificate, ...] = field(default=(), repr=False)
    certificate: Certificate | None = field(default=None, repr=False)

    @property
    def accepted(self) -> bool:
        """Whether Linkerd would accept it in its role today."""
        return not self.faults


def evaluate(
    found: Sequence[Found], now: datetime, trust_domains: Mapping[str, str] | None = None
) -> list[PublicCertificate]:
    """The contents and faults of each certificate, as part of the chain that all form together.

    ``trust_domains`` are by cluster; cluster.local is the default. Raises MeshwrightError for more
    certificates than a mesh has.
    """
    if len(found) > _MOST:
        raise MeshwrightError(f"{len(found)} certificates: at most {_MOST} can be evaluated together")
    given = _Given(found, now, trust_domains or {})
    return [given.evaluated(item) for item in found]


class _Given:
    """All certificates that were read, with what they are to each other."""

    def __init__(self, found: Sequence[Found], now: datetime, domains: Mapping[str, str]) -> None:
        self._found, self._now, self._domains = found, now, domains
        self._by_subject: dict[bytes, list[Found]] = {}
        self._by_issuer: dict[bytes, list[Found]] = {}
        for item in found:
            self._by_subject.setdefault(item.certificate.subject, []).append(item)
            self._by_issuer.setdefault(item.certificate.issuer, []).append(item)
        self._roles = {id(item): self._role(item) for item in found}
        self._useful: dict[str, bool] = {}

    def _role(self, item: Found) -> str:
        it = item.certificate
        if item.is_anchor:
            return ANCHOR
        if not it.is_ca:
            return LEAF
        if signed_by(it, it):
            return ANCHOR
        signs = any(
            signed_by(other.certificate, it)
            for other in self._by_issuer.get(it.subject, ())[:_MOST_CANDIDATES]
            if other.certificate != it and other.certificate.is_ca and not other.is_anchor
        )
        return INTERMEDIATE if signs else ISSUER

    def evaluated(self, item: Found) -> PublicCertificate:
        """The row of a certificate."""
        it, role = item.certificate, self._roles[id(item)]
        left = (it.not_after - self._now).total_seconds() / 86400
        faults = [problem] if (problem := validity_problem(it, self._now)) else []
        faults += algorithm_problems(it, role) if role in (ANCHOR, ISSUER) else []
        result = PathResult()
        remarks: list[str] = []
        if role == ANCHOR:
            self._add_anchor(item, faults, remarks)
        elif role == ISSUER:
            result = self._add_issuer(item, faults)
        elif role == LEAF:
            self._add_leaf(it, faults, remarks)
        signer = self._signer(it, result)
        if role != ANCHOR and signer is None:
            self._add_unknown(it, role, faults, remarks)
        elif signer is not None and signer != it and it.not_after > signer.not_after:
            end = f"{signer.not_after:%Y-%m-%d}"
            remarks.append(f"is valid longer than {signer.name}, which signed it and expires on {end}")
        if not faults and 0 <= left < SOON:
            remarks.append(f"expires within {SOON} days: `linkerd check` warns about it")
        return PublicCertificate(
            place=item.place,
            subject=it.name,
            issuer=it.issuer_name,
            serial=f"{it.parsed.serial_number:x}",
            key=key_text(it),
            is_ca=it.is_ca,
            not_before=it.not_before,
            not_after=it.not_after,
            days_left=int(left // 1),
            role=role,
            verified="" if signer is None else "itself" if signer == it else signer.name,
            faults=tuple(dict.fromkeys(faults)),
            remarks=tuple(remarks),
            path=result.path,
            certificate=it,
        )

    def _add_anchor(self, item: Found, faults: list[str], remarks: list[str]) -> None:
        """One anchor that could not be above an issuer does no harm as long as there is another."""
        proxy = self._proxy(item)
        problem = anchor_problem(item.certificate, proxy)
        if not problem:
            return
        if item.cluster not in self._useful:
            self._useful[item.cluster] = any(not anchor_problem(it, proxy) for it in self._anchors(item))
        (remarks if self._useful[item.cluster] else faults).append(problem)

    def _add_issuer(self, item: Found, faults: list[str]) -> PathResult:
        anchors = self._anchors(item)
        if not anchors:
            return PathResult()
        # Linkerd has no other intermediates than those in the issuer's own file, of which it is the first.
        beside = [other for other in self._found if other.text == item.text and other is not item]
        if item.number:
            beside = [other for other in beside if self._roles[id(other)] != ANCHOR]
        between = [other.certificate for other in beside]
        result = path_to_anchor(item.certificate, between, anchors, self._proxy(item), self._now)
        if not result.path:
            known = [problem for problem in result.problems if problem not in faults]
            faults += [f"does not lead to a trust anchor: it {'; '.join(known[:3])}"] if known else []
        first = [other for other in beside if other.number < item.number]
        if first:
            faults.append(
                f"comes after {first[0].certificate.name} in its file: Linkerd takes the first certificate "
                "for the issuer"
            )
        return result

    def _add_leaf(self, it: Certificate, faults: list[str], remarks: list[str]) -> None:
        if signed_by(it, it):
            faults.append("is self-signed but not a CA, so it cannot be an anchor")
        else:
            remarks.append("is not a CA, so it cannot be an anchor or an issuer")

    def _add_unknown(self, it: Certificate, role: str, faults: list[str], remarks: list[str]) -> None:
        """Its signer is not among the certificates read."""
        if role == ISSUER and self._anchors(None):
            # The faults of its path say so already.
            return
        if any(other.certificate != it for other in self._by_subject.get(it.issuer, ())):
            faults.append(f"is signed with another key than that of the certificate {it.issuer_name}")
        else:
            remarks.append(f"its issuer {it.issuer_name} is not among the certificates read")

    def _anchors(self, item: Found | None) -> list[Certificate]:
        """The anchors for a certificate: those of its cluster, otherwise all."""
        all_of = [other for other in self._found if self._roles[id(other)] == ANCHOR]
        near = [other for other in all_of if item is not None and other.cluster == item.cluster]
        return [
            other.certificate for other in (near if item is not None and item.cluster and near else all_of)
        ]

    def _proxy(self, item: Found) -> str:
        domains = self._domains
        only = next(iter(domains.values())) if len(set(domains.values())) == 1 else "cluster.local"
        return proxy_name(domains.get(item.cluster, only))

    def _signer(self, it: Certificate, result: PathResult) -> Certificate | None:
        if len(result.path) > 1:
            return result.path[1]
        if signed_by(it, it):
            return it
        others = (other.certificate for other in self._by_subject.get(it.issuer, ())[:_MOST_CANDIDATES])
        return next((other for other in others if other != it and signed_by(it, other)), None)
