"""Schedules of CronJobs, and of other controllers that read them with the same parser.

source: robfig/cron v3.0.1, parser.go, ParseStandard; Kubernetes pkg/apis/batch/validation/validation.go.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from meshwright.check.model.duration import seconds
from meshwright.words import did_you_mean

_DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_EVERY = "@every "
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)(?:\s+|\Z)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NUMBER = re.compile(r"\+?[0-9]{1,9}\Z")
# Name, lowest and highest value, and the names of values from the lowest on.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)


def schedule_fault(schedule: str) -> str:
    """Why a schedule is refused, to follow the schedule and a comma; empty if it is accepted."""
    text = schedule
    if found := _ZONE.match(schedule):
        if fault := zone_fault(found[1]):
            return fault.replace("this name", f"the name '{found[1]}'")
        text = schedule[found.end() :]
    text = text if found is None else text.strip()
    if text.startswith("@"):
        return _descriptor_fault(text)
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return (
            f"which has {len(fields)} fields instead of 5: minute, hour, day of month, month and day of week"
        )
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in filter(None, field.split(",")):
            if fault := _range_fault(part, low, high, names):
                return f"whose {name} '{part}' {fault}"
    return ""


def zone_fault(name: str) -> str:
    """Why Kubernetes refuses a time zone; empty if it is known."""
    known = time_zones()
    if name in known or name in ("", "UTC"):
        return ""
    return f"but no time zone has this name{did_you_mean(name, known)}"


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA's time zones, with those that it keeps for older programs."""
    return frozenset((Path(__file__).parent / "timezones.txt").read_text(encoding="utf-8").split())


def _descriptor_fault(text: str) -> str:
    if text in _DESCRIPTORS:
        return ""
    if text.startswith(_EVERY):
        interval = text.removeprefix(_EVERY)
        return (
            ""
            if seconds(interval.lstrip("+-")) is not None
            else f"whose interval '{interval}' is not a duration"
        )
    return f"which is not one of {', '.join(_DESCRIPTORS)}{did_you_mean(text, _DESCRIPTORS)}"


def _range_fault(part: str, low: int, high: int, names: tuple[str, ...]) -> str:
    """Why a part of a field is refused; a field is a list of parts."""
    span, *steps = part.split("/")
    first, *others = span.split("-")
    if len(steps) > 1 or (len(others) > 1 and first not in ("*", "?")):
        return "is not a range"
    start, end = low, high
    if first not in ("*", "?"):
        values = [_value(text, low, names) for text in (first, *others)]
        if any(value is None for value in values):
            return "is not a number"
        start, end = values[0] or 0, values[-1] or 0
    if steps:
        step = _value(steps[0], 0, ())
        if step is None or step == 0:
            return "has a step that is not a number above 0"
        end = end if others else high
    if start < low or end > high:
        return f"is not between {low} and {high}"
    return "ends before it begins" if start > end else ""


def _value(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if _NUMBER.match(text) else None
