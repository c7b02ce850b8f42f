"""Keys and passwords in Git."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from meshwright.check.model.index import Model
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.errors import Position
from meshwright.yaml import YamlFault

_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]{20}")
# The same in base64, as a Secret's data has it: "-----BEGIN " and what follows on its first line.
_ENCODED = re.compile(r"LS0tLS1CRUdJTi[0-9A-Za-z+/]{30,60}")
# What stands for a value that another tool puts in: 1Password, vals, templates.
_REFERENCE = re.compile(r"\s*(?:op://|ref\+|vault:|\{\{|<path:|AVP_)")
# What makes Secrets without holding one.
_HARMLESS_TYPES = frozenset({"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"})


def _is_plain(value: str) -> bool:
    return "${" not in value and not value.startswith("ENC[") and not _REFERENCE.match(value)


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
    fix="remove it from the history, and create a new one on the cluster (cert-manager) or encrypt it with "
    "SOPS",
    source="RFC 7468, textual encodings; age, format of secret keys",
)
def private_key(model: Model) -> Iterator[Hit]:
    for path in model.files.yaml_paths():
        try:
            text = model.files.text(path)
        except YamlFault:
            continue
        if "KEY" not in text and "LS0tLS1CRUdJTi" not in text:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if found := _key_in(line):
                start, what = found
                yield Hit(Position(path, number, start + 1), f"{what} in plain text")


@rule(
    "MW902",
    "secret-in-plain-text",
    "The repository contains a Secret in plain text",
    why="base64 is not encryption: anyone who can read the repository has the values.",
    fix="encrypt it with SOPS, or let the cluster create it (cert-manager, external-secrets)",
    source="Kubernetes, Secrets; Flux, Manage Kubernetes secrets with SOPS",
    severity=Severity.WARNING,
)
def plain_secret(model: Model) -> Iterator[Hit]:
    for item in model.items("Secret", ""):
        if item.get("type") in _HARMLESS_TYPES or item.built.origin.is_chart:
            continue
        for field in ("data", "stringData"):
            values = item.mapping(field)
            # A variable of Flux is filled in on the cluster, and SOPS' values are no plain text.
            given = [key for key, value in values.items() if value and _is_plain(str(value))]
            if given:
                text = f"{item.title} contains '{given[0]}' in plain text"
                yield Hit(item.at(field, given[0], key=True), text, subject=item.title)
                break
