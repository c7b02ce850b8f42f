"""``meshwright charts``: lists the charts that a repository names, and fetches them into the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.bounded import InRepository
from meshwright.commands.group import Group, new_cli, see_also
from meshwright.commands.options import Exactly, Format
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.printing import complain, emit, note, tell

if TYPE_CHECKING:
    from meshwright.charts.pulling import PulledChart
    from meshwright.charts.wanted import Unpullable
    from meshwright.manifests.pulledcharts import ChartPin

cli = new_cli(
    cls=Group,
    help="List the charts of a repository, or fetch them.",
    epilog=see_also("charts.md", "meshwright charts list", "meshwright charts pull"),
)
SCHEMA_VERSION = 1


@cli.command(
    "list",
    cls=InRepository,
    epilog=see_also("charts.md", "meshwright charts list", "meshwright charts list --format json"),
)
def list_charts(path: Exactly = Path(), output: Format = "text") -> ExitCode:
    """List the charts that the repository names; fetch nothing.

    For each, it prints whether it was pulled, and in which version.
    """
    from meshwright.charts.wanted import wanted_charts
    from meshwright.manifests.pulledcharts import archive_in_cache, read_lock, read_pin

    charts, faults = wanted_charts(path)
    locked = read_lock(path)
    rows = []
    for chart in charts:
        pin = locked.get(chart.key) or read_pin(chart.key)
        rows.append((chart, pin, pin is not None and archive_in_cache(pin.digest) is not None))
    if output == "json":
        listed = [
            {
                "name": chart.name,
                "source": chart.source,
                "wanted": chart.wanted,
                "places": list(map(str, chart.places)),
                "pin": _pin(pin),
                "cached": cached,
            }
            for chart, pin, cached in rows
        ]
        emit(_json({"charts": listed, "skipped": _skipped(faults)}))
        return ExitCode.CLEAN
    for chart, pin, cached in rows:
        state = _shown(pin) if pin is not None and cached else "not pulled"
        tell(f"{printable(f'{chart} from {chart.source}: {state} ({chart.places[0]})')}\n")
    _tell_skipped(faults)
    return ExitCode.CLEAN


@cli.command(
    cls=InRepository,
    epilog=see_also(
        "charts.md",
        "meshwright charts pull",
        "meshwright charts pull --lock",
        "meshwright charts pull --upgrade --allow-host registry.lan",
    ),
)
def pull(
    path: Exactly = Path(),
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST", help="Allow a host with a private or loopback address. Can be repeated."
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Resolve version ranges again; by default, pins are kept.")
    ] = False,
    lock: Annotated[
        bool, typer.Option("--lock", help="Write the versions and digests into .meshwright-charts.json.")
    ] = False,
    accept_replaced: Annotated[
        bool,
        typer.Option("--accept-replaced", help="Accept another archive for a version that is pinned."),
    ] = False,
    output: Format = "text",
) -> ExitCode:
    """Fetch the charts that the repository names into the cache.

    It is the only command that fetches charts; all others work offline with the cache. The exit code is 1
    if a chart could not be fetched.
    """
    from meshwright.charts.pulling import Puller
    from meshwright.charts.wanted import wanted_charts
    from meshwright.manifests.pulledcharts import read_lock
    from meshwright.progress import working

    charts, faults = wanted_charts(path)
    # One that is broken is written anew.
    pins = {} if lock and upgrade else read_lock(path)
    puller = Puller(frozenset(host.lower() for host in allow_host or ()), pins, upgrade, accept_replaced)
    results: list[PulledChart] = []
    with working("pulling charts"):
        for result in puller.pull(charts):
            results.append(result)
            if output == "text":
                _tell(result)
    found = [result.pin for result in results if result.pin is not None]
    failed = [result for result in results if result.pin is None]
    if output == "json":
        emit(_json({"charts": [_result(item) for item in results], "skipped": _skipped(faults)}))
    else:
        _tell_skipped(faults)
    if lock and not failed:
        _write_lock(path, found)
    elif lock:
        complain("meshwright: .meshwright-charts.json was not written, because charts are missing\n")
    elif pins and any(pins.get((pin.source, pin.name, pin.wanted)) != pin for pin in found):
        note(".meshwright-charts.json does not have all of these charts; update it with --lock")
    return ExitCode.FINDINGS if failed else ExitCode.CLEAN


def _write_lock(root: Path, pins: Sequence[ChartPin]) -> None:
    from meshwright.manifests.pulledcharts import LOCK_FILE, lock_text
    from meshwright.writing import Tree

    try:
        Tree(root).write(LOCK_FILE, lock_text(pins).encode())
    except OSError as error:
        raise MeshwrightError(f"{error.filename or LOCK_FILE}: {error.strerror or error}") from None
    note(f"wrote {LOCK_FILE}")


def _tell(result: PulledChart) -> None:
    if result.pin is None:
        complain(f"meshwright: {printable(f'{result.wanted}: {result.problem}')}\n")
        return
    source = f"from {result.url}" if result.url else "is in the cache"
    tell(f"{printable(f'{result.wanted.name} {result.pin.version} {source} sha256:{result.pin.digest}')}\n")


def _tell_skipped(faults: Sequence[Unpullable]) -> None:
    for fault in faults:
        tell(f"{printable(f'skipped: {fault.place}: {fault.title}: {fault.reason}')}\n")


def _shown(pin: ChartPin) -> str:
    return f"{pin.version} sha256:{pin.digest}"


def _pin(pin: ChartPin | None) -> dict[str, str] | None:
    return None if pin is None else {"version": pin.version, "digest": f"sha256:{pin.digest}"}


def _result(result: PulledChart) -> dict[str, object]:
    return {
        "name": result.wanted.name,
        "source": result.wanted.source,
        "wanted": result.wanted.wanted,
        "pin": _pin(result.pin),
        "url": result.url or None,
        "problem": result.problem or None,
    }


def _skipped(faults: Sequence[Unpullable]) -> list[dict[str, str]]:
    return [{**asdict(fault), "place": str(fault.place)} for fault in faults]


def _json(data: dict[str, object]) -> str:
    return json_text({"schema_version": SCHEMA_VERSION, **data}) + "\n"
