"""Selects the findings of a report: by ID, by severity, or by changes since a revision."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.check.causes import causes_of
from meshwright.check.report import Report
from meshwright.errors import MeshwrightError
from meshwright.finding import Finding, Severity
from meshwright.words import did_you_mean

_WEIGHTS = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Selection:
    """``select`` and ``ignore`` are beginnings of ids, such as MW3 or values, or names of rules; ignore wins.

    ``severity`` is the minimum severity; ``changed`` limits the files, None means all.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Severity = Severity.WARNING
    changed: frozenset[str] | None = None

    def selects(self, finding: Finding) -> bool:
        """Whether a finding is selected."""
        return self._is_shown(finding) and self._is_meant(finding)

    def _is_shown(self, finding: Finding) -> bool:
        return _WEIGHTS[finding.severity] <= _WEIGHTS[self.severity]

    def _is_meant(self, finding: Finding) -> bool:
        if self.changed is not None and finding.position.path not in self.changed:
            return False
        if self.select and not _is_named(finding, self.select):
            return False
        return not _is_named(finding, self.ignore)

    def apply(self, report: Report) -> Report:
        """The report with only the selected findings; infos that are not shown are counted by cause."""
        meant = [item for item in report.findings if self._is_meant(item)]
        kept = tuple(item for item in meant if self._is_shown(item))
        infos = [item for item in meant if item.severity is Severity.INFO]
        counted = self.severity is Severity.WARNING
        hidden = len(causes_of(infos, each=report.each)) if counted else 0
        return replace(report, findings=kept, hidden=hidden)


def require_known(option: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raise MeshwrightError for a name that selects nothing, because it would stay unnoticed for ever."""
    for name in names:
        if not name or (name not in known and not any(id.startswith(name) for id in known if is_id(id))):
            steps = {id.partition("/")[0] for id in known if "/" in id}
            hint = did_you_mean(name, {*known, *steps}) or did_you_mean(name.upper(), known)
            way_out = hint or "; `meshwright explain` lists all"
            raise MeshwrightError(f"{option} {name}: no finding has this id or name{way_out}")


def is_id(name: str) -> bool:
    """Whether ``name`` is an id and not the name of a rule; options take beginnings of ids."""
    return name.startswith("MW") or "/" in name


def _is_named(finding: Finding, names: tuple[str, ...]) -> bool:
    # Whole names only: the beginning of a name, such as values, may be the name of a step.
    return finding.id.startswith(names) or finding.name in names


def changed_since(root: Path, revision: str) -> frozenset[str]:
    """Files below ``root`` that differ from ``revision``, including new files, as paths from ``root``.

    Raises MeshwrightError if it is not a revision of a checkout.
    """
    from meshwright.git.changes import changed_since as changed
    from meshwright.git.worktree import WorkTree

    try:
        tree = WorkTree.of(root)
        return changed(tree, tree.commit(revision))
    except MeshwrightError as error:
        raise MeshwrightError(f"--changed-since {revision}: {error}") from None
