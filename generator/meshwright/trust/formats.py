"""Formats the report of ``meshwright trust`` as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from meshwright import __version__
from meshwright.check.model.duration import DAY, days
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.inert import json_text, printable
from meshwright.trust.plannedcertificates import Planned
from meshwright.trust.report import TrustReport
from meshwright.trust.rotation import Refusal, Rotation

if TYPE_CHECKING:
    from meshwright.trust.publiccertificates import PublicCertificate

SCHEMA_VERSION = 1
_YEAR = 365 * DAY
_RED, _YELLOW, _BOLD, _OFF = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


class _Coloured(str):
    """A line with colours, in which text from files is already escaped."""


def render_json(report: TrustReport) -> str:
    """JSON by schema/trust-report.schema.json, ending with a line break."""
    return json_text(as_data(report)) + "\n"


def render_text(report: TrustReport, *, colour: bool = False) -> str:
    """Text for people, ending with a line break."""
    lines = (line if isinstance(line, _Coloured) else printable(line) for line in _lines(report, colour))
    return "\n".join(lines).strip("\n") + "\n"


def _lines(report: TrustReport, colour: bool) -> Iterator[str]:
    if report.note:
        yield f"repository not read: {report.note}"
        yield ""
    for cluster in report.clusters:
        rows = [row for row in report.planned if row.cluster == cluster]
        if rows:
            yield _Coloured(_bold(f"certificates of {cluster or 'the repository'}, as specified", colour))
            yield ""
            for row in rows:
                yield from _planned_lines(row, colour)
            yield from _first_due(rows)
            yield ""
    for rotation in report.rotations:
        yield from _rotation_lines(rotation)
        yield ""
    if report.certificates or report.unread:
        yield _Coloured(_bold("public certificates", colour))
        yield ""
        for unread in report.unread:
            yield f"  {unread.place}"
            yield _Coloured(f"    {_error(colour)}: {printable(unread.message)}")
        for certificate in report.certificates:
            yield from _certificate_lines(certificate, colour)
        if report.certificates:
            yield from _first_end(report.certificates)
        yield ""
    if report.deadlines:
        yield _Coloured(_bold("to do", colour))
        yield ""
        for deadline in report.deadlines:
            yield f"  by {deadline.day:%Y-%m-%d}: {deadline.action} ({deadline.place})"
        yield ""
    for finding in report.findings:
        yield from _finding_lines(finding, colour)


def _planned_lines(row: Planned, colour: bool) -> Iterator[str]:
    yield _Coloured(f"  {_bold(row.role, colour)}: {printable(row.title)} ({row.position})")
    life = f"valid for {span(row.lifetime)}" if row.lifetime else "lifetime cannot be read"
    renewed = f"renewed after {span(row.renewed)} with the {row.new_key}" if row.renewed else "never renewed"
    if row.renewed and row.new_key not in ("new key", "same key"):
        renewed = f"renewed after {span(row.renewed)} ({row.new_key})"
    renewed = renewed.replace("with the new key", "with a new key")
    yield f"    {life}, {renewed}; {row.key}{', CA' if row.is_ca else ''}"
    yield f"    signed by {row.signed_by}; Secret {row.secret}"
    yield f"    read by {row.mounted}"
    yield f"    restart after renewal: {row.restart}"


def _first_due(rows: Sequence[Planned]) -> Iterator[str]:
    """The certificates that are renewed first, and those that would expire first without renewal."""
    renewing = [row for row in rows if row.renewed]
    living = [row for row in rows if row.lifetime]
    yield ""
    issued = "after issuance"
    if renewing:
        least = min(row.renewed or 0.0 for row in renewing)
        roles = _roles(row for row in renewing if row.renewed == least)
        yield f"  renewed first, {span(least)} {issued}: {roles}"
    if living:
        least = min(row.lifetime or 0.0 for row in living)
        roles = _roles(row for row in living if row.lifetime == least)
        yield f"  expires first, {span(least)} {issued}, if not renewed: {roles}"


def _roles(rows: Iterator[Planned]) -> str:
    counted: dict[str, int] = {}
    for row in rows:
        counted[row.role] = counted.get(row.role, 0) + 1
    return ", ".join(role if count == 1 else f"{count} {role}s" for role, count in counted.items())


def _rotation_lines(rotation: Rotation | Refusal) -> Iterator[str]:
    if isinstance(rotation, Refusal):
        yield f"rotation by stages: not possible: {rotation.reason}"
    elif rotation.new is None:
        yield f"rotation: none in progress; the only anchor is {rotation.old.certificate.title}"
    else:
        yield (
            f"rotation: from {rotation.old.certificate.title} to {rotation.new.certificate.title}, stage "
            f"{rotation.stage} of 4 is written; next: meshwright trust rotate --stage "
            f"{rotation.stage + 1}"
        )


def _certificate_lines(it: PublicCertificate, colour: bool) -> Iterator[str]:
    yield _Coloured(f"  {_bold(it.subject, colour)} ({printable(it.place)})")
    yield f"    {it.role}; {it.key}{', CA' if it.is_ca else ''}; issued by {it.issuer}; serial {it.serial}"
    left = f"{it.days_left} days left" if it.days_left >= 0 else f"expired {-it.days_left} days ago"
    yield f"    {it.not_before:%Y-%m-%d} to {it.not_after:%Y-%m-%d %H:%M} UTC, {left}"
    if it.verified:
        yield f"    signature: verified, signed by {it.verified}"
    for fault in it.faults:
        yield _Coloured(f"    {_error(colour)}: {printable(fault)}")
    for remark in it.remarks:
        yield _Coloured(f"    {_YELLOW if colour else ''}note: {printable(remark)}{_OFF if colour else ''}")
    if it.role in ("trust anchor", "identity issuer"):
        article = "an" if it.role[0] in "aeiou" else "a"
        yield f"    Linkerd {'accepts' if it.accepted else 'rejects'} it as {article} {it.role}"


def _error(colour: bool) -> str:
    return f"{_RED}error{_OFF}" if colour else "error"


def _first_end(certificates: Sequence[PublicCertificate]) -> Iterator[str]:
    first = min(certificates, key=lambda it: it.not_after)
    yield ""
    yield f"  expires first, on {first.not_after:%Y-%m-%d}: {first.subject} ({first.place})"


def _finding_lines(finding: Finding, colour: bool) -> Iterator[str]:
    word = finding.severity.value
    tone = (_RED if word == "error" else _YELLOW) if colour else ""
    end = _OFF if colour else ""
    yield _Coloured(f"{finding.position}: {tone}{word}{end}[{finding.label}]: {finding.message}")
    if finding.fix:
        yield f"  fix: {finding.fix}"


def span(seconds: float) -> str:
    """``180 days``, or ``10 years`` for two or more whole years."""
    if seconds >= 2 * _YEAR and seconds % _YEAR < 5 * DAY:
        return f"{seconds // _YEAR:.0f} years"
    return days(seconds)


def _bold(text: str, colour: bool) -> str:
    return f"{_BOLD}{printable(text)}{_OFF}" if colour else printable(text)


def as_data(report: TrustReport) -> dict[str, Any]:
    """The report as plain data; times in seconds, dates in ISO 8601."""
    return {
        "schema_version": SCHEMA_VERSION,
        "meshwright": __version__,
        **({"note": report.note} if report.note else {}),
        "planned": [_planned_data(row) for row in report.planned],
        "certificates": [_certificate_data(it) for it in report.certificates],
        "unread": [{"place": it.place, "message": it.message} for it in report.unread],
        "deadlines": [
            {"day": it.day.isoformat(), "place": it.place, "action": it.action} for it in report.deadlines
        ],
        "rotations": [_rotation_data(it) for it in report.rotations],
        "findings": [
            {
                "id": finding.id,
                **({"name": finding.name} if finding.name else {}),
                "severity": finding.severity.value,
                **_place(finding.position),
                "message": finding.message,
                "fix": finding.fix,
            }
            for finding in report.findings
        ],
    }


def _planned_data(row: Planned) -> dict[str, Any]:
    return {
        "cluster": row.cluster,
        "role": row.role,
        "title": row.title,
        **_place(row.position),
        "secret": row.secret,
        "signed_by": row.signed_by,
        "lifetime_seconds": row.lifetime,
        "renewed_at_seconds": row.renewed,
        "renewal": row.new_key,
        "key": row.key,
        "is_ca": row.is_ca,
        "read_by": row.mounted,
        "restart": row.restart,
    }


def _certificate_data(it: PublicCertificate) -> dict[str, Any]:
    return {
        "place": it.place,
        "subject": it.subject,
        "issuer": it.issuer,
        "serial": it.serial,
        "key": it.key,
        "is_ca": it.is_ca,
        "role": it.role,
        "not_before": it.not_before.isoformat(),
        "not_after": it.not_after.isoformat(),
        "days_left": it.days_left,
        "verified_by": it.verified or None,
        "accepted": it.accepted,
        "faults": list(it.faults),
        "remarks": list(it.remarks),
    }


def _rotation_data(it: Rotation | Refusal) -> dict[str, Any]:
    if isinstance(it, Refusal):
        return {"cluster": it.chain.cluster, "stage": None, "reason": it.reason}
    return {
        "cluster": it.chain.cluster,
        "stage": it.stage,
        "old": it.old.secret,
        "new": it.new.secret if it.new is not None else None,
    }


def _place(position: Position) -> dict[str, Any]:
    return {"file": position.path, "line": position.line, "column": position.column}
