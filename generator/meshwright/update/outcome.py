"""Completes a merge: runs generate and check on the merged files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshwright.check.report import Report
from meshwright.errors import AnotherTemplateError, MeshwrightError
from meshwright.finding import Finding
from meshwright.git.checkout import common_dir_of
from meshwright.git.paths import leads_through_link
from meshwright.update.merged import Merge, entry_changes
from meshwright.update.project import TreeEntry
from meshwright.update.renames import by_content, by_folder


@dataclass(frozen=True)
class Result:
    """``folder`` contains the whole new repository; ``changes`` are files by path, before and after.

    ``findings`` are errors that the repository does not have now; ``report`` is None if there was nothing to
    check or there are conflicts.
    """

    merge: Merge
    folder: Path
    changes: Mapping[str, tuple[TreeEntry | None, TreeEntry | None]]
    findings: tuple[Finding, ...]
    report: Report | None


def renamed(result: Result) -> Mapping[str, str]:
    """The old path of each renamed file among the changes, by its new path."""
    undecided = {conflict.path for conflict in result.merge.conflicts}
    changes = {path: sides for path, sides in result.changes.items() if path not in undecided}
    before = {path: old for path, (old, new) in changes.items() if old and not new}
    after = {path: new for path, (old, new) in changes.items() if new and not old}
    found = by_content(result.merge.repository, before, after)
    return found | by_folder(found, before.keys(), after.keys())


def complete(merge: Merge, scratch: Path, *, check: bool = True) -> Result:
    """Write the merged files into ``scratch``, generate, and check; with conflicts only write the files."""
    folder = scratch / "result"
    merge.repository.check_out(merge.tree, folder)
    if merge.conflicts:
        return Result(merge, folder, entry_changes(merge, merge.tree), (), None)
    findings, tree = _generated(merge, folder)
    changes = entry_changes(merge, tree)
    if findings or not changes or not check:
        return Result(merge, folder, changes, findings, None)
    _add_check_inputs(merge, folder)
    report = _checked(folder)
    return Result(merge, folder, changes, _new_errors(merge, report), report)


def _generated(merge: Merge, folder: Path) -> tuple[tuple[Finding, ...], str]:
    if not any(folder.glob("apps/*/mesh.yaml")) and not (folder / "mesh/apps").is_dir():
        return (), merge.tree
    from meshwright.apps.generate import generate
    from meshwright.update.leftovers import remove_leftovers

    try:
        outcome = generate(folder, check=False, force=False, remember=False)
    except AnotherTemplateError:
        return (), merge.tree
    if outcome.has_errors:
        return tuple(item for item in outcome.findings if item.severity == "error"), merge.tree
    if edited := remove_leftovers(folder):
        return edited, merge.tree
    tree = merge.repository.tree_of_folder(folder)
    # A submodule is an empty folder here, and a tree does not contain empty folders.
    links = {
        path: entry for path, entry in merge.repository.entries(merge.tree).items() if entry.is_submodule
    }
    return (), merge.repository.tree_with(tree, links)


def _add_check_inputs(merge: Merge, folder: Path) -> None:
    """Add what a check reads beside the files: the remotes, and the contents of submodules."""
    config = common_dir_of(merge.project.git_dir) / "config"
    if config.is_file():
        (folder / ".git").mkdir(exist_ok=True)
        shutil.copy(config, folder / ".git/config")
    for path in merge.project.submodules:
        source = merge.project.root / path
        if (folder / path).is_dir() and source.is_dir() and not leads_through_link(merge.project.root, path):
            shutil.copytree(source, folder / path, dirs_exist_ok=True, symlinks=True, ignore=_no_manifests)


def _no_manifests(folder: str, names: list[str]) -> list[str]:
    """Names not to copy: .git, and special files such as pipes."""
    files = [Path(folder, name) for name in names]
    special = [file.name for file in files if not (file.is_symlink() or file.is_file() or file.is_dir())]
    return [*special, ".git"]


def _checked(folder: Path) -> Report | None:
    from meshwright.check import check_repository
    from meshwright.check.model.loader import NothingFound
    from meshwright.check.verdict.baseline import without_baseline

    try:
        return without_baseline(folder, check_repository(folder, order=True))
    except NothingFound:
        return None


def _new_errors(merge: Merge, report: Report | None) -> tuple[Finding, ...]:
    """Errors that the repository did not have before; a changed position does not make an error new."""
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
    # Copier has validated the answers by the new version's rules; this program's schema may be older.
    return finding.step == "schema" and finding.position.path.startswith(".copier-answers.")
