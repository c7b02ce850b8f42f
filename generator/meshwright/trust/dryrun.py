"""Applies a stage to a copy before it is written, and checks the resulting stage and the rules."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from meshwright.check.model.index import Model
from meshwright.check.pipeline import read_model
from meshwright.check.rules.runner import run_rules
from meshwright.errors import MeshwrightError
from meshwright.finding import Finding, Severity
from meshwright.trust.chain import read_chains
from meshwright.trust.rotation import Refusal, read_rotation
from meshwright.trust.stages import Staged
from meshwright.writing import Tree


def dry_run(model: Model, cluster: str, staged: Staged) -> None:
    """Raises MeshwrightError if the edits would not lead to the stage, or would break a rule."""
    before = _errors(model)
    with _copy(model, staged.changes) as folder, read_model(folder) as after:
        chains = [chain for chain in read_chains(after) if chain.cluster == cluster]
        found = read_rotation(after, chains[0]) if chains else None
        if found is None or isinstance(found, Refusal):
            reason = found.reason if found is not None else "there is no trust chain"
            raise MeshwrightError(f"stage {staged.stage}: nothing is written, because afterwards: {reason}")
        wanted = (0, staged.new, "") if staged.stage == 4 else (staged.stage, staged.old, staged.new)
        if (found.stage, found.old.secret, found.new.secret if found.new else "") != wanted:
            raise MeshwrightError(
                f"stage {staged.stage}: make this change by hand; nothing is written, because a patch, a "
                f"transformer or a second copy overrides the edits of {', '.join(staged.changes)} in the "
                "built manifests"
            )
        worse = [text for text in _errors(after) if text not in before]
        if worse:
            raise MeshwrightError(
                f"stage {staged.stage}: nothing is written, because check would report: {worse[0]}"
            )


def _errors(model: Model) -> list[str]:
    found = [finding for finding in model.repository.findings if finding.severity is Severity.ERROR]
    found += [
        finding
        for finding in run_rules(model)
        if isinstance(finding, Finding) and finding.severity is Severity.ERROR
    ]
    return [f"{finding.message} [{finding.label}]" for finding in found]


@contextmanager
def _copy(model: Model, changes: Mapping[str, str | None]) -> Iterator[Path]:
    """A temporary copy of the repository with ``changes`` applied."""
    with tempfile.TemporaryDirectory(prefix="meshwright-trust-") as name:
        folder = Path(name)
        root = model.files.root
        for path in model.files.paths:
            if path not in changes:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / path, folder / path)
        for path, text in changes.items():
            if text is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(text.encode())
        # The remotes tell whether the URL of a source is this repository.
        if _is_own_file(root, ".git/config"):
            (folder / ".git").mkdir()
            shutil.copyfile(root / ".git" / "config", folder / ".git" / "config", follow_symlinks=False)
        yield folder


def _is_own_file(root: Path, path: str) -> bool:
    """Whether it is a regular file in the repository, not reached through a link."""
    try:
        return Tree(root).kind(path) == "file"
    except OSError:
        return False
