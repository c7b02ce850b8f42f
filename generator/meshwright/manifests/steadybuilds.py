"""Builds of which one that fails by a fault of ours is a finding, and the others go on."""

from __future__ import annotations

from collections.abc import Iterable

from meshwright.faults import contained
from meshwright.finding import Finding
from meshwright.manifests.builds import Builds
from meshwright.manifests.unit import BuildResult, BuildUnit


class SteadyBuilds(Builds):
    """As Builds; every unit that ``ensure`` is given has a result after it."""

    def ensure(self, units: Iterable[BuildUnit]) -> None:
        """Build all together, and one by one when that fails. Raises CannotRun as Builds does."""
        wanted = {unit.key: unit for unit in units}
        said: list[Finding] = []
        with contained(said, "building"):
            super().ensure(wanted.values())
        if not said:
            return
        for key, unit in wanted.items():
            faults: list[Finding] = []
            with contained(faults, f"building '{unit.folder}'", unit.requested_at):
                super().ensure([unit])
            if key not in self._results:
                self._results[key] = BuildResult(findings=[*faults, *unit.inputs.findings])
