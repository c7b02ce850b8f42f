"""Makes untrusted text harmless wherever it is shown: it stays text and never becomes a command.

Names and values of a repository reach terminals, CI logs, comments and reports. Characters that control a
terminal or are invisible are escaped; sequences that a CI system takes for commands are broken up.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

# source: Unicode's Default_Ignorable_Code_Point; str.isprintable() accepts these, unlike the others.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_TONE = re.compile(r"(\x1b\[[0-9]{1,2}m)")
# source: the runner of GitHub Actions (ActionCommand.cs): `::` starts a command at the beginning of a line,
# after any white space; `##[` does so anywhere. `##vso[` and `##teamcity[` belong to other systems.
_COMMAND = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9]{1,2}m)*)::", re.MULTILINE)
_MARK = re.compile(r"##(?=[a-z]*\[)")


def printable(text: str) -> str:
    """``text`` in one line, with escapes for everything that controls a terminal or is invisible."""
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(char if is_seen(char) else _escaped(char) for char in text)


def harmless(text: str, *, colour: bool = False) -> str:
    """Lines that are safe for terminals and logs; ``colour`` keeps colours."""
    if not _is_clean(_TONE.sub("", text) if colour else text):
        parts = _TONE.split(text) if colour else [text]
        text = "".join(part if number % 2 else _lines(part) for number, part in enumerate(parts))
    return without_commands(text)


def without_commands(text: str) -> str:
    """``text`` without lines that a CI system takes for commands."""
    if "::" in text:
        text = _COMMAND.sub(r"\1\\::", text)
    return _MARK.sub(r"#\\#", text) if "##" in text else text


def json_text(data: Any, indent: int | None = 2) -> str:
    """``data`` as JSON that every parser accepts: without NaN, infinities and lone surrogates.

    Characters that control a terminal become JSON escapes, so that a parser reads the same text. Lone
    surrogates, which file names may contain, become the text of their escape.
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
    """Whether a terminal shows this character visibly."""
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
    """The same value, with text in place of what JSON cannot represent."""
    if isinstance(value, Mapping):
        return {_name(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _name(key: Any) -> Any:
    return key if isinstance(key, str | int | bool) or key is None else str(key)
