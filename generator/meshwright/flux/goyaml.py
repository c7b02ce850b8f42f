"""Writes and reads YAML as Flux does around substitution, by the YAML 1.1 rules of Go's yaml.v2.

kustomize-controller writes an object as text with sigs.k8s.io/yaml 1.6, built on yaml.v2, substitutes in
the text and parses it again. Text is quoted only where yaml.v2 requires it, and multi-line text is a block.
An unquoted ``on``, ``yes`` or ``n`` from a variable becomes a boolean, ``1_000`` a number; a date stays text.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

import yaml

from meshwright.flux import godecode
from meshwright.flux.goscalar import needs_quotes, written_float
from meshwright.yaml.dump import without_end_marker

# kustomize writes JSON and reads it as YAML, which refuses or changes these, and keys of 1,024 bytes.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_LONG_KEY = 256
_DIGITS = re.compile(r"[0-9]*")


def read(text: str) -> Any:
    """The first document of ``text`` as JSON values. Raises ValueError with a one-line reason."""
    return godecode.read(text)


def write(data: Any) -> str:
    """Write one document, folding lines at column 80. Raises ValueError for text that YAML cannot contain."""
    if any(len(text) >= _LONG_KEY if is_key else _NOT_IN_YAML.search(text) for text, is_key in _texts(data)):
        data = read(_json(data))
    stream = io.StringIO()
    emitter = yaml.CSafeDumper(stream, width=80, allow_unicode=True)
    try:
        emitter.emit(yaml.StreamStartEvent())
        emitter.emit(yaml.DocumentStartEvent(explicit=False))
        for event in _events(data):
            emitter.emit(event)
        emitter.emit(yaml.DocumentEndEvent(explicit=False))
        emitter.emit(yaml.StreamEndEvent())
    except RecursionError:
        raise ValueError("nested deeper than this writer supports") from None
    finally:
        emitter.dispose()
    # libyaml adds an end marker after text with trailing empty lines; yaml.v2 does not.
    return without_end_marker(stream.getvalue())


def _json(data: Any) -> str:
    """JSON as Go's encoding/json writes it: it escapes U+2028 and U+2029 but no other non-ASCII character."""
    text = json.dumps(data, ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _texts(data: Any) -> Iterator[tuple[str, bool]]:
    """Every text; each key comes twice, once with True. Raises ValueError for a key that is not text."""
    if isinstance(data, str):
        yield data, False
    elif isinstance(data, dict):
        for key, value in data.items():
            if not isinstance(key, str):
                raise ValueError(f"JSON cannot represent the key {json.dumps(key, default=str)}")
            yield key, True
            yield key, False
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


def _events(data: Any) -> Iterator[yaml.Event]:
    if isinstance(data, dict):
        yield yaml.MappingStartEvent(None, None, True, flow_style=False)
        # For keys of letters only, Python's order is the same and ten times faster.
        for key in sorted(data) if all(map(str.isalpha, data)) else sorted(data, key=_order):
            yield _scalar(key)
            yield from _events(data[key])
        yield yaml.MappingEndEvent()
    elif isinstance(data, list):
        yield yaml.SequenceStartEvent(None, None, True, flow_style=False)
        for value in data:
            yield from _events(value)
        yield yaml.SequenceEndEvent()
    else:
        yield _scalar(data)


def _scalar(value: Any) -> yaml.ScalarEvent:
    style = None
    if isinstance(value, str):
        text, style = value, "|" if "\n" in value else '"' if needs_quotes(value) else None
    elif value is None or isinstance(value, bool):
        text = json.dumps(value)
    else:
        text = _number(value)
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)


def _number(value: Any) -> str:
    whole = not isinstance(value, float) or value.is_integer()
    try:
        return str(int(value)) if whole and -(2**63) <= value < 2**64 else written_float(float(value))
    except OverflowError:
        # The value is larger than any number in Go, so it was text there.
        return str(value)


def _compare(first: str, second: str) -> int:
    """Compare keys as yaml.v2 sorts them: other characters before letters, and numbers by value."""
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one == other:
            continue
        if one.isalpha() or other.isalpha():
            letters_only = one.isalpha() and other.isalpha()
            return (-1 if one < other else 1) if letters_only else (-1 if other.isalpha() else 1)
        numbers = [_DIGITS.match(text, place)[0] for text in (first, second)]  # type: ignore[index]
        # Zeros inside a number are significant.
        inside = (
            "0" in (one, other) and first[:place].rstrip("0")[-1:].isdigit() and first[:place][-1:].isdigit()
        )
        values = [int(f"{'1' if inside else ''}{digits[-18:]}" or "0") for digits in numbers]
        for left, right in (values, [len(digits) for digits in numbers], [ord(one), ord(other)]):
            if left != right:
                return -1 if left < right else 1
    return len(first) - len(second)


_order = cmp_to_key(_compare)
