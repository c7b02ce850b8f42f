"""The report of ``meshwright trust``: specified certificates, public ones, and findings about both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.check.model.index import Model
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
    from meshwright.trust.pem import Found
    from meshwright.trust.publiccertificates import PublicCertificate

# Values of the chart that contain public certificates.
_VALUES = (("identityTrustAnchorsPEM",), ("identity", "issuer", "tls", "crtPEM"))
_BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class TrustReport:
    """``note`` is the reason why only the given certificates were read and not the repository."""

    planned: tuple[Planned, ...] = ()
    certificates: tuple[PublicCertificate, ...] = ()
    findings: tuple[Finding, ...] = ()
    rotations: tuple[Rotation | Refusal, ...] = ()
    note: str = ""
    clusters: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> ExitCode:
        """FINDINGS if a certificate expired, Linkerd would reject one, or the chain is broken."""
        bad = any(finding.severity is Severity.ERROR for finding in self.findings)
        bad = bad or any(not certificate.accepted for certificate in self.certificates)
        return ExitCode.FINDINGS if bad else ExitCode.CLEAN


def read_trust(path: Path, files: Sequence[Path], now: datetime | None = None) -> TrustReport:
    """Read the repository at ``path`` and the certificates of ``files``; ``now`` is for tests.

    Raises MeshwrightError if a file cannot be read or contains a private key, or if the repository cannot be
    read and no file is given.
    """
    given = _read_files(files) if files else []
    try:
        with read_model(path) as model:
            return _report(model, given, now)
    except MeshwrightError as error:
        if not files:
            raise
        return TrustReport(certificates=_evaluate(given, now), note=str(error))


def _report(model: Model, given: Sequence[Found], now: datetime | None) -> TrustReport:
    chains = read_chains(model)
    if not chains and not given:
        raise MeshwrightError(
            f"{model.files.root}: no certificates of Linkerd found: no Bundle "
            "linkerd-identity-trust-roots, no Certificate for Secret linkerd-identity-issuer, no chart "
            "linkerd-control-plane"
        )
    rules = [rule for rule in load_rules() if rule.id.startswith("MW2") or rule.id == "MW901"]
    findings = [item for item in run_rules(model, rules) if isinstance(item, Finding)]
    rows: list[Planned] = []
    rotations: list[Rotation | Refusal] = []
    found = list(given)
    for chain in chains:
        # An internal error in one part does not affect the others or other clusters.
        named = f"of cluster '{chain.cluster}'"
        with contained(model.faults, f"reading the certificates {named}"):
            rows.extend(planned(model, chain))
        with contained(model.faults, f"reading the public certificates {named}"):
            found.extend(_found_in(model, chain))
        with contained(model.faults, f"reading the stage {named}"):
            rotations.append(read_rotation(model, chain))
    findings += [*model.faults, *(item for item in model.repository.findings if item.id == INTERNAL)]
    return TrustReport(
        planned=tuple(rows),
        certificates=_evaluate(found, now),
        findings=tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key)),
        rotations=tuple(rotations),
        clusters=tuple(chain.cluster for chain in chains),
    )


def _found_in(model: Model, chain: Chain) -> Iterator[Found]:
    """Public certificates in the repository: in values, and in the Bundle and its sources."""
    release = chain.release
    for pointer in _VALUES if release is not None else ():
        value = release.value(*pointer) if release is not None else None
        if release is not None and isinstance(value, str) and _BEGIN in value:
            yield from _blocks(value, f"{release.at(*pointer)} {dotted(pointer)}")
    if chain.bundle is not None:
        for at, value in scalars(chain.bundle.built.data):
            if isinstance(value, str) and _BEGIN in value:
                yield from _blocks(value, f"{chain.bundle.at(*at)} {dotted(at)}")
    for item in model.items("ConfigMap", ""):
        if item.cluster == chain.cluster and item.namespace == chain.namespace:
            for at, value in scalars(item.mapping("data")):
                if isinstance(value, str) and _BEGIN in value:
                    yield from _blocks(value, f"{item.at('data', *at)} {item.title}")


# Imported only if there is a certificate: the library takes longer to load than the rest of the command.


def _read_files(files: Sequence[Path]) -> list[Found]:
    from meshwright.trust.pem import read_files

    return read_files(files)


def _blocks(text: str, place: str) -> Iterator[Found]:
    from meshwright.trust.pem import blocks

    # Rules MW217 and MW901 report invalid certificates and keys in the repository.
    with suppress(MeshwrightError):
        yield from list(blocks(text, place))


def _evaluate(found: Sequence[Found], now: datetime | None) -> tuple[PublicCertificate, ...]:
    if not found:
        return ()
    from meshwright.trust.publiccertificates import evaluate

    return tuple(evaluate(found, now or datetime.now(UTC)))
