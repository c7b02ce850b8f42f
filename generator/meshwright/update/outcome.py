"""What an upgrade comes to: the merged files, generated anew and checked."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshwright.check.report import Report
from meshwright.check.schema.answersfile import ANSWERS
from meshwright.errors import AnotherTemplateError, MeshwrightError
from meshwright.git.checkout import common_dir_of
from meshwright.git.paths import leads_through_link
from meshwright.manifests.finding import Finding
from meshwright.update.preparation import Merge, entry_changes
from meshwright.update.project import TreeEntry


@dataclass(frozen=True)
class Result:
    """``folder`` holds the whole repository as it would be; ``changes`` are files by path, before and after.

    ``findings`` are errors that the present repository does not have; ``report`` is None where there was
    nothing to check, and with conflicts.
    """

    merge: Merge
    folder: Path
    changes: Mapping[str, tuple[TreeEntry | None, TreeEntry | None]]
    findings: tuple[Finding, ...]
    report: Report | None


def complete(merge: Merge, scratch: Path, *, check: bool = True) -> Result:
    """Write the merged files into ``scratch``, generate, and check; with conflicts the files alone."""
    folder = scratch / "result"
    merge.workshop.check_out(merge.tree, folder)
    if merge.conflicts:
        return Result(merge, folder, entry_changes(merge, merge.tree), (), None)
    findings, tree = _generated(merge, folder)
    changes = entry_changes(merge, tree)
    if findings or not changes or not check:
        return Result(merge, folder, changes, findings, None)
    _dress(merge, folder)
    report = _checked(folder)
    return Result(merge, folder, changes, _new_errors(merge, report), report)


def _generated(merge: Merge, folder: Path) -> tuple[tuple[Finding, ...], str]:
    if not any(folder.glob("apps/*/mesh.yaml")) and not (folder / "mesh/apps").is_dir():
        return (), merge.tree
    from meshwright.apps.generate import generate

    try:
        outcome = generate(folder, check=False, force=False, remember=False)
    except AnotherTemplateError:
        return (), merge.tree
    if outcome.has_errors:
        return tuple(item for item in outcome.findings if item.severity == "error"), merge.tree
    tree = merge.workshop.tree_of_folder(folder)
    # A submodule is an empty folder here, which a tree does not hold.
    links = {path: entry for path, entry in merge.workshop.entries(merge.tree).items() if entry.is_submodule}
    return (), merge.workshop.tree_with(tree, links)


def _dress(merge: Merge, folder: Path) -> None:
    """What a check looks at beside the files: the remotes, and what is in submodules."""
    config = common_dir_of(merge.project.git_dir) / "config"
    if config.is_file():
        (folder / ".git").mkdir(exist_ok=True)
        shutil.copy(config, folder / ".git/config")
    for path in merge.project.submodules:
        source = merge.project.root / path
        if (folder / path).is_dir() and source.is_dir() and not leads_through_link(merge.project.root, path):
            shutil.copytree(source, folder / path, dirs_exist_ok=True, symlinks=True, ignore=_no_manifests)


def _no_manifests(folder: str, names: list[str]) -> list[str]:
    """What is not copied: state of git, and what is neither file, folder nor link, such as a pipe."""
    files = [Path(folder, name) for name in names]
    odd = [file.name for file in files if not (file.is_symlink() or file.is_file() or file.is_dir())]
    return [*odd, ".git"]


def _checked(folder: Path) -> Report | None:
    from meshwright.check import check_repository
    from meshwright.check.model.loader import NothingFound
    from meshwright.check.verdict.baseline import without_baseline

    try:
        return without_baseline(folder, check_repository(folder, order=True))
    except NothingFound:
        return None


def _new_errors(merge: Merge, report: Report | None) -> tuple[Finding, ...]:
    """Errors that the repository has not had before; a place that moved makes none new."""
    found = report.findings if report else ()
    errors = [item for item in found if item.severity == "error" and not _is_answer(item)]
    if not errors:
        return ()
    from meshwright.check import check_repository
    from meshwright.check.verdict.baseline import key_of

    try:
        present = check_repository(merge.project.root).findings
    except MeshwrightError:
        present = ()
    known = {key_of(item) for item in present}
    return tuple(item for item in errors if key_of(item) not in known)


def _is_answer(finding: Finding) -> bool:
    # Copier has just taken the answers by the new version's own rules; the schema here is this program's.
    return finding.step == "schema" and finding.position.path == ANSWERS
