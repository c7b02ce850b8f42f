"""The temporary folder for wrapper kustomizations, outside the repository."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from meshwright.errors import MeshwrightError
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import FILE_NAMES, KustomizationIndex, join
from meshwright.manifests.kustomizeoutput import TAG
from meshwright.manifests.relocation import relocate
from meshwright.manifests.stage import Stage, Withheld
from meshwright.manifests.unit import BuildUnit
from meshwright.yaml import flow

_PLENTY_BYTES = 4 * 2**30
_PLENTY_FILES = 1_000_000


class Workspace:
    """A temporary folder, removed at the end of the ``with`` block; the repository is never written to.

    ``attach`` sets the repository whose builds are written.
    """

    def __init__(self, repository: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="meshwright-", dir=_outside(repository))
        self.root = Path(os.path.realpath(self._folder.name))
        self._groups = 0
        # Copied kustomizations and their originals in the repository.
        self.originals: dict[str, str] = {}
        # The home directory for kustomize and helm.
        self.home = self.root / "home"
        self.home.mkdir()

    def attach(self, files: RepositoryFiles, index: KustomizationIndex) -> None:
        """Set the repository that builds read their files from."""
        self._files = files
        self.stage = Stage(files, index, self.root / "r")

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def wrapper(self, number: int) -> Path:
        """The wrapper folder of build ``number``."""
        return self.root / f"w{number}"

    def write_wrapper(self, number: int, unit: BuildUnit) -> None:
        """Write a kustomization that builds ``unit`` and tags objects with ``number``. Raises Withheld."""
        folder = self.wrapper(number)
        folder.mkdir()
        places = self._write_copies(number, unit)
        if unit.manifest is None:
            manifest: dict[str, Any] = {"resources": [self._place(folder, unit.folder, places)]}
        else:
            manifest = self._moved(unit.manifest, unit.folder, folder, places)
        # Only metadata/annotations: a tag on a pod template would be validated with it.
        tag = {
            "apiVersion": "builtin",
            "kind": "AnnotationsTransformer",
            "metadata": {"name": "build"},
            "annotations": {TAG: str(number)},
            "fieldSpecs": [{"path": "metadata/annotations", "create": True}],
        }
        manifest["transformers"] = [*manifest.get("transformers", []), flow(tag)]
        _write(folder, manifest)

    def _write_copies(self, number: int, unit: BuildUnit) -> dict[str, Path]:
        places = {path: self.root / f"c{number}-{index}" for index, path in enumerate(unit.copies)}
        for path, folder in places.items():
            folder.mkdir()
            _write(folder, self._moved(unit.copies[path], path, folder, places))
            # Only folders with a kustomization are copied; any of the possible file names will do.
            self.originals[str(folder / "kustomization.yaml")] = self._original(path)
        return places

    def _moved(
        self, manifest: Mapping[str, Any], path: str, folder: Path, places: Mapping[str, Path]
    ) -> dict[str, Any]:
        """The kustomization of ``path`` rewritten for ``folder``."""
        moved = relocate(
            manifest,
            lambda entry: self._place(folder, join(path, entry), places),
            lambda entry: self.stage.configurations(path, entry),
        )
        home = (moved.pop("helmGlobals", None) or {}).get("chartHome", "")
        if "helmCharts" in moved:
            # Charts come only from a folder of this workspace, where they have been checked.
            if not Path(home).is_relative_to(self.root):
                raise Withheld(f"charts of '{path}' were not checked")
            moved["helmGlobals"] = {"chartHome": home, "configHome": str(self.home)}
        return moved

    def _original(self, folder: str) -> str:
        names = (name for name in FILE_NAMES if self._files.is_file(join(folder, name)))
        return join(folder, next(names, FILE_NAMES[0]))

    def _place(self, folder: Path, path: str, places: Mapping[str, Path]) -> str:
        """The relative path from ``folder`` to the copy of a repository path."""
        target = places.get(path) or self.stage.place(path)
        return os.path.relpath(target, folder).replace(os.sep, "/")

    def write_group(self, numbers: Sequence[int], units: Sequence[BuildUnit]) -> Path:
        """Write one kustomization that includes several wrappers; returns its folder."""
        folder = self.root / f"g{self._groups}"
        self._groups += 1
        folder.mkdir()
        manifest: dict[str, Any] = {
            "buildMetadata": ["originAnnotations"],
            "resources": [f"../w{number}" for number in numbers],
        }
        # kustomize reads openapi only at the top level; such a unit is alone in its group.
        openapi = (units[0].manifest or {}).get("openapi") if units else None
        if isinstance(openapi, dict) and isinstance(openapi.get("path"), str):
            manifest["openapi"] = {"path": self._place(folder, join(units[0].folder, openapi["path"]), {})}
        _write(folder, manifest)
        return folder


def _write(folder: Path, manifest: dict[str, Any]) -> None:
    # JSON is valid YAML, and json is much faster than a YAML emitter.
    (folder / "kustomization.yaml").write_text(flow(manifest, default=str), encoding="utf-8")


def _outside(repository: Path) -> str | None:
    """A temporary folder that is not inside ``repository``, which kustomize would report as a cycle."""
    usual = Path(os.path.realpath(tempfile.gettempdir()))
    for candidate in (*_in_memory(), usual, Path("/var/tmp"), Path("/dev/shm"), repository.parent):
        if not candidate.is_relative_to(repository) and os.access(candidate, os.W_OK):
            return str(candidate)
    raise MeshwrightError(
        f"{repository}: the temporary folder {usual} is inside it; set TMPDIR to a folder outside"
    )


def _in_memory() -> Iterator[Path]:
    """The system's in-memory folder, if it has enough space and the user has not set another folder.

    Thousands of small files are written and removed; on a disk that takes a fifth of a large check.
    """
    folder = Path("/dev/shm")
    named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    if named or not folder.is_dir() or not hasattr(os, "statvfs"):
        return
    room = os.statvfs(folder)
    if room.f_bavail * room.f_frsize >= _PLENTY_BYTES and room.f_favail >= _PLENTY_FILES:
        yield folder
