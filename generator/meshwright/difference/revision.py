"""The files of a Git checkout at a revision, and in the work tree; the work tree is not touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from meshwright.difference.blobs import Blobs, run_git
from meshwright.difference.sharing import changed_paths
from meshwright.errors import MeshwrightError
from meshwright.manifests.files import SKIPPED_FOLDERS, RepositoryFiles

_LINK, _MODULE = "120000", "160000"
_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Checkout:
    """A folder of a Git checkout; ``top`` is the checkout's, ``is_shallow`` says that history was cut off.

    ``is_sparse`` says that files of the index may be missing on disk.
    """

    folder: Path
    top: Path
    is_shallow: bool
    is_sparse: bool

    @classmethod
    def of(cls, folder: Path) -> Checkout:
        """Raises MeshwrightError when ``folder`` is not part of a checkout, or git is missing."""
        if not folder.is_dir():
            problem = "is not a folder" if folder.exists() else "does not exist"
            raise MeshwrightError(f"{folder}: {problem}; name the folder of a GitOps repository")
        wanted = ("--show-toplevel", "--is-shallow-repository", "--git-path", "info/sparse-checkout")
        said = run_git(folder, "rev-parse", *wanted)
        if said.returncode:
            reason = _first_line(said.stderr)
            if "not a git repository" in reason:
                raise MeshwrightError(
                    f"{folder}: not a Git checkout, so it has no revisions; run git init there"
                )
            raise MeshwrightError(f"{folder}: git refuses: {reason}")
        top, shallow, sparse = said.stdout.decode("utf-8", "surrogateescape").splitlines()[:3]
        return cls(folder, Path(top), shallow == "true", (folder / sparse).is_file())

    @contextmanager
    def files(self, old: str, new: str) -> Iterator[tuple[RepositoryFiles, RepositoryFiles, frozenset[str]]]:
        """The folder at revision ``old`` and at ``new``, the work tree when that is empty, and what changed.

        Raises MeshwrightError when there is no such revision.
        """
        # Both are looked at before anything is read.
        old_commit, new_commit = self.resolve(old), self.resolve(new) if new else ""
        blobs = Blobs(self.folder)
        try:
            with TemporaryDirectory(prefix="meshwright-") as name:
                scratch = Path(os.path.realpath(name))
                before = _Revision(scratch / "old", self._listing(old_commit), blobs)
                if new:
                    after = _Revision(scratch / "new", self._listing(new_commit), blobs)
                    yield self._at(before), self._at(after), before.changed(after)
                elif self.is_sparse:
                    tree, files = RepositoryFiles(self.folder, checkout=self.top), self._at(before)
                    yield files, tree, changed_paths(files, tree)
                else:
                    tree_files = self._work_tree(old_commit, before)
                    tree = RepositoryFiles(self.folder, checkout=self.top, store=tree_files)
                    yield self._at(before), tree, tree_files.changed
        finally:
            blobs.close()

    def resolve(self, revision: str) -> str:
        """The commit that a revision means. Raises MeshwrightError when there is no such one."""
        if revision.startswith("-") or not revision:
            raise MeshwrightError(f"'{revision}': not a revision")
        verify = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        said = run_git(self.folder, *verify, f"{revision}^{{commit}}")
        if said.returncode == 0:
            return said.stdout.decode().strip()
        where = f"{self.folder}: no revision '{revision}'"
        if self.is_shallow:
            # Only a name can be fetched: not what is so many commits before it.
            counted = any(char in revision for char in "~^@")
            way = "git fetch --deepen=100" if counted else f"git fetch --depth=1 origin {revision}"
            raise MeshwrightError(f"{where} in this shallow clone; run `{way}`, or `git fetch --unshallow`")
        if run_git(self.folder, *verify, "HEAD").returncode:
            raise MeshwrightError(f"{where}: nothing is committed yet; commit first")
        raise MeshwrightError(f"{where}; `git fetch` may bring it, `git log --all` shows what is there")

    def _at(self, revision: _Revision) -> RepositoryFiles:
        return RepositoryFiles(revision.root, checkout=self.top, store=revision)

    def _listing(self, commit: str) -> Iterator[tuple[str, str, str]]:
        """Mode, digest and path of everything in the folder at a commit; nothing when it is not there yet."""
        inside = os.path.relpath(os.path.realpath(self.folder), os.path.realpath(self.top))
        tree = commit if inside == "." else f"{commit}:{inside.replace(os.sep, '/')}"
        listed = run_git(self.folder, "ls-tree", "-r", "-z", "--full-tree", tree)
        for entry in listed.stdout.split(b"\0") if listed.returncode == 0 else ():
            about, _, path = entry.partition(b"\t")
            if path:
                mode, _, digest = about.decode().split(" ")
                yield mode, digest, os.fsdecode(path)

    def _work_tree(self, commit: str, before: _Revision) -> _WorkTree:
        """What Git says: the files of ``commit`` without those that changed, and what is there instead."""
        commands = (
            ("diff", "--name-only", "--relative", "-z", "--no-renames", "--no-ext-diff", commit, "--"),
            ("ls-files", "--others", "--exclude-standard", "-z"),
        )
        changed: set[str] = set()
        for arguments in commands:
            said = run_git(self.folder, *arguments)
            if said.returncode:
                raise MeshwrightError(f"{self.folder}: git refuses: {_first_line(said.stderr)}")
            changed |= {path for path in os.fsdecode(said.stdout).split("\0") if path}
        present = {path for path in changed if _is_file(self.folder / path) and _is_ours(path)}
        kept = before.paths - changed
        return _WorkTree(frozenset(kept | present), frozenset(changed & (before.paths | present)))


class _Revision:
    """Files as they are in Git: no filter runs, and no attribute leaves one out.

    Only links, and what is asked for by ``provide``, come into the folder ``root``.
    """

    def __init__(self, root: Path, listing: Iterable[tuple[str, str, str]], blobs: Blobs) -> None:
        root.mkdir()
        self.root = root
        self._blobs = blobs
        self._digests: dict[str, str] = {}
        self._provided: set[str] = set()
        self._folders: set[Path] = set()
        self._has_yaml = False
        for mode, digest, path in listing:
            if mode == _LINK:
                self._folder_of(root / path)
                (root / path).symlink_to(os.fsdecode(blobs.get(digest)))
            elif mode != _MODULE and _is_ours(path):
                self._digests[path] = digest

    @property
    def paths(self) -> frozenset[str]:
        """See Store."""
        return frozenset(self._digests)

    def changed(self, other: _Revision) -> frozenset[str]:
        """Files that are not the same in another revision."""
        return frozenset(path for path, _ in self._digests.items() ^ other._digests.items())

    def read(self, path: str) -> bytes:
        """See Store."""
        if not self._has_yaml and path.endswith(_YAML):
            # Nearly all of them are looked at: one exchange is faster than thousands.
            self._blobs.fetch(digest for name, digest in self._digests.items() if name.endswith(_YAML))
            self._has_yaml = True
        return self._blobs.get(self._digests[path])

    def provide(self, paths: Iterable[str]) -> None:
        """See Store."""
        wanted = [path for path in paths if path in self._digests and path not in self._provided]
        self._blobs.fetch(self._digests[path] for path in wanted)
        for path in wanted:
            self._folder_of(self.root / path)
            (self.root / path).write_bytes(self._blobs.get(self._digests[path]))
            self._provided.add(path)

    def _folder_of(self, file: Path) -> None:
        if file.parent not in self._folders:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(file.parent)


@dataclass(frozen=True)
class _WorkTree:
    """The files of a work tree as Git knows them; they are all in their folder."""

    paths: frozenset[str]
    changed: frozenset[str]

    def read(self, path: str) -> None:
        """See Store."""

    def provide(self, paths: Iterable[str]) -> None:
        """See Store."""


def _is_file(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except OSError:
        return False


def _is_ours(path: str) -> bool:
    """Whether a repository is looked for there, as RepositoryFiles has it."""
    return SKIPPED_FOLDERS.isdisjoint(path.split("/")[:-1])


def _first_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "it says no reason"
