"""The charts of a folder, as `meshwright check --charts` finds them, or their nearest version."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from meshwright.manifests.chartstore import ChartStore
from meshwright.manifests.values import ChartReference
from meshwright.yaml import parse

_NUMBERS = re.compile(r"\d+")


class Charts:
    """Provides charts in ``folder``, unpacked under the versions that a repository asks for.

    If the given folder lacks a version, the nearest one is provided in its place, and a line says so.
    """

    def __init__(self, given: Path, scratch: Path) -> None:
        self._given = given
        self._scratch = scratch
        self._store = ChartStore(scratch / "unpacked", given)
        self.folder = scratch / "provided"
        self.folder.mkdir(parents=True)
        self.versions: dict[ChartReference, str] = {}

    def provide(self, asked: Iterable[ChartReference]) -> list[str]:
        """Unpack what is asked for; what is missing or of another version is a line each."""
        lines = []
        for chart in asked:
            if chart not in self.versions:
                self._provide(chart)
            found = self.versions[chart]
            if not found:
                lines.append(
                    f"chart {chart.name} {chart.version} is not in {self._given}, so it is not judged"
                )
            elif found.removeprefix("v") != chart.version.removeprefix("v"):
                lines.append(
                    f"chart {chart.name} {chart.version} is judged as {found}, the nearest in the folder"
                )
        return lines

    def find(self, chart: ChartReference) -> Path | None:
        """The provided chart's folder; None if the given folder has no version of it."""
        if chart not in self.versions:
            self._provide(chart)
        return self._place(chart) if self.versions[chart] else None

    def _place(self, chart: ChartReference) -> Path:
        # A folder whose name has the version: it is taken without a look at Chart.yaml.
        return self.folder / f"{chart.name}-{chart.version}" / chart.name

    def _provide(self, chart: ChartReference) -> None:
        version = min(self._available(chart.name), key=lambda one: _distance(one, chart.version), default="")
        self.versions[chart] = version
        source = self._store.find(replace(chart, version=version)) if version else None
        if source is None:
            self.versions[chart] = ""
        else:
            shutil.copytree(source, self._place(chart))

    def _available(self, name: str) -> Iterable[str]:
        for path in sorted(self._given.iterdir()):
            stem = path.name.removesuffix(".tgz")
            version = stem.removeprefix(f"{name}-")
            if stem != version and re.match(r"v?\d+\.", version):
                yield version
        plain = self._given / name / "Chart.yaml"
        if plain.is_file():
            yield str(parse(plain.read_text(encoding="utf-8"), str(plain))["version"])


def _distance(one: str, other: str) -> tuple[int, ...]:
    """How far two versions are apart, the first number first."""
    pairs = zip(_NUMBERS.findall(one), _NUMBERS.findall(other), strict=False)
    return tuple(abs(int(left) - int(right)) for left, right in pairs)
