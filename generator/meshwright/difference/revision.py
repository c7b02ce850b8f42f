"""Reads the files of a Git checkout at a revision and in the work tree, without changing the work tree."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from meshwright.difference.sharing import changed_paths
from meshwright.errors import MeshwrightError, together
from meshwright.git.blobs import Blobs
from meshwright.git.changes import changed_since
from meshwright.git.checkout import NotACheckout
from meshwright.git.paths import below_one_of, is_plain
from meshwright.git.worktree import NoRevision, WorkTree, first_error
from meshwright.inert import printable
from meshwright.manifests.conflicts import conflict_findings
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.folders import SKIPPED_FOLDERS

_LINK, _MODULE = "120000", "160000"
_YAML = (".yaml", ".yml")


def require_no_conflicts(files: RepositoryFiles, changed: Iterable[str]) -> None:
    """Raise MeshwrightError if a changed file has an unresolved merge conflict: it renders nothing."""
    told = [
        f"{found.position}: {found.message}; {found.fix}"
        for found in conflict_findings(files, frozenset(files.paths) - frozenset(changed))
    ]
    if told:
        raise together(told)


@dataclass(frozen=True)
class Checkout:
    """A folder of a Git checkout; ``is_shallow`` means that its history is incomplete.

    ``is_sparse`` means that files of the index may be missing on disk.
    """

    folder: Path
    tree: WorkTree
    is_shallow: bool
    is_sparse: bool

    @classmethod
    def of(cls, folder: Path) -> Checkout:
        """The checkout of ``folder``. Raises MeshwrightError if it is not in one, or git is missing."""
        if not folder.is_dir():
            problem = "is not a folder" if folder.exists() else "does not exist"
            raise MeshwrightError(f"{folder}: {problem}; pass the folder of a GitOps repository")
        try:
            tree = WorkTree.of(folder)
        except NotACheckout:
            raise MeshwrightError(
                f"{folder}: not in a Git checkout, so it has no revisions; run git init there"
            ) from None
        output = tree.text("rev-parse", "--is-shallow-repository", "--git-path", "info/sparse-checkout")
        shallow, sparse = output.split("\n", 1)
        return cls(folder, tree, shallow == "true", (tree.folder / sparse).is_file())

    @contextmanager
    def files(self, old: str, new: str) -> Iterator[tuple[RepositoryFiles, RepositoryFiles, frozenset[str]]]:
        """The folder at ``old`` and at ``new`` (the work tree if empty), and the changed paths.

        Raises MeshwrightError if a revision does not exist.
        """
        # Resolve both before reading anything.
        old_commit, new_commit = self.resolve(old), self.resolve(new) if new else ""
        blobs = Blobs(self.tree)
        try:
            with TemporaryDirectory(prefix="meshwright-") as name:
                scratch = Path(os.path.realpath(name))
                before = _Revision(scratch / "old", self._listing(old_commit), blobs)
                if new:
                    after = _Revision(scratch / "new", self._listing(new_commit), blobs)
                    yield self._at(before), self._at(after), before.changed(after)
                elif self.is_sparse:
                    tree, files = RepositoryFiles(self.folder, checkout=self.tree.top), self._at(before)
                    yield files, tree, changed_paths(files, tree)
                else:
                    tree_files = self._work_tree(old_commit, before)
                    tree = RepositoryFiles(self.folder, checkout=self.tree.top, store=tree_files)
                    yield self._at(before), tree, tree_files.changed
        finally:
            blobs.close()

    def resolve(self, revision: str) -> str:
        """The commit of a revision. Raises MeshwrightError if it does not exist."""
        if revision.startswith("-") or not revision:
            raise MeshwrightError(f"'{printable(revision)}': not a revision")
        with suppress(NoRevision):
            return self.tree.commit(revision)
        where = f"{self.folder}: no revision '{printable(revision)}'"
        if self.is_shallow:
            # Only names can be fetched, not expressions such as HEAD~2.
            counted = any(char in revision for char in "~^@")
            way = "git fetch --deepen=100" if counted else f"git fetch --depth=1 origin {revision}"
            raise MeshwrightError(f"{where} in this shallow clone; run `{way}`, or `git fetch --unshallow`")
        try:
            self.tree.commit("HEAD")
        except NoRevision:
            raise MeshwrightError(f"{where}: nothing is committed yet; commit first") from None
        raise MeshwrightError(f"{where}; try `git fetch`, or list the existing ones with `git log --all`")

    def _at(self, revision: _Revision) -> RepositoryFiles:
        return RepositoryFiles(revision.root, checkout=self.tree.top, store=revision)

    def _listing(self, commit: str) -> list[tuple[str, str, str]]:
        """Mode, object ID and path of every file in the folder at a commit; empty if it does not exist."""
        tree = f"{commit}:{self.tree.prefix}" if self.tree.prefix else commit
        listed = self.tree.run("ls-tree", "-r", "-z", "--full-tree", tree)
        if listed.status:
            if self.tree.run("rev-parse", "--verify", "--quiet", tree).status:
                return []
            raise MeshwrightError(
                f"{self.folder}: git cannot list {commit[:12]}: {first_error(listed.stderr)}"
            )
        found = []
        for entry in listed.output.split(b"\0"):
            about, _, path = entry.partition(b"\t")
            if path:
                mode, _, digest = about.decode().split(" ")
                found.append((mode, digest, os.fsdecode(path)))
        self._refuse_impossible(commit, found)
        return found

    def _refuse_impossible(self, commit: str, entries: list[tuple[str, str, str]]) -> None:
        """Refuse paths that are not valid in a checkout, which git only checks when it writes files."""
        links = {path for mode, _, path in entries if mode == _LINK}
        seen: set[str] = set()
        for _, _, path in entries:
            if path in seen or not is_plain(path) or below_one_of(path, links):
                raise MeshwrightError(
                    f"{self.folder}: compare with another revision: {commit[:12]} has the path "
                    f"'{printable(path)}', which is not valid in a checkout"
                )
            seen.add(path)

    def _work_tree(self, commit: str, before: _Revision) -> _WorkTree:
        """The files of the work tree: unchanged ones of ``commit``, and the new and changed ones."""
        changed = changed_since(self.tree, commit)
        present = {path for path in changed if _is_file(self.folder / path) and _is_scanned(path)}
        kept = before.paths - changed
        return _WorkTree(frozenset(kept | present), frozenset(changed & (before.paths | present)))


class _Revision:
    """Files as stored in Git: no filter runs, and attributes do not exclude files.

    Only links and the files passed to ``provide`` are written into the folder ``root``.
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
            elif mode != _MODULE and _is_scanned(path):
                self._digests[path] = digest

    @property
    def paths(self) -> frozenset[str]:
        """See Store."""
        return frozenset(self._digests)

    def changed(self, other: _Revision) -> frozenset[str]:
        """Files that differ in another revision."""
        return frozenset(path for path, _ in self._digests.items() ^ other._digests.items())

    def read(self, path: str) -> bytes:
        """See Store."""
        if not self._has_yaml and path.endswith(_YAML):
            # Almost all of them will be read, and one request is faster than thousands.
            self._blobs.fetch(digest for name, digest in self._digests.items() if name.endswith(_YAML))
            self._has_yaml = True
        if path not in self._digests:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
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
    """The files of a work tree; all of them are on disk."""

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


def _is_scanned(path: str) -> bool:
    """Whether RepositoryFiles reads this path."""
    return SKIPPED_FOLDERS.isdisjoint(path.split("/")[:-1])
