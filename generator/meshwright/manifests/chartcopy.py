"""Copies or unpacks charts into the workspace for helm, without links and within a size limit."""

from __future__ import annotations

import glob
import gzip
import io
import os
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from meshwright.errors import MeshwrightError
from meshwright.limits import current
from meshwright.manifests.values import ChartReference
from meshwright.yaml import YamlFault, flow, parse
from meshwright.yaml.pointer import items_of, mapping_of

# Files in one chart; the largest known charts have a few hundred.
_MAX_FILES = 20_000
# Charts that contain each other have no end.
_DEPTH = 5
_BLOCK = 1 << 18


class ChartFault(MeshwrightError):
    """A chart that exists but is not passed to helm; the message says why."""


def copy_chart(folder: Path, target: Path) -> None:
    """Copy a chart's folder. Raises ChartFault for a link, a special file, or if it exceeds the limit."""
    quota = _Quota(str(folder))
    for path in _walk(folder):
        entry = folder / path
        if entry.is_symlink():
            raise ChartFault(
                f"{folder}: {path} is a symbolic link, which helm would follow; replace it with a file"
            )
        if not entry.is_file():
            raise ChartFault(f"{folder}: {path} is not a regular file; remove it")
        size = entry.stat().st_size
        quota.add_file()
        quota.take(size)
        destination = target / path
        destination.parent.mkdir(parents=True, exist_ok=True)
        with entry.open("rb") as source:
            destination.write_bytes(source.read(size))


def copy_chart_for_engine(
    folder: Path,
    target: Path,
    inside: Path,
    find: Callable[[ChartReference], Path | None] = lambda _: None,
    depth: int = 0,
) -> None:
    """As copy_chart, for an engine that runs helm itself, which builds dependencies and needs no values.yaml.

    Dependencies in other folders of the repository ``inside``, and those that ``find`` finds, are copied into
    charts/. Others that are not there are left out of the copy. kustomize would refuse both.
    """
    copy_chart(folder, target)
    if depth < _DEPTH and folder.is_relative_to(inside):
        _add_local_dependencies(folder, target, inside, find, depth)
    if not (target / "values.yaml").exists():
        (target / "values.yaml").write_text("{}\n", encoding="utf-8")
    for name in ("Chart.yaml", "requirements.yaml"):
        file = target / name
        try:
            data = parse(file.read_text(encoding="utf-8")) if file.is_file() else None
        except (OSError, ValueError, YamlFault):
            continue
        if isinstance(data, dict) and (found := items_of(data.get("dependencies"))):
            lock = _lock_beside(file)
            for entry in found:
                reference = dependency_reference(mapping_of(entry), lock)
                if not has_dependency(target, entry) and (place := find(reference)) is not None:
                    copy_chart(place, target / "charts" / reference.name)
            kept = [entry for entry in found if has_dependency(target, entry)]
            file.write_text(flow({**data, "dependencies": kept}, default=str), encoding="utf-8")


def _add_local_dependencies(
    folder: Path, target: Path, inside: Path, find: Callable[[ChartReference], Path | None], depth: int
) -> None:
    home = PurePosixPath(folder.relative_to(inside)).as_posix()
    for name in ("Chart.yaml", "requirements.yaml"):
        for entry in _dependencies(target / name):
            path, chart = local_dependency(home, entry), str(mapping_of(entry).get("name") or "")
            source = inside / path
            if not path or has_dependency(target, entry) or chart in (".", "..") or "/" in chart:
                continue
            # A link on the way may lead anywhere.
            if os.path.realpath(source) == str(source) and (source / "Chart.yaml").is_file():
                copy_chart_for_engine(source, target / "charts" / chart, inside, find, depth + 1)


def _dependencies(file: Path) -> list[Any]:
    try:
        data = parse(file.read_text(encoding="utf-8")) if file.is_file() else None
    except (OSError, ValueError, YamlFault):
        return []
    return list(items_of(mapping_of(data).get("dependencies")))


def local_dependency(folder: str, entry: Any) -> str:
    """The folder of the repository that a dependency of the chart in ``folder`` names with file://, or ""."""
    scheme, found, path = str(mapping_of(entry).get("repository") or "").partition("file://")
    if scheme or not found or path.startswith("/"):
        return ""
    inner = posixpath.normpath(posixpath.join(folder, path))
    return "" if inner in (".", "..") or inner.startswith("../") or inner == folder else inner


