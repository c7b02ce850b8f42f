"""``meshwright update``: a newer version of the template, or other answers, merged into a repository."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meshwright.deadline import lift
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.git.checkout import NotACheckout
from meshwright.git.gitpython import require_git
from meshwright.git.worktree import WorkTree
from meshwright.printing import complain, emit, tell
from meshwright.progress import say, working
from meshwright.update.landing import Landing
from meshwright.update.outcome import Result, complete
from meshwright.update.preparation import UpdateRequest, prepare
from meshwright.update.rendering import Renderer


@dataclass(frozen=True)
class UpdateOptions:
    """What the command line asks for; ``answers`` are KEY=VALUE, ``output`` is text or json."""

    to: str | None = None
    answers: tuple[str, ...] = ()
    preview: bool = False
    write_conflicts: bool = False
    force: bool = False
    check: bool = True
    template: str | None = None
    answers_file: str = ".copier-answers.yml"
    output: str = "text"


def run(path: Path, options: UpdateOptions) -> ExitCode:
    """Update the repository at ``path`` and print what came of it. Raises MeshwrightError if it could not."""
    require_git()
    request = UpdateRequest(path, options.to, _given(options.answers), options.template, options.answers_file)
    tree = _work_tree(path)
    with tempfile.TemporaryDirectory(prefix="meshwright-", ignore_cleanup_errors=True) as name:
        scratch = Path(name).resolve()
        with (
            working("reading"),
            Renderer(scratch, tree.settings if tree else ()) as renderer,
            Landing(tree, scratch, preview=options.preview) as landing,
        ):
            if landing.finished:
                complain("meshwright: an update that was interrupted has been finished first\n")
            say("merging")
            merge = prepare(request, scratch, renderer)
            say("checking")
            result = complete(merge, scratch, check=options.check)
            landed = _lands(result, options)
            if landed:
                lift()
                landing.land(merge.project, merge.workshop, result.folder, result.changes, merge.conflicts)
        _print(result, options, landed)
        return _status(result)


def _given(pairs: Sequence[str]) -> dict[str, str] | None:
    """Answers by question; as on Copier's command line, the question's type decides what a value is."""
    for pair in pairs:
        if not pair.partition("=")[0].strip() or "=" not in pair:
            raise MeshwrightError(f"--answers {pair}: write it as QUESTION=ANSWER, such as --answers nodes=3")
    return {key.strip(): value for key, _, value in (pair.partition("=") for pair in pairs)} or None


def _work_tree(path: Path) -> WorkTree | None:
    """The checkout; None when there is none, which is told later, with all else."""
    try:
        return WorkTree.of(path) if path.is_dir() else None
    except NotACheckout:
        return None


def _status(result: Result) -> ExitCode:
    if result.merge.conflicts:
        return ExitCode.CONFLICTS
    return ExitCode.FINDINGS if result.findings else ExitCode.CLEAN


def _lands(result: Result, options: UpdateOptions) -> bool:
    if options.preview or not result.changes:
        return False
    if result.merge.conflicts:
        return options.write_conflicts
    return options.force or not result.findings


def _print(result: Result, options: UpdateOptions, landed: bool) -> None:
    # Each format is imported by itself: the start of the program stays fast.
    if options.output == "json":
        from meshwright.update import json_output

        emit(json_output.render(result, landed=landed, preview=options.preview))
    else:
        from meshwright.update import text

        tell(text.render(result, landed=landed, preview=options.preview))
