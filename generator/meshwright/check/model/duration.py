"""Durations as cert-manager and Kubernetes write them: 2160h, 90m, 1h30m."""

from __future__ import annotations

import re
from typing import Any

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
_WHOLE = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+\Z")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
DAY = 24 * 3600.0


def seconds(value: Any) -> float | None:
    """A Go duration in seconds; None if ``value`` is not a duration.

    source: Go time.ParseDuration, without a sign.
    """
    if not isinstance(value, str) or not _WHOLE.match(value):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))


def days(value: float) -> str:
    """``30 days``, for messages; ``value`` is in seconds."""
    count = value / DAY
    shown = f"{count:.0f}" if count >= 3 else f"{count:.1f}".removesuffix(".0")
    return f"{shown} day{'' if shown == '1' else 's'}"
