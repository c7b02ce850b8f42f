"""The folder of a new repository: what may be there already, and how it gets its files."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.inert import printable
from meshwright.yaml import YamlFault, parse

ANSWERS = ".copier-answers.yml"
_NEW = "meshwright new my-cluster"


@dataclass(frozen=True)
class Place:
    """``target`` is an absolute path; ``exists`` if it is an empty folder, perhaps with a ``.git`` in it."""

    name: str
    target: Path
    exists: bool
    has_git: bool

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """A path on the target's filesystem to render into; on success it becomes the target.

        Whatever happens in the block, either everything is in the target afterwards or nothing is.
        """
        made = [] if self.exists else _make_parents(self.target.parent)
        beside = self.target if self.exists else self.target.parent
        aside: Path | None = None
        try:
            aside = Path(tempfile.mkdtemp(prefix=".meshwright-", dir=beside))
            # Templates may use the folder's own name.
            yield aside / self.target.name
            self._land(aside / self.target.name)
            made = []
        finally:
            with _uninterrupted():
                if aside is not None:
                    shutil.rmtree(aside, ignore_errors=True)
                for folder in reversed(made):
                    with suppress(OSError):
                        folder.rmdir()

    def _land(self, rendered: Path) -> None:
        # mkdtemp made the folder around it private; the repository gets the usual mode.
        if not self.exists:
            try:
                rendered.rename(self.target)
            except OSError as error:
                raise MeshwrightError(
                    f"{self.name}: {error.strerror}; something else was written there in the meantime: "
                    "choose another folder"
                ) from None
            return
        moved: list[Path] = []
        with _uninterrupted():
            try:
                for entry in sorted(rendered.iterdir()):
                    if os.path.lexists(self.target / entry.name):
                        raise FileExistsError(0, "appeared in the meantime", str(self.target / entry.name))
                    entry.rename(self.target / entry.name)
                    moved.append(entry)
            except OSError:
                for entry in moved:
                    with suppress(OSError):
                        (self.target / entry.name).rename(entry)
                raise


def choose_place(folder: Path) -> Place:
    """Where the repository goes. Raises MeshwrightError if something is there, with what to do instead."""
    name, target = str(folder), Path(os.path.abspath(folder))  # noqa: PTH100 - links stay as they are
    exists, has_git = False, False
    if os.path.lexists(target):
        if not target.is_dir():
            what = "a broken symbolic link" if target.is_symlink() and not target.exists() else "a file"
            raise MeshwrightError(f"{name}: name a new folder instead: this is {what}")
        entries = sorted(os.listdir(target))  # noqa: PTH208 - names only
        has_git = ".git" in entries
        _refuse_content(name, target, [entry for entry in entries if entry != ".git"])
        exists = True
    _refuse_nested(name, target)
    return Place(name, target, exists, has_git)


def _refuse_content(name: str, target: Path, entries: list[str]) -> None:
    if not entries:
        return
    if _is_generated(target):
        raise MeshwrightError(
            f"{name}: run `meshwright update --answers KEY=VALUE` there to change an answer, "
            "or `meshwright cluster add NAME` to add a cluster: it is a generated repository already"
        )
    more = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    raise MeshwrightError(
        f"{name}: name a new or an empty folder, such as `{_NEW}`: this one contains "
        f"{printable(entries[0])}{more}"
    )


def _refuse_nested(name: str, target: Path) -> None:
    for parent in Path(os.path.realpath(target)).parents:
        if _is_generated(parent):
            raise MeshwrightError(
                f"{name}: choose a folder outside the generated repository {parent}: "
                "to add a cluster to it, run `meshwright cluster add NAME` there"
            )


def _is_generated(folder: Path) -> bool:
    """Whether a folder holds the answers to this project's questions; other templates may be nested."""
    try:
        answers = parse((folder / ANSWERS).read_text(encoding="utf-8"), ANSWERS)
    except (OSError, UnicodeDecodeError, YamlFault):
        return False
    return isinstance(answers, dict) and {"cluster_name", "engine"} <= answers.keys()


def _make_parents(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    missing.reverse()
    made: list[Path] = []
    try:
        for path in missing:
            path.mkdir()
            made.append(path)
    except OSError:
        for path in reversed(made):
            path.rmdir()
        raise
    return made


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C for the few milliseconds in which files are moved or removed."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
