"""Evaluates public certificates: their contents, and whether Linkerd would accept them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from meshwright.trust.pem import Found

# source: linkerd2 pkg/issuercerts, expirationWarningThresholdInDays.
_SOON = 60


@dataclass(frozen=True)
class PublicCertificate:
    """A certificate; ``place`` is its location. Times are in UTC, ``days_left`` are whole days.

    ``verified`` is the certificate among those read that signed it, empty if none did. ``faults`` are errors,
    ``remarks`` are notes.
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

    @property
    def accepted(self) -> bool:
        """Whether Linkerd would accept it in its role today."""
        return not self.faults


def evaluate(found: Sequence[Found], now: datetime) -> list[PublicCertificate]:
    """The contents and faults of each certificate, as part of the chain that all form together."""
    return [_evaluated(item, [other.certificate for other in found], now) for item in found]


def _evaluated(item: Found, given: Sequence[x509.Certificate], now: datetime) -> PublicCertificate:
    it = item.certificate
    own = _signed_by(it, it)
    signer = it if own else next((other for other in given if other != it and _signed_by(it, other)), None)
    is_ca = _is_ca(it)
    role = "trust anchor" if own and is_ca else "identity issuer" if is_ca else "leaf"
    left = (it.not_valid_after_utc - now).total_seconds() / 86400
    faults, remarks = _validity(it, now, left), []
    faults += _algorithm(it, role)
    if not own and not is_ca:
        remarks.append("is not a CA, so it cannot be an anchor or an issuer")
    if own and not is_ca:
        faults.append("is self-signed but not a CA, so it cannot be an anchor")
    if signer is None:
        same = [other for other in given if other != it and other.subject == it.issuer]
        text = f"its issuer {_name(it.issuer)} is not among the certificates read"
        if same:
            faults.append(f"is signed with another key than that of the certificate {_name(it.issuer)}")
        else:
            remarks.append(text)
    elif signer is not it:
        remarks += _outlives(it, signer)
    if not faults and 0 <= left < _SOON:
        remarks.append(f"expires within {_SOON} days: `linkerd check` warns about it")
    return PublicCertificate(
        place=item.place,
        subject=_name(it.subject),
        issuer=_name(it.issuer),
        serial=f"{it.serial_number:x}",
        key=_key(it),
        is_ca=is_ca,
        not_before=it.not_valid_before_utc,
        not_after=it.not_valid_after_utc,
        days_left=int(left // 1),
        role=role,
        verified="" if signer is None else "itself" if signer is it else _name(signer.subject),
        faults=tuple(faults),
        remarks=tuple(remarks),
    )


def _validity(it: x509.Certificate, now: datetime, left: float) -> list[str]:
    if left < 0:
        return [f"expired on {it.not_valid_after_utc:%Y-%m-%d}"]
    if it.not_valid_before_utc > now:
        return [f"is not valid before {it.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"]
    return []


def _outlives(it: x509.Certificate, signer: x509.Certificate) -> list[str]:
    if it.not_valid_after_utc > signer.not_valid_after_utc:
        end = f"{signer.not_valid_after_utc:%Y-%m-%d}"
        return [f"is valid longer than {_name(signer.subject)}, which signed it and expires on {end}"]
    return []


def _algorithm(it: x509.Certificate, role: str) -> list[str]:
    """Linkerd's objections to the key and the signature. source: linkerd2 pkg/issuercerts."""
    if role == "leaf":
        return []
    key = it.public_key()
    hashed = it.signature_hash_algorithm.name if it.signature_hash_algorithm is not None else "no"
    signed = _signature(it)
    if isinstance(key, ec.EllipticCurvePublicKey):
        faults = [] if key.key_size == 256 else [f"has a key on {key.curve.name}: Linkerd only accepts P-256"]
        if hashed != "sha256":
            faults.append(f"is signed with {signed}: Linkerd only accepts SHA-256")
        return faults
    if isinstance(key, rsa.RSAPublicKey) and role == "trust anchor":
        faults = []
        if key.key_size not in (2048, 4096):
            faults.append(f"has an RSA key of {key.key_size} bits: Linkerd accepts 2048 and 4096")
        if hashed != "sha256":
            faults.append(f"is signed with {signed}: Linkerd only accepts SHA-256")
        return faults
    wanted = "ECDSA P-256" if role == "identity issuer" else "ECDSA P-256 or RSA"
    return [f"has a key of type {_key(it)}: Linkerd accepts {wanted} for {_article(role)}"]


def _article(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"


def _signature(it: x509.Certificate) -> str:
    hashed = it.signature_hash_algorithm
    return hashed.name.upper().replace("SHA", "SHA-") if hashed is not None else "an algorithm without a hash"


def _signed_by(it: x509.Certificate, signer: x509.Certificate) -> bool:
    try:
        it.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_ca(it: x509.Certificate) -> bool:
    try:
        return bool(it.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def _key(it: x509.Certificate) -> str:
    key: Any = it.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        return f"ECDSA {names.get(key.curve.name, key.curve.name)}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return (
        "Ed25519"
        if isinstance(key, ed25519.Ed25519PublicKey)
        else type(key).__name__.removesuffix("PublicKey")
    )


def _name(name: x509.Name) -> str:
    """The common name if the name has nothing else, otherwise the full name, on one line."""
    parts = list(name)
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    text = str(common[0].value) if len(parts) == 1 and common else name.rfc4514_string()
    return "".join(sign if sign.isprintable() else "?" for sign in text) or "(no name)"
