"""Certificates out of files and manifests; a private key is refused, and nothing of it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from meshwright.errors import MeshwrightError
from meshwright.manifests.pointer import dotted, scalars
from meshwright.yaml import YamlFault, load_documents

_BEGIN = "-----BEGIN "
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Found:
    """A certificate with its place, not judged yet."""

    place: str
    certificate: x509.Certificate = field(repr=False)


def read_files(paths: Sequence[Path]) -> list[Found]:
    """The certificates of files: PEM, or manifests that hold PEM.

    Raises MeshwrightError for a file that cannot be read, holds none, or holds a private key.
    """
    found = []
    for path in paths:
        text = _read(path)
        here = list(read_text(text, str(path)))
        if not here:
            raise MeshwrightError(f"{path}: holds no certificate; give PEM, or a manifest with PEM in it")
        found += here
    return found


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LIMIT:
            raise MeshwrightError(f"{path}: larger than {_LIMIT // 2**20} MiB: no file of certificates")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MeshwrightError(
            f"{path}: is no text; convert a certificate in DER form: openssl x509 -inform der -in FILE"
        ) from None
    except OSError as error:
        raise MeshwrightError(f"{path}: cannot be read: {error.strerror}") from None


def read_text(text: str, place: str) -> Iterator[Found]:
    """The certificates in PEM, or in the strings of YAML; ``place`` is the file's name.

    Raises MeshwrightError for a private key and for what is no certificate between its lines.
    """
    refuse_keys(text, place)
    start = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if start.startswith(_BEGIN):
        yield from blocks(text, place)
        return
    try:
        documents = load_documents(text, place)
    except YamlFault:
        # A file may have words above its PEM, as openssl writes them.
        yield from blocks(text, place)
        return
    seen = False
    for document in documents:
        if isinstance(document.data, dict) and document.data.get("kind") == "Secret":
            # Its data is in base64, and the key is in it.
            raise MeshwrightError(
                f"{place}: is a Secret, and nothing of it is read; take its certificate alone: "
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
    """Raises MeshwrightError when ``text`` holds a private key; what it holds is not shown."""
    if re.search(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", text):
        raise MeshwrightError(
            f"{place}: holds a private key, and nothing of it is read; give a file with certificates alone "
            "(openssl x509 -in FILE writes one)"
        )


def blocks(text: str, place: str) -> Iterator[Found]:
    """Each PEM block. Raises MeshwrightError for one that is no certificate."""
    for number, block in enumerate(_BLOCK.finditer(text), start=1):
        where = place if number == 1 and text.count(_BEGIN) == 1 else f"{place} #{number}"
        if block[1] not in ("CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"):
            raise MeshwrightError(f"{where}: is a {block[1].lower()}, and no certificate")
        lines = "\n".join(line.strip() for line in block[0].splitlines())
        try:
            certificate = x509.load_pem_x509_certificate(lines.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise MeshwrightError(f"{where}: cannot be read as a certificate") from None
        yield Found(where, certificate)
