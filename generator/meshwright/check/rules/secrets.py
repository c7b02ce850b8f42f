"""Keys and passwords in Git."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.rules.rule import Engine, Hit, Severity, rule
from meshwright.errors import Position
from meshwright.flux.kustomization import GROUP, FluxKustomization
from meshwright.manifests.kustomization import join
from meshwright.manifests.manifestfile import named_documents, object_name
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import holds, items_of, mapping_of, value_at

_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]{20}")
# The same in base64, as a Secret's data has it: "-----BEGIN " and what follows on its first line.
_ENCODED = re.compile(r"LS0tLS1CRUdJTi[0-9A-Za-z+/]{30,60}")
# What stands for a value that another tool puts in: 1Password, vals, templates.
_REFERENCE = re.compile(r"\s*(?:op://|ref\+|vault:|\{\{|<path:|AVP_)")
_PAGES = (".md", ".rst", ".adoc", ".html")
_CONTENT = re.compile(r"\s*[0-9A-Za-z+/]{40,}={0,2}\s*\Z")
# No key is larger; larger files are data.
_MOST_BYTES = 1024 * 1024
# Types of Secrets that Kubernetes fills, or that only let nodes join the cluster.
_HARMLESS_TYPES = frozenset({"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"})


# How SOPS writes an encrypted value.
_CIPHER = "ENC[AES256_GCM,"
_PATCHES = ("spec", "kustomize", "patches")
_DECRYPT = "kustomize.toolkit.fluxcd.io/decrypt"


def _is_plain(field: str, value: str) -> bool:
    if _is_cipher(field, value):
        return False
    return "${" not in value and not value.startswith("ENC[") and not _REFERENCE.match(value)


def _is_public(key: str) -> bool:
    """Whether a key of a Secret usually holds a public value, so that another one is the reason to report."""
    return key in ("ca.crt", "tls.crt", "username", "user", "url", "host", "port")


def _is_cipher(field: str, value: str) -> bool:
    """Whether SOPS encrypted a value; a secretGenerator writes a file's content in base64."""
    if field == "data":
        try:
            # kustomize breaks the base64 of a long file into lines.
            value = base64.b64decode("".join(value.split()), validate=True).decode("utf-8", "replace")
        except ValueError:
            return False
    return _CIPHER in value


