"""Hostile values as YAML writes them, from values.yaml: for any field, and entries for mappings of a name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml


def _quoted(text: str) -> str:
    """In double quotes: what can be printed stands as it is, emoji too, the rest as an escape of YAML."""
    written = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[^\n]", lambda c: c[0] if c[0].isprintable() else f"\\u{ord(c[0]):04x}", written)


# Half of a pair of surrogates is among them, which libyaml does not take.
_DATA = yaml.safe_load(Path(__file__).with_name("values.yaml").read_text(encoding="utf-8"))
_LONG_TEXTS = ("a" * 300, "a" * 70_000, "a." * 130)
_LONG_NODES = (
    "1" + "0" * 400,
    "1" + "0" * 5000,
    "[" * 60 + "]" * 60,
    "[" * 3000 + "]" * 3000,
    "{a: " * 250 + "}" * 250,
    "[" + "a, " * 3000 + "]",
)

TEXTS = (*map(_quoted, _DATA["texts"]), *map(_quoted, _LONG_TEXTS))
PATHS = (*map(_quoted, _DATA["paths"]), _quoted("a" * 260 + ".yaml"))
NODES = (*_DATA["nodes"], *_LONG_NODES)
VALUES: tuple[str, ...] = (*TEXTS, *PATHS, *NODES, *NODES)
# What is put into a mapping: by the key that it stands under, or by the name of its file at the top.
ENTRIES: dict[str, list[str]] = {**_DATA["entries"], "sources": _DATA["entries"]["source"]}
ANY_ENTRIES = ENTRIES.pop("any")
