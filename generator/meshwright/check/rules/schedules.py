"""Schedules: what neither the API server nor a controller can read, and time zones that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.cronschedule import schedule_fault, zone_fault
from meshwright.check.model.index import Model
from meshwright.check.rules.rule import Hit, rule
from meshwright.flux.substitution import unresolved
from meshwright.yaml.pointer import Pointer

# Kinds whose controllers read a schedule as Kubernetes does: cron.ParseStandard of robfig/cron.
_SCHEDULED: tuple[tuple[str, str, Pointer], ...] = (
    ("CronJob", "batch", ("spec", "schedule")),
    ("Schedule", "velero.io", ("spec", "schedule")),
    ("ReplicationSource", "volsync.backube", ("spec", "trigger", "schedule")),
    ("ReplicationDestination", "volsync.backube", ("spec", "trigger", "schedule")),
    ("RecurringJob", "longhorn.io", ("spec", "cron")),
    ("SnapshotSchedule", "snapscheduler.backube", ("spec", "schedule")),
)


@rule(
    "MW687",
    "schedule-refused",
    "A schedule cannot be read, or its time zone does not exist",
    why="The API server refuses a CronJob with such a schedule or time zone. Velero, VolSync, Longhorn and snapscheduler "
    "report an error in the object's status, and never run it.",
    fix="write five fields such as '30 2 * * *' or a name such as @daily, with days of the week from 0 (Sunday) to 6, and "
    "the time zone of a CronJob in timeZone",
    source="robfig/cron v3.0.1, ParseStandard; Kubernetes pkg/apis/batch/validation, validateScheduleFormat",
)
def refused_schedule(model: Model) -> Iterator[Hit]:
    for kind, group, pointer in _SCHEDULED:
        for item in model.items(kind, group):
            schedule = item.get(*pointer)
            if not isinstance(schedule, str) or not schedule or unresolved(schedule):
                continue
            fault = schedule_fault(schedule)
            if not fault and kind == "CronJob" and "TZ=" in schedule:
                fault = "with a time zone, which belongs into timeZone"
            if fault:
                yield Hit(
                    item.at(*pointer), f"{item.title} has schedule '{schedule}', {fault}", subject=item.title
                )
    for item in model.items("CronJob", "batch"):
        zone = item.get("spec", "timeZone")
        if not isinstance(zone, str) or unresolved(zone):
            continue
        fault = "which is not an explicit time zone" if zone.lower() in ("", "local") else zone_fault(zone)
        if fault:
            yield Hit(
                item.at("spec", "timeZone"),
                f"{item.title} has timeZone '{zone}', {fault}",
                subject=item.title,
            )
