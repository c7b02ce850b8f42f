"""How Go's yaml.v2 resolves a scalar, and how yaml.v2 and encoding/json write it.

The rules are those of YAML 1.1 with exceptions: no base 60, dates stay text, and numbers are parsed by
strconv.ParseInt and ParseFloat (go.yaml.in/yaml/v2 v2.4.4, resolve).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Any

from meshwright.patterns.regexp import as_text

_TAG = "tag:yaml.org,2002:"
STR, BOOL, INT, FLOAT, NULL = (f"{_TAG}{name}" for name in ("str", "bool", "int", "float", "null"))
TIMESTAMP, BINARY = f"{_TAG}timestamp", f"{_TAG}binary"
_RESOLVED = frozenset({"", STR, BOOL, INT, FLOAT, NULL, TIMESTAMP})

_WORDS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], (BOOL, True)),
    **dict.fromkeys(
        ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], (BOOL, False)
    ),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], (NULL, None)),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], (FLOAT, math.nan)),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], (FLOAT, math.inf)),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], (FLOAT, -math.inf)),
}
_INT = re.compile(
    r"([-+]?)(?:0[bB]([01]+)|0[oO]([0-7]+)|0[xX]([0-9a-fA-F]+)|0([0-7]+)|(0|[1-9][0-9]*))\Z", re.ASCII
)
_BASES = (2, 8, 16, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z", re.ASCII)
_DOTTED = re.compile(r"\.[0-9]+(?:[eE][-+]?[0-9]+)?\Z", re.ASCII)
# Binary numbers that Go accepts only because it parses a sign after the prefix.
_ODD_BINARY = re.compile(r"0b([-+][01]+)\Z", re.ASCII)
_DATE = re.compile(
    r"[0-9]{4}-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?)?\Z",
    re.ASCII,
)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z", re.ASCII)


def read(text: str, tag: str = "") -> Any:
    """The value of a plain or tagged scalar. Raises ValueError if Go refuses it."""
    if tag == BINARY:
        return _binary(text)
    if tag not in _RESOLVED:
        return text
    if tag == STR:
        return text
    found, value = resolve(text)
    if tag == TIMESTAMP and found != TIMESTAMP:
        raise ValueError(_decode_error(found, text, tag))
    if tag == FLOAT and found == INT and -(2**63) <= value < 2**63:
        return float(value)
    if tag not in ("", found):
        raise ValueError(_decode_error(found, text, tag))
    return value


def resolve(text: str) -> tuple[str, Any]:
    """The tag and the value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == "." and _DOTTED.match(text):
        return _float(text, text)
    if first not in "+-0123456789":
        return STR, text
    if is_date(text):
        return TIMESTAMP, text
    plain = text.replace("_", "")
    if match := _INT.match(plain):
        digits, base = next(
            (part, base) for part, base in zip(match.groups()[1:], _BASES, strict=True) if part
        )
        # No 64-bit number has more digits, and Python refuses thousands of them.
        number = int(digits, base) if len(digits.lstrip("0")) <= 64 else 2**64
        number = -number if match[1] == "-" else number
        if -(2**63) <= number < (2**63 if match[1] else 2**64):
            return INT, number
    if _FLOAT.match(plain):
        return _float(plain, text)
    if (match := _ODD_BINARY.match(plain)) and len(match[1]) <= 64:
        return INT, int(match[1], 2)
    return STR, text


def _float(digits: str, text: str) -> tuple[str, Any]:
    number = float(digits)
    return (STR, text) if math.isinf(number) else (FLOAT, number)


def is_date(text: str) -> bool:
    """Whether Go reads ``text`` as a date or a timestamp."""
    match = _DATE.match(text)
    if match is None:
        return False
    month, day = int(match[1]), int(match[2])
    year = int(text[:4])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1]):
        return False
    times = [int(part) for part in match.groups()[2:] if part is not None]
    return not times or (times[0] < 24 and times[1] < 60 and times[2] < 60)


def _binary(text: str) -> str:
    """Decode base64; like encoding/json, replace each invalid UTF-8 byte with U+FFFD."""
    packed = text.replace("\n", "").replace("\r", "")
    try:
        raw = base64.b64decode(packed.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("!!binary value contains invalid base64 data") from None
    return as_text(raw.decode("utf-8", "surrogateescape"))


def _decode_error(found: str, text: str, tag: str) -> str:
    short = [name.replace(_TAG, "!!") for name in (found, tag)]
    return f"cannot decode {short[0]} `{text[:40]}` as a {short[1]}"


def needs_quotes(text: str) -> bool:
    """Whether ``text``, written plain, would be read as anything but this text."""
    return resolve(text)[0] != STR or (":" in text and _SEXAGESIMAL.match(text) is not None)


def key(value: Any) -> str:
    """A mapping key as a JSON string. Raises ValueError if it cannot be converted."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value < 2**63:
        return str(value)
    if isinstance(value, float):
        return written_float(value, bits=32)
    raise ValueError(f"JSON cannot represent the key {'null' if value is None else value}")


def written_float(value: float, *, bits: int = 64) -> str:
    """The shortest text that parses to ``value``, in Go's format g. ``bits`` is 32 or 64."""
    if math.isnan(value):
        return ".nan"
    if bits == 32 and not math.isinf(value):
        value = _to_float32(value)
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = f"{value:.17g}"
    for precision in range(1, 18):
        text = f"{value:.{precision - 1}e}"
        if float(text) == value or (bits == 32 and _to_float32(float(text)) == value):
            break
    mantissa, _, exponent = text.partition("e")
    sign, digits, power = ("-" if mantissa.startswith("-") else ""), mantissa.lstrip("-"), int(exponent)
    digits = digits.replace(".", "").rstrip("0") or "0"
    if power < -4 or power >= 6:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    whole, rest = digits[: power + 1].ljust(power + 1, "0"), digits[power + 1 :]
    return f"{sign}{whole}{f'.{rest}' if rest else ''}"


def _to_float32(value: float) -> float:
    """The nearest 32-bit float."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