def dependency_reference(entry: Mapping[str, Any], lock: Any) -> ChartReference:
    """The chart of an entry of a chart's dependencies; ``lock`` is the content of Chart.lock."""
    name, source = str(entry.get("name") or ""), str(entry.get("repository") or "")
    locked = next(
        (
            str(item.get("version") or "")
            for item in map(mapping_of, items_of(mapping_of(lock).get("dependencies")))
            if (item.get("name"), item.get("repository")) == (name, source)
        ),
        "",
    )
    return ChartReference(name, str(entry.get("version") or ""), source, locked)


def _lock_beside(file: Path) -> Any:
    try:
        return parse(file.with_suffix(".lock").read_text(encoding="utf-8"))
    except (OSError, ValueError, YamlFault):
        return None


def has_dependency(folder: Path, entry: Any) -> bool:
    """Whether the chart in ``folder`` contains the chart of an entry of its dependencies."""
    name = str(mapping_of(entry).get("name") or "")
    charts = folder / "charts"
    if not name or "/" in name or not charts.is_dir():
        return False
    return (charts / name / "Chart.yaml").is_file() or any(charts.glob(f"{glob.escape(name)}-[0-9v]*.tgz"))


def unpack_chart(archive: Path, target: Path) -> None:
    """Unpack a chart's archive. Raises ChartFault if it is not an archive or exceeds the limit."""
    quota = _Quota(str(archive))
    try:
        with gzip.open(archive) as packed:
            # Count the unpacked bytes before they are parsed: a header alone can be gigabytes.
            content = _Counted(packed, quota.take)
            with tarfile.open(fileobj=content, mode="r|") as members:
                for member in members:
                    _unpack_member(members, member, target, archive, quota)
    except (OSError, tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ChartFault(f"{archive}: not a chart archive: {reason}; download it again") from None


def _unpack_member(
    members: tarfile.TarFile, member: tarfile.TarInfo, target: Path, archive: Path, quota: _Quota
) -> None:
    name = PurePosixPath(member.name)
    if member.isdir():
        return
    if not member.isreg():
        raise ChartFault(f"{archive}: {member.name} is not a regular file; package the chart again with helm")
    if name.is_absolute() or ".." in name.parts:
        raise ChartFault(
            f"{archive}: {member.name} is outside the chart's folder; package the chart again with helm"
        )
    quota.add_file()
    source = members.extractfile(member)
    assert source is not None
    destination = target / name
    destination.parent.mkdir(parents=True, exist_ok=True)
    with destination.open("xb") as file:
        while block := source.read(_BLOCK):
            file.write(block)


def _walk(folder: Path) -> Iterator[str]:
    """All paths below a folder except folders; links are not followed."""
    for place, folders, files in os.walk(folder, followlinks=False):
        inner = os.path.relpath(place, folder)
        linked = [name for name in folders if os.path.islink(os.path.join(place, name))]  # noqa: PTH114, PTH118
        folders[:] = sorted(name for name in folders if name not in linked and name.lower() != ".git")
        yield from (os.path.normpath(f"{inner}/{name}") for name in sorted([*files, *linked]))


class _Quota:
    """The remaining size and number of files of a chart."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._limit = current().unpacked
        self._bytes = self._limit * 2**20
        self._files = _MAX_FILES

    def take(self, size: int) -> None:
        """Use up bytes. Raises ChartFault."""
        self._bytes -= size
        if self._bytes < 0:
            raise ChartFault(
                f"{self._name}: contains more than {self._limit} MiB: not rendered; "
                f"raise the limit with {current().option('unpacked')}"
            )

    def add_file(self) -> None:
        """Use up a file. Raises ChartFault."""
        self._files -= 1
        if self._files < 0:
            raise ChartFault(f"{self._name}: contains more than {_MAX_FILES:,} files: not rendered")


class _Counted(io.RawIOBase):
    """A stream that counts the bytes read."""

    def __init__(self, source: gzip.GzipFile, take: Callable[[int], None]) -> None:
        self._source = source
        self._take = take

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size if 0 <= size <= _BLOCK else _BLOCK)
        self._take(len(block))
        return block
