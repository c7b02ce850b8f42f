"""Removes the data of Secrets from a difference, and their values wherever else they occur."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from meshwright.difference.lists import holds_key
from meshwright.difference.model import Difference, Field, Key, ObjectDifference, Path, Step
from meshwright.difference.secretvalues import holds_secret
from meshwright.yaml.pointer import scalars

HIDDEN = "…"
# Shorter values occur in other texts by chance and are matched only as whole values.
_LONG = 8
# Shorter values, and these words, are not secret.
_SHORTEST = 4
_WORDS = frozenset({"true", "false", "null", "none"})
_PORT = re.compile(r"[0-9]{1,5}")
# Values that Flux substitutes from Secrets are secret from this length on.
_SHORTEST_VARIABLE = 3
_SHOWN_METADATA = ("name", "namespace", "labels")
# Ordinary names; a password that looks like one is too weak to hide.
_ORDINARY = re.compile(r"[a-z./:-]*")


class Secrets:
    """Secret values, with their forms in base64, in URLs and in JSON.

    ``values`` come from Secrets, ``variables`` are those that Flux substitutes in other objects.
    """

    def __init__(self, values: Iterable[str] = (), variables: Iterable[str] = ()) -> None:
        self._whole: set[str] = set()
        self._long: dict[str, set[str]] = {}
        self._variables = {value for value in variables if len(value) >= _SHORTEST_VARIABLE}
        for value in {*values, *self._variables}:
            if len(value) >= _SHORTEST and value.lower() not in _WORDS and not _PORT.fullmatch(value):
                # A manifest may contain base64 of a value that already is base64.
                for form in {
                    *_forms(value),
                    *_forms(base64.b64encode(value.encode("utf-8", "replace")).decode()),
                }:
                    (self._add_long if len(form) >= _LONG else self._whole.add)(form)

    def with_variables(self, variables: frozenset[str]) -> Secrets:
        """A copy that also contains the values of variables."""
        if not variables:
            return self
        more = Secrets((), variables)
        more._whole |= self._whole
        for start, forms in self._long.items():
            more._long.setdefault(start, set()).update(forms)
        return more

    def is_in_value(self, value: Any) -> bool:
        """Whether a value, or a key in it, contains a secret."""
        if isinstance(value, tuple):
            return any(self.is_in_name(str(item)) for item in value)
        return any(
            self._is_in(str(found)) or any(self.is_in_name(str(step)) for step in pointer)
            for pointer, found in scalars(value)
        )

    def is_in_name(self, text: str) -> bool:
        """Whether the name of a field or item contains a secret; ordinary words do not count."""
        return any(value in text for value in self._variables) or self.without(text) != text

    def without(self, text: str) -> str:
        """A name with its secrets replaced; ordinary words stay, even if a Secret contains them."""
        if text in self._whole and not _ORDINARY.fullmatch(text):
            return HIDDEN
        while found := next((form for form in self._found(text) if not _ORDINARY.fullmatch(form)), None):
            text = text.replace(found, HIDDEN)
        return text

    def _is_in(self, text: str) -> bool:
        if text in self._whole or any(value in text for value in self._variables):
            return True
        if next(self._found(text), None) is not None:
            return True
        # Base64 is often broken into lines.
        joined = "".join(text.split())
        return joined != text and next(self._found(joined), None) is not None

    def _found(self, text: str) -> Iterator[str]:
        if self._long:
            for at in range(len(text) - _LONG + 1):
                for form in self._long.get(text[at : at + _LONG], ()):
                    if text.startswith(form, at):
                        yield form

    def _add_long(self, form: str) -> None:
        self._long.setdefault(form[:_LONG], set()).add(form)


NO_SECRETS = Secrets()


def redacted(field: Field, old: Mapping[str, Any], new: Mapping[str, Any], secrets: Secrets) -> Field:
    """A field without its values if they are secret; ``old`` and ``new`` are its object."""
    inside = _inside_secret(field.path, old) or _inside_secret(field.path, new)
    if inside is not None and _is_secret(inside):
        # A path inside a value could reveal the value.
        kept = len(field.path) - len(inside) + (3 if inside[:1] == ("metadata",) else 2)
        names = tuple(step if isinstance(step, str) else _redacted_step() for step in field.path[:kept])
        return replace(field, path=_redacted_path(names, secrets), inner=(), old=None, new=None, hidden=True)
    shown = replace(
        field, path=_redacted_path(field.path, secrets), inner=_redacted_path(field.inner, secrets)
    )
    values = (value for value in (field.old, field.new) if value is not None)
    if any(holds_secret(value) or secrets.is_in_value(value) for value in values):
        return replace(shown, old=None, new=None, hidden=True)
    return shown


def without_secrets(difference: Difference, secrets: Secrets) -> Difference:
    """The difference without secrets in its names, notes and reasons."""
    roots = tuple(
        replace(root, objects=tuple(_renamed(item, secrets) for item in root.objects))
        for root in difference.roots
    )
    missing = tuple(
        replace(item, subject=secrets.without(item.subject), reason=secrets.without(item.reason))
        for item in difference.not_compared
    )
    return Difference(roots, missing)


def _renamed(item: ObjectDifference, secrets: Secrets) -> ObjectDifference:
    followers = tuple(replace(one, title=secrets.without(one.title)) for one in item.followers)
    charts = tuple(
        replace(one, old=secrets.without(one.old), new=secrets.without(one.new)) for one in item.charts
    )
    return replace(
        item,
        namespace=secrets.without(item.namespace),
        name=secrets.without(item.name),
        note=secrets.without(item.note),
        followers=followers,
        charts=charts,
    )


def _inside_secret(path: Path, data: Any) -> Path | None:
    """The part of a path that is inside a Secret; None if it is not inside one."""
    for number, step in enumerate(path):
        if isinstance(data, Mapping):
            if data.get("kind") == "Secret":
                return path[number:]
            data = data.get(step)
        elif isinstance(data, list):
            data = _item(data, step)
        else:
            return None
    return None


def _item(items: list[Any], step: Step) -> Any:
    if isinstance(step, Key):
        return next((item for item in items if holds_key(item, step)), None)
    return items[step] if isinstance(step, int) and step < len(items) else None


def _is_secret(path: Path) -> bool:
    if path[:1] == ("metadata",):
        # An annotation may contain the whole object, as kubectl's last-applied-configuration does.
        return len(path) < 2 or path[1] not in _SHOWN_METADATA
    return path not in (("apiVersion",), ("kind",), ("type",), ("immutable",))


def _redacted_path(path: Path, secrets: Secrets) -> Path:
    return tuple(
        _redacted_step() if not isinstance(step, int) and secrets.is_in_value(str(step)) else step
        for step in path
    )


def _redacted_step() -> Key:
    return Key((("", HIDDEN),))


def _forms(value: str) -> Iterator[str]:
    """The value itself, quoted for URLs and JSON, and in base64 at each possible offset."""
    raw = value.encode("utf-8", "replace")
    plain = {value, quote(raw, safe=""), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    yield from plain
    whole = base64.b64encode(raw).decode()
    yield from (whole, whole.rstrip("="), whole.translate(_URL))
    for before in range(3):
        # The first and last characters depend on the surrounding bytes.
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        inner = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        if len(inner) >= _LONG:
            yield from (inner, inner.translate(_URL))


_URL = str.maketrans("+/", "-_")
