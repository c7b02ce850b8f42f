"""Says why an application's output is removed, and refuses a removal that a rename explains."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshwright.apps.existing import overlays_folder, wirings_folder
from meshwright.apps.loading import FOLDER, SPEC
from meshwright.apps.misnamed import misnamed_spec
from meshwright.apps.model import App, RepositorySettings
from meshwright.errors import MeshwrightError, Position
from meshwright.finding import Finding

_ENGINES = {"flux": "Flux", "argocd": "Argo CD"}
# Two specs with this much in common are one that was moved.
_SIMILAR = 0.8


@dataclass(frozen=True)
class Removal:
    """The generated files of an application that no longer exists."""

    cluster: str
    name: str
    paths: tuple[str, ...]
    why: str

    @property
    def text(self) -> str:
        """The files and the reason; an overlay is named by its folder."""
        overlay = f"{overlays_folder(self.cluster)}/{self.name}/"
        shown = dict.fromkeys(overlay if path.startswith(overlay) else path for path in self.paths)
        return f"{' and '.join(shown)}, because {self.why}"


def removal(root: Path, cluster: str, name: str, paths: Iterable[str]) -> Removal:
    """The removal of ``paths``, which belong to ``name`` on ``cluster``."""
    folder = f"{FOLDER}/{name}"
    why = f"{folder} has no {SPEC}" if (root / folder).is_dir() else f"{folder} does not exist"
    if (root / folder / SPEC).exists():
        why = f"{folder}/{SPEC} does not name cluster {cluster}"
    return Removal(cluster, name, tuple(paths), why)


def refused(
    root: Path, removals: Sequence[Removal], created: Iterable[App], clusters: Sequence[RepositorySettings]
) -> list[Finding]:
    """An error for each removal that a misnamed file or a renamed folder explains."""
    found = []
    made = list(created)
    engine = next((_ENGINES.get(each.engine, each.engine) for each in clusters), "")
    for item in removals:
        wanted = f"{FOLDER}/{item.name}/{SPEC}"
        if (root / wanted).exists():
            continue
        here = [app for app in made if app.cluster == item.cluster]
        if path := misnamed_spec(root, item.name):
            text = f"only {wanted} is read, so application '{item.name}' would be removed from the cluster"
            fix = f"rename it: git mv {path} {wanted}; --force removes the application"
            found.append(Finding("generate/misnamed", Position(path), text, fix))
        elif here and (app := _renamed(root, item.name, here)):
            at = Position(f"{wirings_folder(item.cluster)}/{item.name}.yaml")
            text = (
                f"application '{item.name}' is now '{app.name}' ({app.spec_path}): {engine} would delete the "
                f"objects of '{item.name}', volumes included, while it creates those of '{app.name}'"
            )
            fix = f"keep the folder {FOLDER}/{item.name}, or pass --force when the data is backed up"
            found.append(Finding("generate/renamed", at, text, fix))
    return found


def _renamed(root: Path, name: str, created: Iterable[App]) -> App | None:
    """The new application whose spec was that of ``name`` at the last commit that has it."""
    if (root / FOLDER / name).is_dir():
        return None
    before = _committed(root, f"{FOLDER}/{name}/{SPEC}")
    for app in created if before else ():
        now = (root / app.spec_path).read_text(encoding="utf-8", errors="replace")
        same_namespace = f"namespace: {app.spec.namespace}\n" in before.replace('"', "")
        if same_namespace and difflib.SequenceMatcher(None, before, now).ratio() >= _SIMILAR:
            return app
    return None


def _committed(root: Path, path: str) -> str:
    """A file's text at the last commit that has it; empty without Git or such a commit."""
    from meshwright.git.worktree import WorkTree

    try:
        tree = WorkTree.of(root)
        deleted = tree.run("log", "-1", "--format=%H", "--diff-filter=D", "--", path).output.decode().strip()
        for revision in ("HEAD", f"{deleted}^" if deleted else ""):
            shown = tree.run("show", f"{revision}:./{path}") if revision else None
            if shown and not shown.status:
                return shown.output.decode("utf-8", "replace")
    except (OSError, MeshwrightError):
        return ""
    return ""
