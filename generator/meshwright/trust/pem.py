"""Reads certificates from files and manifests; a private key is refused and never printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from meshwright.errors import MeshwrightError
from meshwright.yaml import YamlFault, load_documents
from meshwright.yaml.pointer import dotted, scalars

_BEGIN = "-----BEGIN "
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Found:
    """A certificate with its location, not evaluated yet."""

    place: str
    certificate: x509.Certificate = field(repr=False)


def read_files(paths: Sequence[Path]) -> list[Found]:
    """The certificates in PEM files or in manifests that contain PEM.

    Raises MeshwrightError for a file that cannot be read, has no certificate, or contains a private key.
    """
    found = []
    for path in paths:
        text = _read(path)
        here = list(read_text(text, str(path)))
        if not here:
            raise MeshwrightError(
                f"{path}: contains no certificate; pass PEM, or a manifest that contains PEM"
            )
        found += here
    return found


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LIMIT:
            raise MeshwrightError(f"{path}: larger than {_LIMIT // 2**20} MiB; pass a file with certificates")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MeshwrightError(
            f"{path}: not a text file; convert DER to PEM with openssl x509 -inform der -in FILE"
        ) from None
    except OSError as error:
        raise MeshwrightError(f"{path}: cannot be read: {error.strerror}") from None


def read_text(text: str, place: str) -> Iterator[Found]:
    """The certificates in PEM, or in the strings of YAML; ``place`` is the file's name.

    Raises MeshwrightError for a private key, and for a PEM block that is not a certificate.
    """
    refuse_keys(text, place)
    start = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if start.startswith(_BEGIN):
        yield from blocks(text, place)
        return
    try:
        documents = load_documents(text, place)
    except YamlFault:
        # A file may have text above its PEM, as openssl writes it.
        yield from blocks(text, place)
        return
    seen = False
    for document in documents:
        if isinstance(document.data, dict) and document.data.get("kind") == "Secret":
            # Its data contains the private key in base64.
            raise MeshwrightError(
                f"{place}: is a Secret, which is not read; extract only its certificate with "
                "kubectl get secret NAME -o jsonpath='{.data.tls\\.crt}' | base64 -d"
            )
        for pointer, value in scalars(document.data):
            if isinstance(value, str) and _BEGIN in value:
                seen = True
                line = document.position(pointer).line
                yield from blocks(value, f"{place}:{line} {dotted(pointer)}")
    if not seen:
        yield from blocks(text, place)


def refuse_keys(text: str, place: str) -> None:
    """Raises MeshwrightError if ``text`` contains a private key; the message shows none of it."""
    if re.search(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", text):
        raise MeshwrightError(
            f"{place}: contains a private key, so it is not read; pass a file with only certificates "
            "(openssl x509 -in FILE writes one)"
        )


def blocks(text: str, place: str) -> Iterator[Found]:
    """The certificate in each PEM block. Raises MeshwrightError for a block that is not a certificate."""
    for number, block in enumerate(_BLOCK.finditer(text), start=1):
        where = place if number == 1 and text.count(_BEGIN) == 1 else f"{place} #{number}"
        if block[1] not in ("CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"):
            raise MeshwrightError(f"{where}: is a {block[1].lower()}, not a certificate")
        lines = "\n".join(line.strip() for line in block[0].splitlines())
        try:
            certificate = x509.load_pem_x509_certificate(lines.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise MeshwrightError(f"{where}: cannot be read as a certificate") from None
        yield Found(where, certificate)
