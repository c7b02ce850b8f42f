"""The report of ``meshwright trust``: specified certificates, public ones, and findings about both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.check.model.certmanager import TRUST_ROOTS
from meshwright.check.model.index import Model
from meshwright.check.model.inlinepem import trust_domain
from meshwright.check.pipeline import read_model
from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.runner import run_rules
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.faults import ID as INTERNAL
from meshwright.faults import contained
from meshwright.finding import Finding, Severity
from meshwright.trust.chain import Chain, read_chains
from meshwright.trust.plannedcertificates import Planned, planned
from meshwright.trust.rotation import Refusal, Rotation, read_rotation
from meshwright.yaml.pointer import dotted, scalars

if TYPE_CHECKING:
    from meshwright.trust.deadlines import Deadline
    from meshwright.trust.pem import Found, Read, Unread
    from meshwright.trust.publiccertificates import PublicCertificate

# Values of the chart that contain public certificates, and whether they are anchors.
_VALUES = ((("identityTrustAnchorsPEM",), True), (("identity", "issuer", "tls", "crtPEM"), False))
_BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class TrustReport:
    """``note`` is the reason why only the given certificates were read and not the repository.

    ``unread`` are parts of the given files that Linkerd would not read.
    """

    planned: tuple[Planned, ...] = ()
    certificates: tuple[PublicCertificate, ...] = ()
    unread: tuple[Unread, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    findings: tuple[Finding, ...] = ()
    rotations: tuple[Rotation | Refusal, ...] = ()
    note: str = ""
    clusters: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> ExitCode:
        """FINDINGS if a certificate expired, Linkerd would reject one, or the chain is broken."""
        bad = any(finding.severity is Severity.ERROR for finding in self.findings)
        bad = bad or bool(self.unread) or any(not certificate.accepted for certificate in self.certificates)
        return ExitCode.FINDINGS if bad else ExitCode.CLEAN


def read_trust(
    path: Path, files: Sequence[Path], now: datetime | None = None, bundle: Path | None = None
) -> TrustReport:
    """Read the repository at ``path``, the certificates of ``files``, and the trust anchors of ``bundle``.

    ``now`` is for tests. Raises MeshwrightError if a file cannot be read or contains a private key, or if the
    repository cannot be read and no file is given.
    """
    given = _read_files(files, bundle) if files or bundle is not None else None
    try:
        with read_model(path) as model:
            return _report(model, given, now)
    except MeshwrightError as error:
        if given is None:
            raise
        rows, due = _evaluate(given.found, now, {})
        return TrustReport(certificates=rows, unread=given.unread, deadlines=due, note=str(error))


def _report(model: Model, given: Read | None, now: datetime | None) -> TrustReport:
    chains = read_chains(model)
    if not chains and given is None:
        raise MeshwrightError(
            f"{model.files.root}: no certificates of Linkerd found: no Bundle "
            "linkerd-identity-trust-roots, no Certificate for Secret linkerd-identity-issuer, no chart "
            "linkerd-control-plane"
        )
    rules = [rule for rule in load_rules() if rule.id.startswith("MW2") or rule.id == "MW901"]
    findings = [item for item in run_rules(model, rules) if isinstance(item, Finding)]
    report = certificates_of(model, given, now)
    findings += [*model.faults, *(item for item in model.repository.findings if item.id == INTERNAL)]
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key)
    return replace(report, findings=tuple(ordered))


def certificates_of(model: Model, given: Read | None = None, now: datetime | None = None) -> TrustReport:
    """The certificates of every cluster and of ``given`` files, without findings of rules."""
    rows: list[Planned] = []
    rotations: list[Rotation | Refusal] = []
    found = list(given.found) if given is not None else []
    domains: dict[str, str] = {}
    chains = read_chains(model)
    for chain in chains:
        if chain.release is not None:
            domains[chain.cluster] = trust_domain(chain.release)
        # An internal error in one part does not affect the others or other clusters.
        named = f"of cluster '{chain.cluster}'"
        with contained(model.faults, f"reading the certificates {named}"):
            rows.extend(planned(model, chain))
        with contained(model.faults, f"reading the public certificates {named}"):
            found.extend(_found_in(model, chain))
        with contained(model.faults, f"reading the stage {named}"):
            rotations.append(read_rotation(model, chain))
    certificates, due = _evaluate(found, now, domains)
    return TrustReport(
        planned=tuple(rows),
        certificates=certificates,
        unread=given.unread if given is not None else (),
        deadlines=due,
        rotations=tuple(rotations),
        clusters=tuple(chain.cluster for chain in chains),
    )


def _found_in(model: Model, chain: Chain) -> Iterator[Found]:
    """Public certificates in the repository: in values, and in the Bundle and its sources.

    Rules MW217 and MW901 report what cannot be read and keys.
    """
    release = chain.release
    for pointer, anchors in _VALUES if release is not None else ():
        value = release.value(*pointer) if release is not None else None
        if release is not None and isinstance(value, str) and _BEGIN in value:
            place = f"{release.at(*pointer)} {dotted(pointer)}"
            # The chart trims it.
            yield from _read_pem(value.strip(), place, "linkerd", chain.cluster, anchors=anchors)
    if chain.bundle is not None:
        for at, value in scalars(chain.bundle.built.data):
            if isinstance(value, str) and _BEGIN in value:
                place = f"{chain.bundle.at(*at)} {dotted(at)}"
                yield from _read_pem(value, place, "trust-manager", chain.cluster, anchors=True)
    for item in model.items("ConfigMap", ""):
        if item.cluster == chain.cluster and item.namespace == chain.namespace:
            for at, value in scalars(item.mapping("data")):
                if isinstance(value, str) and _BEGIN in value:
                    place = f"{item.at('data', *at)} {item.title}"
                    roots = item.name == TRUST_ROOTS
                    reader = "linkerd" if roots else "trust-manager"
                    yield from _read_pem(value, place, reader, chain.cluster, anchors=roots)


# Imported only if there is a certificate: the library takes longer to load than the rest of the command.


def _read_files(files: Sequence[Path], bundle: Path | None) -> Read:
    from meshwright.trust.pem import read_files

    anchors = read_files([bundle] if bundle is not None else [], anchors=True)
    return anchors + read_files(files)


def _read_pem(text: str, place: str, reader: str, cluster: str, *, anchors: bool) -> tuple[Found, ...]:
    from meshwright.trust.pem import read_pem

    return read_pem(text, place, reader, anchors=anchors, cluster=cluster).found


def _evaluate(
    found: Sequence[Found], now: datetime | None, domains: Mapping[str, str]
) -> tuple[tuple[PublicCertificate, ...], tuple[Deadline, ...]]:
    if not found:
        return (), ()
    from meshwright.trust.deadlines import deadlines
    from meshwright.trust.publiccertificates import evaluate

    at = now or datetime.now(UTC)
    rows = evaluate(found, at, domains)
    return tuple(rows), tuple(deadlines(rows, at))
