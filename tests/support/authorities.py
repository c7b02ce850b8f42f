"""Certificates made at run time; no key of them is ever written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Authority:
    """A key and a certificate; ``pem`` is the certificate alone."""

    def __init__(
        self,
        name: str,
        signer: Authority | None = None,
        *,
        key: Any = None,
        ca: bool = True,
        days: int = 3650,
        start: datetime = NOW - timedelta(days=10),
        hashed: Any = None,
        path_length: int | None = None,
        constrained: bool = True,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
        signing_key: Any = None,
        identified: bool = False,
        below: Any = None,
    ) -> None:
        """``constrained``: with basicConstraints. ``extensions`` are pairs with whether each is critical.

        ``signing_key`` is used instead of the signer's, ``identified`` adds key identifiers, ``below`` makes
        the RSA padding of what it signs from the hash.
        """
        self.below = below
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        by = signer or self
        made = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(by.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
        )
        if constrained:
            length = path_length if ca else None
            made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)
        if identified:
            made = made.add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
            ).add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False
            )
        for extension, critical in extensions:
            made = made.add_extension(extension, critical=critical)
        by_key = signing_key or by.key
        if isinstance(by_key, ed25519.Ed25519PrivateKey):
            self.certificate = made.sign(by_key, None)
        else:
            algorithm = hashed or hashes.SHA256()
            pads = by.below is not None and isinstance(by_key, rsa.RSAPrivateKey)
            scheme = by.below(algorithm) if pads else None
            self.certificate = made.sign(by_key, algorithm, rsa_padding=scheme)
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def private_pem(self) -> str:
        """The key, for tests that it is refused."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


def rsa_key(bits: int) -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def key_usage(*bits: str) -> x509.KeyUsage:
    """A keyUsage with the bits that are named as cryptography names them."""
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment"]
    names += ["key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in bits for name in names})
