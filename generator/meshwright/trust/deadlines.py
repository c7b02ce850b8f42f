"""What must be done to the mesh's certificates, and by which day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from meshwright.certificates.certificate import Certificate
from meshwright.certificates.demands import ANCHOR, ISSUER
from meshwright.trust.publiccertificates import SOON, PublicCertificate


@dataclass(frozen=True)
class Deadline:
    """The last day for an action, today if it is overdue; ``place`` is the certificate that it is about."""

    day: date
    place: str
    action: str


def deadlines(certificates: Sequence[PublicCertificate], now: datetime) -> list[Deadline]:
    """One per anchor and issuer that Linkerd accepts or that has expired, the earliest first."""
    found = {it.certificate: it for it in certificates if it.role in (ANCHOR, ISSUER)}
    rows = [it for it in found.values() if it.accepted or it.not_after < now]
    used = {it.path[-1] for it in rows if it.path}
    due = [_anchor(it, rows, used) if it.role == ANCHOR else _issuer(it) for it in rows]
    ordered = sorted((it for it in due if it is not None), key=lambda it: (it.day, it.place))
    return [Deadline(max(it.day, now.date()), it.place, it.action) for it in ordered]


def _issuer(it: PublicCertificate) -> Deadline:
    first = min(it.path[:-1], key=lambda link: link.not_after, default=it.certificate)
    until = first.not_after if first is not None else it.not_after
    which = "it" if first == it.certificate or first is None else f"{first.name}, which signed it,"
    action = (
        f"renew identity issuer {it.subject}: {which} expires on {until:%Y-%m-%d %H:%M} UTC, and the "
        "proxies' certificates with it; linkerd-identity reads the new Secret without a restart"
    )
    return Deadline(until.date(), it.place, action)


def _anchor(
    it: PublicCertificate, rows: Sequence[PublicCertificate], used: Set[Certificate]
) -> Deadline | None:
    end = f"{it.not_after:%Y-%m-%d}"
    if used and it.certificate not in used:
        if it.not_after >= max(_ends(rows, used)):
            # The next anchor: the deadline of the one in use is its own.
            return None
        action = (
            f"remove trust anchor {it.subject} from the bundle: no issuer given is below it, it expires on "
            f"{end}, and `linkerd check` fails from then"
        )
        return Deadline(it.not_after.date(), it.place, action)
    start = (it.not_after - timedelta(days=SOON)).date()
    following = max(
        (row for row in rows if row.role == ANCHOR and row.certificate not in used),
        key=lambda row: row.not_after,
        default=it,
    )
    if used and following.not_after > it.not_after:
        action = (
            f"let trust anchor {following.subject} sign the issuer instead of {it.subject}, which expires on "
            f"{end}: "
            "meshwright trust rotate; every meshed pod has to restart first, so that it trusts both"
        )
        return Deadline(start, it.place, action)
    action = (
        f"begin to replace trust anchor {it.subject}, which expires on {end}: meshwright trust rotate "
        f"--stage 1; `linkerd check` warns {SOON} days before, and every meshed pod has to restart in between"
    )
    return Deadline(start, it.place, action)


def _ends(rows: Sequence[PublicCertificate], used: Set[Certificate]) -> Iterator[datetime]:
    return (row.not_after for row in rows if row.certificate in used)
