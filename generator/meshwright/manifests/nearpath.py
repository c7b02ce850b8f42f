"""What a path that does not exist was probably meant to be."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping

from meshwright.manifests.files import RepositoryFiles
from meshwright.words import typing_errors


def near_path(files: RepositoryFiles, path: str) -> str:
    """``; did you mean 'x'?`` with a whole path, or empty.

    A name in the same folder that differs by a typing error comes first, then the same name in another
    folder. The other folder is above or below, because the file was moved, or any if the path's own folder
    does not exist, because that was moved or misspelled. If several are equally near, none is named.
    """
    folder, name = posixpath.split(path)
    if similar := _misspelled(name, files.siblings(path)):
        return _meant(posixpath.join(folder, similar))
    moved = not files.is_folder(folder)
    same = files.once(_by_name, "").get(name.lower(), ())
    near = (other for other in same if _is_near(folder, posixpath.dirname(other), moved=moved))
    ranked = sorted((-_common(path, other), other) for other in near)
    if ranked and (len(ranked) == 1 or ranked[0][0] < ranked[1][0]):
        return _meant(ranked[0][1])
    return ""


def _misspelled(name: str, names: Iterable[str]) -> str:
    """The name that ``name`` is with a typing error or another suffix, or empty.

    Names of one folder are often alike, such as linkerd-crds and linkerd-trust, so few errors are allowed.
    """
    stem, suffix = posixpath.splitext(name.lower())
    allowed = 1 if len(stem) < 5 else 2
    ranked = sorted(
        (typing_errors(stem, other_stem), other)
        for other in names
        for other_stem, other_suffix in [posixpath.splitext(other.lower())]
        if bool(suffix) == bool(other_suffix)
    )
    return ranked[0][1] if ranked and ranked[0][0] <= allowed else ""


def _is_near(folder: str, other: str, *, moved: bool) -> bool:
    if f"{folder}/".startswith(f"{other}/") or f"{other}/".startswith(f"{folder}/"):
        return True
    parts = set(folder.split("/"))
    return moved and 2 * len(parts & set(other.split("/"))) >= len(parts)


def _meant(path: str) -> str:
    return f"; did you mean '{path}'?"


def _common(one: str, other: str) -> int:
    """How many folders two paths share: the nearest is the one that was most likely meant."""
    return len({*posixpath.dirname(one).split("/")} & {*posixpath.dirname(other).split("/")})


def _by_name(files: RepositoryFiles, _: str) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in (*files.paths, *files.folders):
        found[posixpath.basename(path).lower()].append(path)
    return found
