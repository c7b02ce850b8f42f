"""Writes data as JSON that is YAML too, for the readers of other tools."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# What YAML refuses as it stands or takes for the end of a line; and halves of a pair, which are no text.
_SPECIAL = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def flow(data: Any, default: Callable[[Any], Any] | None = None) -> str:
    """``data`` in one line; ``default`` is as for json.dumps.

    JSON's own escape for a character beyond U+FFFF is a pair, which Go's YAML refuses: characters are written
    as they are. Half a pair, as in the name of a file that is no text, becomes U+FFFD. Raises as json.dumps.
    """
    text = json.dumps(data, ensure_ascii=False, default=default)
    if text.isascii() and "\x7f" not in text:
        return text
    return _SPECIAL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
