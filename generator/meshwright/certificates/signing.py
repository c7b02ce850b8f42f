"""Whether one certificate signed another, and whether it may."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding

from meshwright.certificates.certificate import Certificate
from meshwright.certificates.demands import signature_text

_HASHES = ("sha256", "sha384", "sha512")
_ED25519 = "1.3.101.112"


def signed_by(it: Certificate, signer: Certificate) -> bool:
    """Whether ``signer`` has the name and the key with which a certificate is signed."""
    return it.issuer == signer.subject and not signature_problem(it, signer)


def authority_problem(it: Certificate) -> str:
    """Why a certificate may not sign others; empty if it may. source: Go's CheckSignatureFrom."""
    if it.is_v3 and not it.is_ca:
        return "is not a CA"
    usage = it.extension(x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign and _any_usage(usage):
        return "has a keyUsage without keyCertSign, so it may not sign certificates"
    return ""


def _any_usage(usage: x509.KeyUsage) -> bool:
    """A keyUsage without any bit is taken for none."""
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    return any(getattr(usage, name) for name in (*names, "key_agreement", "crl_sign"))


def signature_problem(it: Certificate, signer: Certificate) -> str:
    """Why the key of ``signer`` does not verify a certificate, a clause about it; empty if it does."""
    text = signature_text(it)
    parsed = it.parsed
    try:
        hashed = parsed.signature_hash_algorithm
        supported = (
            hashed.name in _HASHES
            if hashed is not None
            else parsed.signature_algorithm_oid.dotted_string == _ED25519
        )
        scheme = parsed.signature_algorithm_parameters
        if isinstance(scheme, padding.PSS) and hashed is not None:
            # The class has no public name for the length.
            supported = supported and scheme._salt_length == hashed.digest_size
        if not supported:
            return f"is signed with {text}, which Linkerd does not verify"
        parsed.verify_directly_issued_by(signer.parsed)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return f"is signed with another key than that of {signer.name}"
    return ""