def _key_in(line: str) -> tuple[int, str] | None:
    """Where a key begins in a line, and what it is."""
    if found := _KEY.search(line):
        return found.start(), "an age key" if found[0].startswith("AGE") else "a private key"
    for encoded in _ENCODED.finditer(line):
        text = encoded[0][: len(encoded[0]) // 4 * 4]
        if b"PRIVATE KEY" in base64.b64decode(text):
            return encoded.start(), "a private key in base64"
    return None


@rule(
    "MW901",
    "private-key-in-git",
    "The repository contains a private key",
    why="Anyone who can read the repository or a clone of it has the key, and the mesh's trust depends on "
    "such keys.",
    fix="replace the key first, because everyone with a clone has it; then remove it from the history, and "
    "create the new one on the cluster (cert-manager) or encrypt it with SOPS",
    source="RFC 7468, textual encodings; age, format of secret keys",
)
def private_key(model: Model) -> Iterator[Hit]:
    used = model.once(_generator_inputs)
    for path in model.files.paths:
        text = _text(model, path)
        if "KEY" not in text and "LS0tLS1CRUdJTi" not in text:
            continue
        lines = text.splitlines()
        for number, line in enumerate(lines, start=1):
            if path.endswith(_PAGES) and not _CONTENT.match(lines[number] if number < len(lines) else ""):
                # A page shows the form of a key; a real one has its content below.
                continue
            if found := _key_in(line):
                start, what = found
                by = f", and {used[path]} takes it from here" if path in used else ""
                holder = _holder(model, path, number)
                text = f"{what} in plain text{holder and f' in {holder}'}{by}"
                yield Hit(Position(path, number, start + 1), text, subject=holder)


def _holder(model: Model, path: str, line: int) -> str:
    """The object of a manifest to which a line belongs; empty in other files."""
    holder = ""
    for document, pointer, data in (
        named_documents(model.files, path) if path.endswith((".yaml", ".yml")) else ()
    ):
        if document.position(pointer).line > line:
            break
        kind, name = data.get("kind"), object_name(data)
        namespace = mapping_of(data.get("metadata")).get("namespace")
        is_object = isinstance(kind, str) and data.get("apiVersion") and name
        holder = f"{kind} {f'{namespace}/' if namespace else ''}{name}" if is_object else ""
    return holder


def _text(model: Model, path: str) -> str:
    """The text of a file; empty for a large one and for one that is no text."""
    if path.endswith((".yaml", ".yml")):
        try:
            return model.files.text(path)
        except YamlFault:
            return ""
    raw = model.files.peek(path, _MOST_BYTES)
    # Only a text with such a line is decoded.
    if b"PRIVATE KEY" not in raw and b"AGE-SECRET-KEY" not in raw and b"LS0tLS1CRUdJTi" not in raw:
        return ""
    return "" if b"\0" in raw else raw.decode("utf-8", "replace")


def _generator_inputs(model: Model) -> dict[str, str]:
    """Files from which a secretGenerator or configMapGenerator takes data, with its name."""
    found: dict[str, str] = {}
    for path in model.files.paths:
        kustomization = model.repository.index.get(posixpath.dirname(path) or ".")
        if kustomization is None or kustomization.path != path:
            continue
        for field in ("secretGenerator", "configMapGenerator"):
            for entry in items_of(kustomization.data.get(field)):
                for given in items_of(mapping_of(entry).get("files")):
                    file = join(kustomization.folder, str(given).rpartition("=")[2])
                    found.setdefault(file, f"{field} '{mapping_of(entry).get('name')}' ({path})")
    return found


@rule(
    "MW902",
    "secret-in-plain-text",
    "The repository contains a Secret in plain text",
    why="base64 is not encryption: anyone who can read the repository has the values. In a repository with a "
    ".sops.yaml this is an error.",
    fix="encrypt it with SOPS, or let the cluster create it (cert-manager, external-secrets)",
    source="Kubernetes, Secrets; Flux, Manage Kubernetes secrets with SOPS",
    severity=Severity.WARNING,
)
def plain_secret(model: Model) -> Iterator[Hit]:
    # In a repository that uses SOPS, every Secret should be encrypted.
    severity = Severity.ERROR if model.files.is_file(".sops.yaml") else None
    for item in model.items("Secret", ""):
        if str(item.get("type")) in _HARMLESS_TYPES or item.built.origin.is_chart:
            continue
        for field in ("data", "stringData"):
            values = item.mapping(field)
            # A variable of Flux is filled in on the cluster, and SOPS' values are no plain text.
            given = [key for key, value in values.items() if value and _is_plain(field, str(value))]
            if any(_is_cipher(field, str(value)) for value in values.values()):
                # SOPS' own metadata in an encrypted .env file.
                given = [key for key in given if not key.startswith("sops_")]
            if given := sorted(given, key=_is_public):
                text = f"{item.title} contains '{given[0]}' in plain text"
                yield Hit(item.at(field, given[0], key=True), text, subject=item.title, severity=severity)
                break


@rule(
    "MW903",
    "sops-without-decryption",
    "Nothing decrypts a SOPS file",
    why="kustomize-controller refuses to apply an encrypted Secret, and with it everything else in the "
    "Kustomization. It applies encrypted files of a secretGenerator without decrypting them.",
    fix="set spec.decryption: {provider: sops, secretRef: {name: sops-age}} in the Kustomization",
    source="fluxcd kustomize-controller v1.9.5, apply and internal/decryptor",
    engine=Engine.FLUX,
)
def undecrypted(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        key = _encrypted_key(item)
        if not (item.built.encrypted or key):
            continue
        kustomization = item.root.kustomization
        if kustomization is None or _decrypts(model, item.cluster, kustomization):
            continue
        if item.built.encrypted:
            # This annotation tells kustomize-controller to leave the object alone.
            if str(item.annotations.get(_DECRYPT)).lower() != "disabled":
                text = f"{item.title} is encrypted with SOPS, but {kustomization.title}"
                at = kustomization.position("spec", key=True)
                yield Hit(item.at(), f"{text} ({at}) has no decryption", subject=item.title)
        elif key:
            text = f"'{key}' of {item.title} is encrypted with SOPS, but {kustomization.title}"
            at = kustomization.position("spec", key=True)
            yield Hit(item.at("data", key, key=True), f"{text} ({at}) has no decryption", subject=item.title)


def _decrypts(model: Model, cluster: str, kustomization: FluxKustomization) -> bool:
    if kustomization.spec.get("decryption"):
        return True
    # A FluxInstance makes the entry point, and patches it.
    made_by = kustomization.written.data if kustomization.written else {}
    if "decryption" in str(value_at(made_by, _PATCHES) if holds(made_by, _PATCHES) else ""):
        return True
    # The entry point is patched by what it applies itself.
    return any(
        item.mapping("spec", "decryption")
        for item in model.items("Kustomization", GROUP)
        if item.cluster == cluster and item.built.qualified_name == kustomization.name
    )


def _encrypted_key(item: Item) -> str | None:
    """A key of a generated Secret whose file is encrypted."""
    if item.built.kind != "Secret" or item.built.group:
        return None
    found = (str(key) for key, value in item.mapping("data").items() if _is_cipher("data", str(value)))
    return next(found, None)
