"""What ``update``, ``promote`` and ``cluster`` share: a change is merged, checked, staged and shown."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.deadline import lift
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.printing import complain, emit, quiet, tell
from meshwright.progress import say, working

if TYPE_CHECKING:
    from meshwright.git.worktree import WorkTree
    from meshwright.update.merged import Merge
    from meshwright.update.outcome import Result
    from meshwright.update.rendering import Renderer


@contextmanager
def staged_change(
    path: Path,
    make: Callable[[Path, Renderer], Merge],
    *,
    preview: bool,
    force: bool,
    write_conflicts: bool = False,
    check: bool = True,
) -> Iterator[tuple[Result, bool]]:
    """Carry out what ``make`` merges, and give the result and whether it was written.

    ``make`` gets the scratch folder, which exists until the context ends. ``force`` writes a result with new
    errors. Raises MeshwrightError if the change is impossible.
    """
    # Imported here, so that the help comes without them.
    from meshwright.git.gitpython import require_git
    from meshwright.update.outcome import complete
    from meshwright.update.rendering import Renderer
    from meshwright.update.transaction import Transaction

    require_git()
    tree = _work_tree(path)
    with tempfile.TemporaryDirectory(prefix="meshwright-", ignore_cleanup_errors=True) as name:
        scratch = Path(name).resolve()
        with (
            working("reading"),
            Renderer(scratch, tree.settings if tree else ()) as renderer,
            Transaction(tree, scratch, preview=preview) as transaction,
        ):
            if transaction.finished:
                complain("meshwright: completed an update that had been interrupted\n")
            merge = make(scratch, renderer)
            say("checking")
            result = complete(merge, scratch, check=check)
            written = not preview and _may_write(result, force=force, write_conflicts=write_conflicts)
            if written:
                lift()
                transaction.apply(
                    merge.project, merge.repository, result.folder, result.changes, merge.conflicts
                )
        yield result, written


def given_answers(pairs: Sequence[str]) -> dict[str, str] | None:
    """Answers by question; as on Copier's command line, the question's type decides how a value is read."""
    for pair in pairs:
        if not pair.partition("=")[0].strip() or "=" not in pair:
            raise MeshwrightError(f"--answers {pair}: write KEY=VALUE, such as --answers nodes=3")
    return {key.strip(): value for key, _, value in (pair.partition("=") for pair in pairs)} or None


def status(result: Result) -> ExitCode:
    """The exit code of a result."""
    if result.merge.conflicts:
        return ExitCode.CONFLICTS
    return ExitCode.FINDINGS if result.findings else ExitCode.CLEAN


def report(result: Result, output: str, *, written: bool, preview: bool) -> None:
    """Print a result in a format."""
    # Only the format that is printed is imported.
    if output == "json":
        from meshwright.update import json_output

        emit(json_output.render(result, written=written, preview=preview))
    else:
        from meshwright.update import text

        if not (quiet() and status(result) is ExitCode.CLEAN):
            tell(text.render(result, written=written, preview=preview))


def _work_tree(path: Path) -> WorkTree | None:
    """The checkout; None if there is none, which is reported later with all other faults."""
    from meshwright.git.checkout import NotACheckout
    from meshwright.git.worktree import WorkTree

    try:
        return WorkTree.of(path) if path.is_dir() else None
    except NotACheckout:
        return None


def _may_write(result: Result, *, force: bool, write_conflicts: bool) -> bool:
    if not result.changes:
        return False
    if result.merge.conflicts:
        return write_conflicts
    return force or not result.findings
