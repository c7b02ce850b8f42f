"""Chart archives under the names, hosts and versions that a repository asks for.

Real where a Go module carries the chart: Linkerd's (at the newest version that the module proxy serves,
packaged under the version that the repository pins), cert-manager's, trust-manager's. Otherwise a small
stand-in of this project's own in charts/, with a closed schema for the values that the template sets.
A folder of real archives, <name>-<version>.tgz, comes before both.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from engine.builds import module_folder

HERE = Path(__file__).resolve().parent
STAND_INS = HERE / "charts"
LINKERD_FOLDERS = {
    "linkerd-crds": "charts",
    "linkerd-control-plane": "charts",
    "linkerd2-cni": "charts",
    "linkerd-viz": "viz/charts",
    "linkerd-multicluster": "multicluster/charts",
}


class ChartError(Exception):
    """A chart that the repository asks for is nowhere."""


@dataclass(frozen=True)
class Asked:
    """A chart as a HelmRelease or an Application names it."""

    url: str
    name: str
    version: str


@dataclass(frozen=True)
class Source:
    """A chart's files, and what is another in them."""

    folder: Path
    partials: Path | None = None
    replaced: tuple[tuple[str, str, str], ...] = ()


def files(asked: set[Asked], archives: Path | None = None) -> dict[str, bytes]:
    """What the chart hosts serve: URL -> content, indexes included.

    Raises:
        ChartError: a chart is neither in the archives, nor real, nor a stand-in.
    """
    served: dict[str, bytes] = {}
    indexes: dict[str, dict[str, list[dict[str, object]]]] = {}
    for one in sorted(asked, key=lambda chart: (chart.url, chart.name, chart.version)):
        data = _archive(one, archives)
        location = f"{one.url.rstrip('/')}/{one.name}-{one.version}.tgz"
        served[location] = data
        entry: dict[str, object] = {
            "apiVersion": "v2",
            "name": one.name,
            "version": one.version,
            "urls": [location],
            "digest": hashlib.sha256(data).hexdigest(),
        }
        indexes.setdefault(one.url.rstrip("/"), {}).setdefault(one.name, []).append(entry)
    for url, entries in indexes.items():
        index = {"apiVersion": "v1", "entries": entries, "generated": "2026-01-01T00:00:00Z"}
        served[f"{url}/index.yaml"] = yaml.safe_dump(index).encode()
    return served


def _archive(asked: Asked, archives: Path | None) -> bytes:
    given = archives / f"{asked.name}-{asked.version}.tgz" if archives else None
    if given is not None and given.exists():
        return given.read_bytes()
    source = _source(asked)
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        for path, data in sorted(_contents(source, asked).items()):
            member = tarfile.TarInfo(f"{asked.name}/{path}")
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def _contents(source: Source, asked: Asked) -> dict[str, bytes]:
    found = _tree(source.folder)
    if source.partials is not None:
        found.update({f"charts/partials/{path}": data for path, data in _tree(source.partials).items()})
    for path, old, new in source.replaced:
        if old.encode() not in found[path]:
            raise ChartError(f"chart {asked.name}: {path} has no {old!r}")
        found[path] = found[path].replace(old.encode(), new.encode())
    about = yaml.safe_load(found["Chart.yaml"])
    about["version"] = asked.version
    about["appVersion"] = _edge(asked) if source.partials else about.get("appVersion") or asked.version
    if "v0.0.0" in str(about["appVersion"]):
        about["appVersion"] = asked.version
    found["Chart.yaml"] = yaml.safe_dump(about).encode()
    return found


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _edge(asked: Asked) -> str:
    """The release of Linkerd that a chart's version stands for: 2026.8.3 is edge-26.8.3."""
    return f"edge-{asked.version.removeprefix('20')}"


def _source(asked: Asked) -> Source:
    name = asked.name
    if name in LINKERD_FOLDERS:
        module = module_folder("linkerd")
        folder = module / LINKERD_FOLDERS[name] / name
        replaced: tuple[tuple[str, str, str], ...] = ()
        if name in ("linkerd-control-plane", "linkerd-viz", "linkerd-multicluster"):
            # What the pinned chart says of itself: in truth, too, an upgrade changes images and labels.
            replaced = (("values.yaml", "linkerdVersionValue", _edge(asked)),)
        if name == "linkerd-control-plane":
            # The default of the pinned version, which is newer than this module.
            replaced += (("values.yaml", "nativeSidecar: false", "nativeSidecar: true"),)
        return Source(folder, module / "charts" / "partials", replaced)
    for project in ("cert-manager", "trust-manager"):
        if name == project:
            module = module_folder(project)
            return Source(module / "deploy" / "charts" / project)
    folder = STAND_INS / name
    if not folder.is_dir():
        raise ChartError(f"chart {name}: not in --charts, not in a Go module, and no stand-in in {STAND_INS}")
    return Source(folder)
