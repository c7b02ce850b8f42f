"""An X.509 certificate with what path validation asks for, read as strictly as Go's crypto/x509 reads it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from meshwright.certificates.der import elements, name_problem

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_RSA = bytes.fromhex("06092a864886f70d010101")
_NULL = b"\x05\x00"
_EC = bytes.fromhex("06072a8648ce3d0201")
# P-224, P-256, P-384 and P-521.
_CURVES = ("06052b81040021", "06082a8648ce3d030107", "06052b81040022", "06052b81040023")
# What may not be critical, and what Go processes. source: Go's crypto/x509, processExtensions.
_NEVER_CRITICAL = ("2.5.29.14", "2.5.29.35", "1.3.6.1.5.5.7.1.1")
_PROCESSED = tuple(f"2.5.29.{number}" for number in (15, 17, 19, 30, 31, 32, 33, 36, 37, 54))
_CONSTRAINED = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)


class UnreadableError(ValueError):
    """Go does not read a certificate; the text is a clause about it."""


@dataclass(frozen=True)
class Certificate:
    """A certificate; two are equal if their bytes are.

    ``subject``, ``issuer`` and ``key`` are DER: Go compares bytes.
    """

    der: bytes
    parsed: x509.Certificate = field(repr=False, compare=False)
    subject: bytes = field(repr=False, compare=False)
    issuer: bytes = field(repr=False, compare=False)
    key: bytes = field(repr=False, compare=False)

    @property
    def not_before(self) -> datetime:
        """In UTC."""
        return self.parsed.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """In UTC."""
        return self.parsed.not_valid_after_utc

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        """Raises UnsupportedAlgorithm for a key of an unknown type."""
        return self.parsed.public_key()

    @cached_property
    def extensions(self) -> tuple[x509.Extension[x509.ExtensionType], ...]:
        """The extensions that count."""
        return tuple(self.parsed.extensions) if self.is_v3 else ()

    def extension(self, kind: type[_Extension]) -> _Extension | None:
        """The value of the extension of a kind, None if there is none."""
        return next((it.value for it in self.extensions if isinstance(it.value, kind)), None)

    @property
    def is_v3(self) -> bool:
        """Only version 3 has extensions."""
        return self.parsed.version is x509.Version.v3

    @cached_property
    def is_ca(self) -> bool:
        """Whether basicConstraints say so."""
        found = self.extension(x509.BasicConstraints)
        return found is not None and found.ca

    @cached_property
    def path_length(self) -> int | None:
        """How many CAs may be below it, None for any number."""
        found = self.extension(x509.BasicConstraints)
        return found.path_length if found is not None else None

    @cached_property
    def unknown_critical(self) -> str:
        """The identifier of a critical extension that Go does not process, empty if there is none."""
        for it in self.extensions:
            if it.critical and not _is_processed(it):
                return it.oid.dotted_string
        return ""

    @cached_property
    def name(self) -> str:
        """The subject on one line, for messages."""
        return name_text(self.parsed.subject)

    @cached_property
    def issuer_name(self) -> str:
        """The issuer on one line, for messages."""
        return name_text(self.parsed.issuer)


def parse(der: bytes) -> Certificate:
    """Read a certificate. Raises UnreadableError if Go would not read it."""
    try:
        with warnings.catch_warnings():
            # The library warns of what it will refuse in the future; Go refuses most of it today.
            warnings.simplefilter("ignore")
            return _parse(der)
    except UnreadableError:
        raise
    except (ValueError, UnsupportedAlgorithm, RecursionError):
        raise UnreadableError("cannot be read as a certificate") from None


def _parse(der: bytes) -> Certificate:
    parsed = x509.load_der_x509_certificate(der)
    (whole,) = elements(der)
    signed, algorithm, _ = elements(whole.content)
    fields = list(elements(signed.content))
    # The version is left out in version 1.
    serial, inner, issuer, _, subject, key = fields[fields[0].tag == 0xA0 :][:6]
    found = Certificate(der, parsed, subject.raw, issuer.raw, key.raw)
    problem = name_problem(issuer.raw) or name_problem(subject.raw)
    if serial.content[0] & 0x80:
        problem = "has a negative serial number"
    if inner.raw != algorithm.raw:
        problem = "names two signature algorithms"
    for it in found.extensions:
        if it.critical and it.oid.dotted_string in _NEVER_CRITICAL:
            problem = f"has extension {it.oid.dotted_string} marked critical"
    problem = problem or _key_problem(key.content)
    if problem:
        raise UnreadableError(problem)
    return found


def _key_problem(key: bytes) -> str:
    """source: Go's crypto/x509, parsePublicKey."""
    algorithm, _ = elements(key)
    identifier, *parameters = elements(algorithm.content)
    if identifier.raw == _RSA and [it.raw for it in parameters] != [_NULL]:
        return "has an RSA key without NULL parameters"
    if identifier.raw == _EC and (len(parameters) != 1 or parameters[0].raw.hex() not in _CURVES):
        return "has an ECDSA key on a curve that Go does not know"
    return ""


def _is_processed(it: x509.Extension[x509.ExtensionType]) -> bool:
    if isinstance(it.value, x509.NameConstraints):
        trees = [*(it.value.permitted_subtrees or ()), *(it.value.excluded_subtrees or ())]
        return all(isinstance(tree, _CONSTRAINED) for tree in trees)
    if isinstance(it.value, x509.SubjectAlternativeName):
        return any(isinstance(name, _CONSTRAINED) for name in it.value)
    return it.oid.dotted_string in _PROCESSED


def key_text(certificate: Certificate) -> str:
    """``ECDSA P-256``, ``RSA 2048``: the key's type and size."""
    try:
        key = certificate.public_key
    except (UnsupportedAlgorithm, ValueError):
        return "unknown"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {key.curve.name.replace('secp', 'P-').removesuffix('r1')}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey")


def name_text(name: x509.Name) -> str:
    """The common name if the name has nothing else, otherwise the full name, on one line."""
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    text = str(common[0].value) if len(list(name)) == 1 and common else name.rfc4514_string()
    return "".join(sign if sign.isprintable() else "?" for sign in text) or "(no name)"
