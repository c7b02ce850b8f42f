"""What Linkerd demands of a single certificate, apart from the path: its key, its signature, its validity."""

from __future__ import annotations

from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from meshwright.certificates.certificate import Certificate, key_text

ANCHOR, ISSUER = "trust anchor", "identity issuer"
_SHA256 = ("1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11")


def validity_problem(it: Certificate, now: datetime) -> str:
    """Why a certificate is not valid at a time, a clause about it; empty if it is."""
    if it.not_after < now:
        return f"expired on {it.not_after:%Y-%m-%d}"
    if it.not_before > now:
        return f"is not valid before {it.not_before:%Y-%m-%d %H:%M} UTC"
    return ""


def algorithm_problems(it: Certificate, role: str) -> list[str]:
    """Linkerd's objections to the key and the signature of an anchor or issuer, clauses about it.

    source: linkerd2 pkg/issuercerts.
    """
    key = _key(it)
    signed = it.parsed.signature_algorithm_oid
    if isinstance(key, ec.EllipticCurvePublicKey):
        found = [] if key.key_size == 256 else [f"has a key on {key.curve.name}: Linkerd only accepts P-256"]
        if signed.dotted_string not in _SHA256:
            found.append(f"is signed with {signature_text(it)}: Linkerd only accepts SHA-256")
        return found
    if isinstance(key, rsa.RSAPublicKey) and role == ANCHOR:
        found = []
        if key.key_size not in (2048, 4096):
            found.append(f"has an RSA key of {key.key_size} bits: Linkerd accepts 2048 and 4096")
        if signed.dotted_string != _SHA256[1]:
            found.append(f"is signed with {signature_text(it)}: Linkerd only accepts SHA-256")
        return found
    wanted = "ECDSA P-256 for an identity issuer"
    if role == ANCHOR:
        wanted = "ECDSA P-256 or RSA for a trust anchor"
    return [f"has a key of type {key_text(it)}: Linkerd accepts {wanted}"]


def signature_text(it: Certificate) -> str:
    """``SHA-384``, or what the signature is instead."""
    try:
        hashed = it.parsed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "an unknown algorithm"
    text = hashed.name.upper().replace("SHA", "SHA-") if hashed is not None else "an algorithm without a hash"
    return f"{text} by RSA-PSS" if it.parsed.signature_algorithm_oid.dotted_string == _PSS else text


_PSS = "1.2.840.113549.1.1.10"


def _key(it: Certificate) -> object:
    try:
        return it.public_key
    except (UnsupportedAlgorithm, ValueError):
        return None
