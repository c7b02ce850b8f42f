"""Parameters of clusters that only Argo CD knows: which of them follow from the repository's folders.

The name of a cluster is often that of a folder, such as clusters/{{name}}/apps. A parameter whose value is
not known is a marked name; the marks are replaced once a folder shows the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKED = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
# A parameter of templates without goTemplate: the labels of the cluster are not all known.
UNKNOWN_LABELS = f"{_OPEN}labels"
_MOST = 100
# The parameter with the name of Argo CD's own cluster.
LOCAL = "own name"
# What stands for a value that nothing shows.
_STANDS_FOR = {"server": "https://cluster.invalid", "name": "cluster", LOCAL: "in-cluster"}


class Labels(dict[str, str]):
    """Labels or annotations of a cluster of which others may exist; ``known`` are those in the repository."""

    def __init__(self, path: str, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self.known = known
        self._path = path

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return unknown(f"{self._path}.{key}")

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002 - the base class's signature
        """The label, marked if it is not known."""
        return self[key]


def unknown(parameter: str) -> str:
    """The marked name of a parameter."""
    return f"{_OPEN}{parameter}{_CLOSE}"


def marked_in(data: Any) -> bool:
    """Whether something unknown is left anywhere in ``data``."""
    return any(_OPEN in text for text in _texts(data))


def settle(data: Any, values: Mapping[str, str]) -> Any:
    """``data`` with the values of marked parameters; without a value, marks stay."""
    if isinstance(data, Labels):
        return data
    if isinstance(data, Mapping):
        return {key: settle(value, values) for key, value in data.items()}
    if isinstance(data, list):
        return [settle(value, values) for value in data]
    if not isinstance(data, str) or _OPEN not in data:
        return data
    return _MARKED.sub(lambda found: values.get(found[1], found[0]), data)


def plain(data: Any) -> Any:
    """``data`` in which ordinary text stands for what is unknown."""
    if isinstance(data, Mapping):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [plain(value) for value in data]
    if not isinstance(data, str) or _OPEN not in data:
        return data
    return _MARKED.sub(lambda found: _STANDS_FOR.get(found[1], found[1].rpartition(".")[2].lower()), data)


def shown_by(pattern: str, candidates: Iterable[str]) -> list[dict[str, str]]:
    """The values of the marked parameters in a path, by the existing paths that fit it; ``*`` is any part.

    Empty if the path has no text of its own, since it then fits everything, or too many wildcards.
    """
    if not re.search(r"\w", _MARKED.sub("", pattern)) or _is_too_wide(pattern):
        return []
    names: list[str] = []
    expression = ""
    for number, part in enumerate(_MARKED.split(pattern)):
        if number % 2 == 0:
            expression += re.escape(part).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        elif part in names:
            expression += f"(?P=v{names.index(part)})"
        else:
            names.append(part)
            expression += f"(?P<v{len(names) - 1}>[^/]+)"
    matcher = re.compile(expression)
    found = [match for path in candidates if (match := matcher.fullmatch(path))]
    unique = {tuple(match[f"v{number}"] for number in range(len(names))): None for match in found}
    return [dict(zip(names, values, strict=True)) for values in unique][:_MOST]


def _is_too_wide(pattern: str) -> bool:
    """Whether matching could take much longer than reading: each part of a path has at most two wildcards."""
    parts = _MARKED.sub("*", pattern.replace("**", "\0")).split("/")
    return pattern.count("**") > 1 or any(part.count("*") > 2 for part in parts)


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
    elif isinstance(data, str):
        yield data
