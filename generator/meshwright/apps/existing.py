"""The existing files in the places of generated files: the overlays' folders and one cluster's wirings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import SIZE_LIMIT

OVERLAYS = "mesh/apps"
_CLUSTERS = "clusters"


def overlays_folder(cluster: str) -> str:
    """The folder with the overlays of a cluster's applications."""
    return f"{OVERLAYS}/{cluster}"


def wirings_folder(cluster: str) -> str:
    """The folder with the wirings of a cluster's applications."""
    return f"{_CLUSTERS}/{cluster}/apps"


@dataclass
class AppFiles:
    """The existing files of one application: texts by path, and the kinds of paths that are not files.

    ``overlay`` is the folder of its overlay, which need not exist.
    """

    overlay: str
    texts: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)


class Existing:
    """Everything that exists in the places of generated files for ``cluster``, by application.

    The files of other clusters are never listed, so that nothing changes or removes them.

    ``findings`` are symbolic links on the way, because nothing is written through a link.
    """

    def __init__(self, root: Path, cluster: str) -> None:
        self._root = root
        self._cluster = cluster
        self.findings: list[Finding] = []
        self._overlays: dict[str, str] = {}
        self._wirings: dict[str, list[tuple[str, str]]] = {}
        self._list_overlays()
        self._list_wirings()

    @property
    def names(self) -> set[str]:
        """Every name with a folder or a file; not all need to be applications."""
        return self._overlays.keys() | self._wirings.keys()

    def read(self, name: str) -> AppFiles:
        """The existing files of one name."""
        present = AppFiles(f"{overlays_folder(self._cluster)}/{name}")
        kind = self._overlays.get(name)
        if kind == "folder":
            for path, entry_kind in self._list(present.overlay):
                self._add(present, path, entry_kind)
        elif kind:
            present.others[present.overlay] = kind
        for path, file_kind in self._wirings.get(name, ()):
            self._add(present, path, file_kind)
        return present

    def _add(self, present: AppFiles, path: str, kind: str) -> None:
        if kind != "file":
            present.others[path] = kind
            return
        # A larger file is not a generated one; Git may have converted line endings.
        with (self._root / path).open("rb") as file:
            raw = file.read(SIZE_LIMIT)
        present.texts[path] = raw.decode("utf-8", "replace").replace("\r\n", "\n")

    def _list_overlays(self) -> None:
        folder = overlays_folder(self._cluster)
        if all(self._is_walkable(path) for path in ("mesh", OVERLAYS, folder)):
            for path, kind in self._list(folder):
                self._overlays[path.rpartition("/")[2]] = kind

    def _list_wirings(self) -> None:
        folder = wirings_folder(self._cluster)
        if not all(self._is_walkable(path) for path in (_CLUSTERS, f"{_CLUSTERS}/{self._cluster}", folder)):
            return
        for file, kind in self._list(folder):
            name = file.rpartition("/")[2]
            if name.endswith(".yaml"):
                self._wirings.setdefault(name.removesuffix(".yaml"), []).append((file, kind))

    def _is_walkable(self, path: str) -> bool:
        place = self._root / path
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            self.findings.append(in_the_way(path, "symbolic link" if place.is_symlink() else "file"))
            return False
        return True

    def _list(self, folder: str) -> list[tuple[str, str]]:
        """Paths with their kinds, sorted; empty if the folder does not exist."""
        try:
            with os.scandir(self._root / folder) as entries:
                return sorted((f"{folder}/{entry.name}", _kind(entry)) for entry in entries)
        except FileNotFoundError:
            return []


def in_the_way(path: str, kind: str) -> Finding:
    """A finding for something that is not a file or folder in the place of generated output."""
    why = "; nothing is written through a link" if kind == "symbolic link" else ""
    return Finding(
        "generate/in-the-way",
        Position(path),
        f"found a {kind} where generated output goes{why}",
        "remove it or move it elsewhere",
    )


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "symbolic link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "special file"
