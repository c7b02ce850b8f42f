"""The builds of a repository, each run once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from meshwright.finding import Finding, NotSeen, UnseenScope
from meshwright.manifests.errortext import ErrorText
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.gaps import Gaps
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.kustomize import Kustomize
from meshwright.manifests.manifestfile import manifest_findings, named_documents
from meshwright.manifests.splitting import doubled, split
from meshwright.manifests.unit import BuildResult, BuildUnit, BuiltObject, Origin
from meshwright.manifests.weight import Weights
from meshwright.manifests.workspace import Workspace
from meshwright.tools import Tool, locate

# Faults of kustomize with an entry that can be left out.
_LEFT_OUT = frozenset({"build/patch-target"})


class KnownBuilds(Protocol):
    """A store of build results, such as a cache."""

    def known(self, unit: BuildUnit) -> BuildResult | None:
        """The stored result, or None if the unit must be built."""

    def learn(self, unit: BuildUnit, result: BuildResult) -> None:
        """Store the result of a build."""


class Builds:
    """Build results by unit key; kustomize is located only if there is something to build."""

    def __init__(
        self,
        files: RepositoryFiles,
        index: KustomizationIndex,
        workspace: Workspace,
        kubernetes: str = "",
        recall: KnownBuilds | None = None,
        *,
        goes_on: bool = True,
    ) -> None:
        """``kubernetes`` is the minor version that charts are rendered for, such as 1.36.

        ``recall`` holds results of earlier builds, which are then not repeated. Unless ``goes_on``, a build
        with a broken file has no objects; otherwise it has those of the rest, and still counts as not built.
        """
        self._goes_on = goes_on
        self._recall = recall
        self._kubernetes = kubernetes
        self.helm: Tool | None = None
        self._files = files
        self._index = index
        self._workspace = workspace
        workspace.attach(files, index)
        self._weights = Weights(files, index)
        self._gaps = Gaps(files, index)
        self._explain = ErrorText(files, index, workspace).explain
        self._results: dict[str, BuildResult] = {}
        self._kustomize: Kustomize | None = None

    def ensure(self, units: Iterable[BuildUnit]) -> None:
        """Build the units that have not been built yet, in shared processes."""
        wanted = {unit.key: unit for unit in units if unit.key not in self._results}
        parts = {key for key, unit in wanted.items() if _has_gaps(unit)}
        new = {key: self._gaps.without(unit) if key in parts else unit for key, unit in wanted.items()}
        for key, unit in new.items():
            if self._recall is not None and (known := self._recall.known(unit)) is not None:
                self._results[key] = known
            elif unit.blocked:
                self._results[key] = BuildResult(findings=list(unit.inputs.findings))
        pending = [unit for key, unit in new.items() if key not in self._results]
        if not pending:
            return
        results = self._built(pending)
        self._rest_of_broken(pending, results)
        for unit, result in zip(pending, results, strict=True):
            if unit.lacks_charts:
                result.findings = [finding for finding in result.findings if finding.id != "build/helm"]
            result.built = result.built and unit.key not in parts and not unit.lacks_charts
            result.objects.extend(
                BuiltObject(data, Origin(path))
                for path in unit.plain
                for _, _, data in named_documents(self._files, path)
            )
            result.findings.extend(item for item in unit.inputs.findings if item not in result.findings)
            self._results[unit.key] = result
            if self._recall is not None:
                self._recall.learn(unit, result)

    def _rest_of_broken(self, units: list[BuildUnit], results: list[BuildResult]) -> None:
        """Build units that failed again, without their broken files and patches; the findings stay."""
        again = {}
        for number, (unit, result) in enumerate(zip(units, results, strict=True)):
            if result.built or not self._goes_on:
                continue
            broken = {path for path in unit.inputs.files if any(manifest_findings(self._files, path))}
            # Of two objects with one identity the second is left out, with its file.
            broken |= {
                finding.position.path for finding in result.findings if finding.id == "build/same-identity"
            } & unit.inputs.files
            if broken or any(finding.id in _LEFT_OUT for finding in result.findings):
                again[number] = self._gaps.without(unit, broken)
        if again:
            for number, rest in zip(again, self._built(list(again.values())), strict=True):
                results[number].objects = rest.objects

    def _built(self, pending: list[BuildUnit]) -> list[BuildResult]:
        """The results of units, built in shared processes."""
        if self._kustomize is None:
            tool = locate("kustomize")
            self._kustomize = Kustomize(tool.path, self._workspace, self._helm_arguments)
        split_units = [split(unit, self._index.get(unit.folder)) for unit in pending]
        pieces = [piece for pieces in split_units for piece in pieces]
        limits = {id(piece): limit for piece in pieces if (limit := self._weights.problem_of(piece))}
        built = iter(
            self._kustomize.build([piece for piece in pieces if id(piece) not in limits], self._explain)
        )
        results = iter(
            [
                _limit_exceeded(piece, *limits[id(piece)]) if id(piece) in limits else next(built)
                for piece in pieces
            ]
        )
        return [
            self._combine(unit, list(islice(results, len(own))))
            for unit, own in zip(pending, split_units, strict=True)
        ]

    def _combine(self, unit: BuildUnit, pieces: list[BuildResult]) -> BuildResult:
        """The result of a unit from the results of its pieces."""
        if len(pieces) == 1:
            return pieces[0]
        if not all(piece.built for piece in pieces):
            findings = dict.fromkeys(finding for piece in pieces for finding in piece.findings)
            return BuildResult(findings=list(findings))
        if fault := doubled([piece.objects for piece in pieces]):
            return self._explain(unit, fault)
        return BuildResult([built for piece in pieces for built in piece.objects], built=True)

    def _helm_arguments(self) -> list[str]:
        """The arguments that Argo CD passes if kustomize.buildOptions has --enable-helm."""
        self.helm = self.helm or locate("helm")
        arguments = ["--enable-helm", "--helm-command", str(self.helm.path)]
        return [*arguments, "--helm-kube-version", f"{self._kubernetes}.0"] if self._kubernetes else arguments

    def result(self, unit: BuildUnit) -> BuildResult:
        """The result of a unit that was passed to ``ensure``."""
        return self._results[unit.key]


def _has_gaps(unit: BuildUnit) -> bool:
    left_out = bool(unit.inputs.helm) and not unit.is_inflated
    return not unit.blocked and not unit.is_empty and (unit.inputs.has_gaps or left_out)


def _limit_exceeded(unit: BuildUnit, problem: str, fix: str) -> BuildResult:
    return BuildResult(findings=[Finding("limit/build", unit.requested_at, problem, fix)])


def not_seen_remote(unit: BuildUnit) -> Iterator[NotSeen]:
    """The entries of a unit that are on the network or not passed to kustomize for another reason."""
    for entry, reason, position in unit.inputs.withheld:
        yield NotSeen(f"'{unit.folder}'", f"'{entry}' is not built: {reason}", position)
    for entry, position in unit.inputs.remote:
        reason = f"it needs '{entry}' from the network, but the check runs offline"
        yield NotSeen(f"'{unit.folder}'", reason, position, UnseenScope(unit.cluster, entry=entry, url=entry))


def not_seen_helm(unit: BuildUnit) -> Iterator[NotSeen]:
    """The fields of a unit that need Helm, which Argo CD can be configured to run."""
    for field, position in unit.inputs.helm:
        reason = f"its {field} need Helm and the chart; only their values are checked"
        yield NotSeen(f"'{unit.folder}'", reason, position)


def helm_findings(unit: BuildUnit, builder: str) -> Iterator[Finding]:
    """The fields of a unit that need Helm, as findings for Flux, which never enables Helm in kustomize."""
    for field, position in unit.inputs.helm:
        yield Finding(
            "build/helm-charts",
            position,
            f"{builder} builds this, but Flux runs kustomize without Helm, so {field} fails",
            "install the chart with a HelmRelease",
            builder,
        )
