"""The files of a cluster under the paths of another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from meshwright.update.merge import MergeRepository
from meshwright.update.project import TreeEntry


class PathMapping:
    """Files of ``origin`` under the paths of ``cluster``, also where they are written in the files.

    ``places`` gives the folders of a cluster that are mapped.
    """

    def __init__(
        self,
        origin: str,
        cluster: str,
        places: Callable[[str], Iterable[str]],
        repository: MergeRepository,
        scratch: Path,
    ) -> None:
        self._origin, self._cluster, self._places = origin, cluster, places
        self._repository, self._scratch = repository, scratch
        # Overlays refer to components by relative paths.
        self._path = re.compile(
            rb"(?<![\w.-])(platform|clusters|components|mesh/apps)/%b(?![\w.-])" % re.escape(origin.encode())
        )

    def entries(self, name: str, entries: Mapping[str, TreeEntry]) -> dict[str, TreeEntry]:
        """The entries in these folders; ``name`` is part of a scratch folder's name."""
        own = dict(self._own(entries))
        files = [path for path, entry in own.items() if entry.mode[:3] == "100"]
        contents = self._repository.contents([own[path].blob for path in files])
        folder = self._scratch / f"mapped-{name}"
        folder.mkdir()
        for path, content in zip(files, contents, strict=True):
            mapped = self._path.sub(rb"\1/" + self._cluster.encode(), content)
            if mapped != content:
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(mapped)
                file.chmod(int(own[path].mode[-3:], 8))
        return {**own, **self._repository.entries(self._repository.tree_of_folder(folder))}

    def _own(self, entries: Mapping[str, TreeEntry]) -> Iterator[tuple[str, TreeEntry]]:
        places = zip(self._places(self._origin), self._places(self._cluster), strict=True)
        for here, there in places:
            for path, entry in entries.items():
                if path.startswith(here):
                    yield there + path.removeprefix(here), entry
