"""Finds the values of a repository's Secrets, in built objects and in files."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import join
from meshwright.yaml import YamlFault, parse_all
from meshwright.yaml.pointer import items_of, scalars

_MENTIONS_SECRET = re.compile(r"""kind["']?\s*:\s*["']?Secret\b|secretGenerator""")
_FIELDS = ("data", "stringData")
_LARGEST = 2**20
# A line of a longer value, such as a settings file, is secret too, from this length on.
_LINE = 16


def values_of(data: Any) -> Iterator[str]:
    """Every value of every Secret in ``data``, both encoded and decoded."""
    if isinstance(data, Mapping):
        if data.get("kind") == "Secret":
            for name in _FIELDS:
                for _, value in scalars(data.get(name)):
                    if value is not None:
                        yield from _readings(str(value), encoded=name == "data")
            return
        for inner in data.values():
            yield from values_of(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from values_of(inner)
    elif isinstance(data, str) and _MENTIONS_SECRET.search(data):
        yield from values_of(manifests_in(data))


def values_in_files(files: RepositoryFiles, paths: Iterable[str]) -> Iterator[str]:
    """The values of Secrets in manifests and in secretGenerators."""
    for path in paths:
        try:
            if not _MENTIONS_SECRET.search(files.text(path)):
                continue
            documents = [document.data for document in files.documents(path)]
        except YamlFault:
            continue
        yield from values_of(documents)
        for data in documents:
            if isinstance(data, Mapping):
                for entry in items_of(data.get("secretGenerator")):
                    yield from _generated(files, path.rpartition("/")[0] or ".", entry)


def holds_secret(value: Any) -> bool:
    """Whether ``value`` contains a Secret with data, also inside a YAML text."""
    return next(values_of(value), None) is not None


def manifests_in(text: str) -> list[Any]:
    """The documents of a YAML text; empty for any other text."""
    try:
        return [data for data in parse_all(text) if isinstance(data, Mapping | list)]
    except YamlFault:
        return []


def _generated(files: RepositoryFiles, folder: str, entry: Any) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        return
    for literal in items_of(entry.get("literals")):
        yield from _readings(str(literal).partition("=")[2].strip("\"'"))
    for line in (
        line
        for name in (*items_of(entry.get("envs")), entry.get("env"))
        for line in _content(files, folder, name).splitlines()
    ):
        yield from _readings(line.partition("=")[2].strip())
    for name in items_of(entry.get("files")):
        yield from _readings(_content(files, folder, str(name).rpartition("=")[2]))


def _content(files: RepositoryFiles, folder: str, name: Any) -> str:
    path = join(folder, str(name)) if name else ""
    if not path or not files.is_listed(path):
        return ""
    return files.peek(path, _LARGEST).decode("utf-8", "replace")


def _readings(value: str, *, encoded: bool = False) -> Iterator[str]:
    if encoded:
        try:
            plain = base64.b64decode("".join(value.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            plain = ""
        if plain:
            yield from _readings(plain)
    stripped = value.strip()
    if stripped:
        yield stripped
    lines = [line.strip() for line in stripped.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LINE and not line.startswith("-----"))
