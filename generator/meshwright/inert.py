"""Makes text that anybody may have written harmless wherever it is shown: only ever text, never a command.

Names and values of a repository reach terminals, logs of CI systems, comments and reports. What a terminal
obeys or does not show is written as an escape instead; what a log takes for a command is broken up.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

# source: Unicode's Default_Ignorable_Code_Point; these, unlike the others, count as printable.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_TONE = re.compile(r"(\x1b\[[0-9]{1,2}m)")
# source: the runner of GitHub Actions (ActionCommand.cs): `::` begins a line behind any white space, `##[`
# stands anywhere in it. `##vso[` and `##teamcity[` are other systems'.
_COMMAND = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9]{1,2}m)*)::", re.MULTILINE)
_MARK = re.compile(r"##(?=[a-z]*\[)")


def printable(text: str) -> str:
    """``text`` in one line, with an escape for everything that steers a terminal or is not seen."""
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(char if is_seen(char) else _escaped(char) for char in text)


def harmless(text: str, *, colour: bool = False) -> str:
    """Lines for people as a terminal and a log may have them; ``colour`` lets tones through."""
    if not _is_clean(_TONE.sub("", text) if colour else text):
        parts = _TONE.split(text) if colour else [text]
        text = "".join(part if number % 2 else _lines(part) for number, part in enumerate(parts))
    return without_commands(text)


def without_commands(text: str) -> str:
    """``text`` without a line that a CI system takes for a command of its own."""
    if "::" in text:
        text = _COMMAND.sub(r"\1\\::", text)
    return _MARK.sub(r"#\\#", text) if "##" in text else text


def json_text(data: Any, indent: int | None = 2) -> str:
    """``data`` as JSON that every parser takes: no number that is none, no half of a character.

    What a terminal would obey is an escape of JSON, so that a reader gets the same text. Half characters,
    which names of files may have, become the text of their escape.
    """
    try:
        text = json.dumps(data, indent=indent, ensure_ascii=False, default=str, allow_nan=False)
    except (ValueError, TypeError):
        text = json.dumps(_plain(data), indent=indent, ensure_ascii=False, default=str, allow_nan=False)
    if not _is_clean(text):
        text = "".join(char if char == "\n" or is_seen(char) else _in_json(char) for char in text)
    return _MARK.sub(r"\\u0023#", text)


def _is_clean(text: str) -> bool:
    bare = text.replace("\n", "").replace("\t", "")
    return bare.isprintable() and (bare.isascii() or not _UNSEEN.search(bare))


def is_seen(char: str) -> bool:
    """Whether a terminal shows this character as one of its own."""
    return char.isprintable() and not _UNSEEN.match(char)


def _lines(text: str) -> str:
    return "".join(char if char in "\n\t" or is_seen(char) else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if not char.isprintable():
        return repr(char)[1:-1]
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _in_json(char: str) -> str:
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def _plain(value: Any) -> Any:
    """The same with texts in place of what JSON has no form for."""
    if isinstance(value, Mapping):
        return {_name(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _name(key: Any) -> Any:
    return key if isinstance(key, str | int | bool) or key is None else str(key)
