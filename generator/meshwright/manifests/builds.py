"""Every build of a repository, each made once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from meshwright.manifests.errortext import ErrorText
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.finding import Finding, NotSeen
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.kustomize import Kustomize
from meshwright.manifests.splitting import doubled, split
from meshwright.manifests.unit import BuildResult, BuildUnit
from meshwright.manifests.weight import Weights
from meshwright.manifests.workspace import Workspace
from meshwright.tools import Tool, locate


class KnownBuilds(Protocol):
    """Knows the results of some units from elsewhere, and is told those of all others."""

    def known(self, unit: BuildUnit) -> BuildResult | None:
        """The result, None when the unit has to be built."""

    def learn(self, unit: BuildUnit, result: BuildResult) -> None:
        """Take notice of what was built."""


class Builds:
    """Results by unit key; kustomize is looked for when there is something to build."""

    def __init__(
        self,
        files: RepositoryFiles,
        index: KustomizationIndex,
        workspace: Workspace,
        kubernetes: str = "",
        recall: KnownBuilds | None = None,
    ) -> None:
        """``kubernetes`` is the minor that charts are rendered for, such as 1.36.

        ``recall`` knows the results of some units, which are then not built.
        """
        self._recall = recall
        self._kubernetes = kubernetes
        self.helm: Tool | None = None
        self._files = files
        self._index = index
        self._workspace = workspace
        workspace.attach(files, index)
        self._weights = Weights(files, index)
        self._explain = ErrorText(files, index, workspace).explain
        self._results: dict[str, BuildResult] = {}
        self._kustomize: Kustomize | None = None

    def ensure(self, units: Iterable[BuildUnit]) -> None:
        """Build what has not been built yet, all of it together."""
        new = {unit.key: unit for unit in units if unit.key not in self._results}
        for key, unit in new.items():
            if self._recall is not None and (known := self._recall.known(unit)) is not None:
                self._results[key] = known
            elif unit.blocked:
                self._results[key] = BuildResult(findings=list(unit.inputs.findings))
        waiting = [unit for key, unit in new.items() if key not in self._results]
        if not waiting:
            return
        if self._kustomize is None:
            tool = locate("kustomize")
            self._kustomize = Kustomize(tool.path, self._workspace, self._helm_arguments)
        split_up = [split(unit, self._index.get(unit.folder)) for unit in waiting]
        pieces = [piece for pieces in split_up for piece in pieces]
        limits = {id(piece): limit for piece in pieces if (limit := self._weights.problem_of(piece))}
        built = iter(
            self._kustomize.build([piece for piece in pieces if id(piece) not in limits], self._explain)
        )
        results = iter(
            [_too_much(piece, *limits[id(piece)]) if id(piece) in limits else next(built) for piece in pieces]
        )
        for unit, own in zip(waiting, split_up, strict=True):
            result = self._whole(unit, list(islice(results, len(own))))
            result.findings.extend(unit.inputs.findings)
            self._results[unit.key] = result
            if self._recall is not None:
                self._recall.learn(unit, result)

    def _whole(self, unit: BuildUnit, pieces: list[BuildResult]) -> BuildResult:
        """What the pieces of a unit are together."""
        if len(pieces) == 1:
            return pieces[0]
        if not all(piece.built for piece in pieces):
            findings = dict.fromkeys(finding for piece in pieces for finding in piece.findings)
            return BuildResult(findings=list(findings))
        if fault := doubled([piece.objects for piece in pieces]):
            return self._explain(unit, fault)
        return BuildResult([built for piece in pieces for built in piece.objects], built=True)

    def _helm_arguments(self) -> list[str]:
        """As Argo CD calls kustomize when kustomize.buildOptions has --enable-helm."""
        self.helm = self.helm or locate("helm")
        arguments = ["--enable-helm", "--helm-command", str(self.helm.path)]
        return [*arguments, "--helm-kube-version", f"{self._kubernetes}.0"] if self._kubernetes else arguments

    def result(self, unit: BuildUnit) -> BuildResult:
        """What came of a unit that ``ensure`` was given."""
        return self._results[unit.key]


def _too_much(unit: BuildUnit, problem: str, fix: str) -> BuildResult:
    return BuildResult(findings=[Finding("limit/build", unit.asked_at, problem, fix)])


def not_seen_remote(unit: BuildUnit) -> Iterator[NotSeen]:
    """What of a unit stands on the network, or is not given to kustomize for another reason."""
    for entry, reason, position in unit.inputs.withheld:
        yield NotSeen(f"'{unit.folder}'", f"'{entry}' is not built: {reason}", position)
    for entry, position in unit.inputs.remote:
        yield NotSeen(
            f"'{unit.folder}'", f"it needs '{entry}' from the network, and check stays offline", position
        )


def not_seen_helm(unit: BuildUnit) -> Iterator[NotSeen]:
    """What of a unit needs Helm; Argo CD may be told to run it."""
    for field, position in unit.inputs.helm:
        reason = f"its {field} need Helm and the chart; only their values are checked"
        yield NotSeen(f"'{unit.folder}'", reason, position)


def helm_findings(unit: BuildUnit, builder: str) -> Iterator[Finding]:
    """The same where Flux builds it: Flux runs kustomize without Helm, always."""
    for field, position in unit.inputs.helm:
        yield Finding(
            "build/helm-charts",
            position,
            f"{builder} builds this, and Flux runs kustomize without Helm: {field} fails there",
            "install the chart by a HelmRelease",
            builder,
        )
