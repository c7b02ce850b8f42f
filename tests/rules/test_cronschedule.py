"""Schedules are accepted and refused as by robfig/cron v3.0.1: the answers are those of ParseStandard."""

from __future__ import annotations

import pytest

from meshwright.check.model.cronschedule import schedule_fault, time_zones, zone_fault


@pytest.mark.parametrize(
    "schedule",
    [
        "*/15 * * * *",
        "0 3 ? jan-MAR mon",
        "5/10 * * * *",
        "*-5-6 * * * *",
        "+3 1,,2 * * *",
        "*/100 * * * *",
        "@daily",
        "@every 1h30m",
        "@every -5m",
        "TZ=Europe/Berlin 0 3 * * *",
        "CRON_TZ=UTC  @weekly",
        "00 007 1 1 0",
    ],
)
def test_accepted(schedule: str) -> None:
    assert schedule_fault(schedule) == ""


@pytest.mark.parametrize(
    "schedule",
    [
        "60 * * * *",
        "0 24 * * *",
        "0 3 0 * *",
        "0 3 * 13 *",
        "0 3 * * 7",
        "0 3 * * mon-sun",
        "1-2-3 * * * *",
        "*/0 * * * *",
        "1/2/3 * * * *",
        "/5 * * * *",
        "-5 * * * *",
        "0 3 L * *",
        "0 3 * *",
        "0 0 3 * * *",
        "  ",
        "@Daily",
        "@reboot",
        "@every 5",
        "@every",
        "TZ=Europe/Berln 0 3 * * *",
        "tz=UTC 0 3 * * *",
    ],
)
def test_refused(schedule: str) -> None:
    assert schedule_fault(schedule)


def test_names_of_time_zones_are_compared_by_case_and_include_old_ones() -> None:
    assert {"Europe/Berlin", "US/Pacific", "Asia/Calcutta", "Etc/GMT+5", "UTC"} <= time_zones()
    assert zone_fault("europe/berlin") == "but no time zone has this name; did you mean 'Europe/Berlin'?"
