"""Writes data as JSON that is also valid YAML for other tools."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# Characters that YAML rejects unescaped or treats as line breaks, and lone surrogates.
_SPECIAL = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def flow(data: Any, default: Callable[[Any], Any] | None = None) -> str:
    """``data`` in one line; ``default`` is as for json.dumps.

    JSON escapes a character beyond U+FFFF as a surrogate pair, which Go's YAML rejects, so characters are not
    escaped. A lone surrogate, as in a file name that is not UTF-8, becomes U+FFFD. Raises as json.dumps.
    """
    text = json.dumps(data, ensure_ascii=False, default=default)
    if text.isascii() and "\x7f" not in text:
        return text
    return _SPECIAL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
