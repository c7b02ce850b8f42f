"""Keys and certificates of one run: an authority in memory, files in its scratch folder, nothing kept."""

from __future__ import annotations

import base64
import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = datetime.timedelta(days=30)
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Pair:
    """A key and its certificate, both PEM."""

    key: bytes
    certificate: bytes

    def write(self, folder: Path, name: str) -> None:
        """As <name>.key and <name>.crt."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.key").write_bytes(self.key)
        (folder / f"{name}.crt").write_bytes(self.certificate)


@dataclass(frozen=True)
class Authority:
    """A certificate authority that lives as long as the run."""

    key: ec.EllipticCurvePrivateKey
    own: x509.Certificate

    @classmethod
    def make(cls, name: str) -> Authority:
        """A new one, self-signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return cls(
            key, _builder(subject, subject, key.public_key(), authority=True).sign(key, hashes.SHA256())
        )

    @property
    def certificate(self) -> bytes:
        """Its certificate, PEM."""
        return self.own.public_bytes(PEM)

    def pair(self) -> Pair:
        """Its own key and certificate."""
        return Pair(_private(self.key), self.certificate)

    def client(self, name: str, *groups: str) -> Pair:
        """A certificate by which the API server knows a user and its groups."""
        return self._issue(name, groups, (), ExtendedKeyUsageOID.CLIENT_AUTH)

    def server(self, name: str, *names: str) -> Pair:
        """A certificate for DNS names and addresses."""
        return self._issue(name, (), names, ExtendedKeyUsageOID.SERVER_AUTH)

    def _issue(
        self, name: str, groups: tuple[str, ...], names: tuple[str, ...], use: x509.ObjectIdentifier
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        attributes += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        builder = _builder(x509.Name(attributes), self.own.subject, key.public_key(), authority=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        if names:
            alternatives = x509.SubjectAlternativeName([_alternative(one) for one in names])
            builder = builder.add_extension(alternatives, critical=False)
        return Pair(_private(key), builder.sign(self.key, hashes.SHA256()).public_bytes(PEM))


def signing_pair() -> tuple[bytes, bytes]:
    """Private and public key with which service account tokens are signed and checked, PEM."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return _private(key), public


def kubeconfig(server: str, authority: bytes, pair: Pair | None = None, token: str | None = None) -> str:
    """A kubeconfig with everything in it, for one user by certificate or token."""
    user: dict[str, str] = {"token": token} if token else {}
    if pair is not None:
        user = {"client-certificate-data": _text(pair.certificate), "client-key-data": _text(pair.key)}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "engine",
                    "cluster": {"server": server, "certificate-authority-data": _text(authority)},
                }
            ],
            "users": [{"name": "user", "user": user}],
            "contexts": [{"name": "engine", "context": {"cluster": "engine", "user": "user"}}],
            "current-context": "engine",
        }
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
