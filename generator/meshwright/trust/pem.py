"""Reads certificates from files and manifests; a private key is refused and never printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from meshwright.certificates.certificate import Certificate
from meshwright.certificates.reading import Reading, read_linkerd, read_trust_manager
from meshwright.check.model.certmanager import TRUST_ROOTS
from meshwright.errors import MeshwrightError
from meshwright.yaml import Document, YamlFault, load_documents
from meshwright.yaml.pointer import Pointer, dotted, items_of, scalars

_BEGIN = "-----BEGIN "
_KIND = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
_LIMIT = 10 * 1024 * 1024
_BUNDLE_KEY = "ca-bundle.crt"


@dataclass(frozen=True)
class Found:
    """A certificate with its location, not evaluated yet.

    ``text`` is the text that it is from, which Linkerd reads as one; ``number`` counts from 0 in it.
    ``is_anchor``: the text contains trust anchors. ``cluster`` is empty for a file.
    """

    place: str
    certificate: Certificate = field(repr=False)
    text: str = ""
    number: int = 0
    is_anchor: bool = False
    cluster: str = ""


@dataclass(frozen=True)
class Unread:
    """Why Linkerd does not read a text whole."""

    place: str
    message: str


@dataclass(frozen=True)
class Read:
    """What texts contain, and what Linkerd would not read in them."""

    found: tuple[Found, ...] = ()
    unread: tuple[Unread, ...] = ()

    def __add__(self, other: Read) -> Read:
        return Read(self.found + other.found, self.unread + other.unread)


def read_files(paths: Sequence[Path], *, anchors: bool = False) -> Read:
    """The certificates in PEM files or in manifests that contain PEM; ``anchors``: of a trust bundle.

    Raises MeshwrightError for a file that cannot be read, has no certificate, or contains a private key.
    """
    read = Read()
    for path in paths:
        here = _read_text(_text(path), str(path), anchors)
        if not here.found and not here.unread:
            wanted = f"ConfigMap {TRUST_ROOTS}" if anchors else "a manifest that contains PEM"
            raise MeshwrightError(f"{path}: contains no certificate; pass PEM, or {wanted}")
        read += here
    return read


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LIMIT:
            raise MeshwrightError(f"{path}: larger than {_LIMIT // 2**20} MiB; pass a file with certificates")
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise MeshwrightError(
            f"{path}: not a text file; convert DER to PEM with openssl x509 -inform der -in FILE"
        ) from None
    except OSError as error:
        raise MeshwrightError(f"{path}: cannot be read: {error.strerror}") from None


def _read_text(text: str, place: str, anchors: bool) -> Read:
    refuse_keys(text, place)
    plain = text.removeprefix("\ufeff")
    start = next((line.strip() for line in plain.splitlines() if line.strip()), "")
    if not start.startswith(_BEGIN):
        try:
            documents = load_documents(plain, place)
        except YamlFault:
            # A file may have text above its PEM, as openssl writes it.
            documents = []
        # Text above PEM is YAML, too, but no manifest.
        documents = [document for document in documents if isinstance(document.data, dict)]
        if documents:
            read = Read()
            for string in (string for document in documents for string in _strings(document, place, anchors)):
                read += read_pem(string.text, string.place, string.reader, anchors=string.is_anchor)
            return read
    if f"{_BEGIN}CERTIFICATE-" not in text:
        kind = _KIND.search(text)
        if kind is not None:
            raise MeshwrightError(f"{place}: is a {kind[1].lower()}, not a certificate")
        return Read()
    # Editors end files with line breaks that tools do not copy; a bundle is what Linkerd reads.
    return read_pem(text if anchors else f"{text.rstrip()}\n", place, anchors=anchors)


@dataclass(frozen=True)
class _String:
    """A string with PEM in a manifest, and whether it contains trust anchors."""

    text: str
    place: str
    is_anchor: bool
    reader: str


def _strings(document: Document, place: str, anchors: bool) -> Iterator[_String]:
    data = document.data
    listed = data.get("kind") == "List"
    objects = [(("items", at), it) for at, it in enumerate(items_of(data.get("items")))] if listed else []
    starts: list[tuple[Pointer, object]] = [*objects] if listed else [((), data)]
    for start, item in starts:
        known = item if isinstance(item, dict) else {}
        kind, metadata = known.get("kind"), known.get("metadata")
        if kind == "Secret":
            # Its data contains the private key in base64.
            raise MeshwrightError(
                f"{place}: is a Secret, which is not read; extract only its certificate with "
                "kubectl get secret NAME -o jsonpath='{.data.tls\\.crt}' | base64 -d"
            )
        named = isinstance(metadata, dict) and metadata.get("name") == TRUST_ROOTS
        for pointer, value in scalars(item):
            if not isinstance(value, str) or _BEGIN not in value or "metadata" in pointer:
                continue
            if anchors and kind == "ConfigMap" and pointer != ("data", _BUNDLE_KEY):
                continue
            at = (*start, *pointer)
            where = f"{place}:{document.position(at).line} {dotted(at)}"
            reader = "trust-manager" if kind == "Bundle" else "linkerd"
            yield _String(value, where, anchors or (named and kind in ("ConfigMap", "Bundle")), reader)


def refuse_keys(text: str, place: str) -> None:
    """Raises MeshwrightError if ``text`` contains a private key; the message shows none of it."""
    if re.search(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", text):
        raise MeshwrightError(
            f"{place}: contains a private key, so it is not read; pass a file with only certificates "
            "(openssl x509 -in FILE writes one)"
        )


def read_pem(
    text: str, place: str, reader: str = "linkerd", *, anchors: bool = False, cluster: str = ""
) -> Read:
    """The certificates that a reader, linkerd or trust-manager, finds in a text."""
    reading: Reading = (read_trust_manager if reader == "trust-manager" else read_linkerd)(text)
    single = len(reading.certificates) == 1
    found = tuple(
        Found(place if single else f"{place} #{at + 1}", it.certificate, place, at, anchors, cluster)
        for at, it in enumerate(reading.certificates)
    )
    rest = "; Linkerd reads none of it" if reading.refused else ""
    unread = tuple(
        Unread(place, f"line {problem.line} of the PEM: {problem.text}{rest}") for problem in reading.problems
    )
    return Read(found, unread)
