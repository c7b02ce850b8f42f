"""A HelmRelease: which chart it installs, and where its values come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.values import ChartReference
from meshwright.yaml.pointer import items_of, mapping_of

__all__ = [
    "ChartReference",
    "ValuesReference",
    "chart_of",
    "is_helm_release",
    "joined_source",
    "values_references",
]

GROUP = "helm.toolkit.fluxcd.io"


@dataclass(frozen=True)
class ValuesReference:
    """One entry of spec.valuesFrom, at ``number``."""

    number: int
    kind: str
    name: str
    key: str
    target: str
    optional: bool


def is_helm_release(built: BuiltObject) -> bool:
    """Whether an object is a HelmRelease; versions before v2 have the same fields as far as they are read."""
    return built.kind == "HelmRelease" and built.group == GROUP


def chart_of(
    release: BuiltObject, find: Callable[[str, str, str], BuiltObject | None]
) -> ChartReference | None:
    """The chart of a release, through chartRef where it has one.

    ``find`` returns a built source or HelmChart by kind, namespace and name.
    """
    spec = mapping_of(release.data.get("spec"))
    inline = mapping_of(mapping_of(spec.get("chart")).get("spec"))
    if inline.get("chart"):
        return _named(inline, release.namespace, find)
    reference = mapping_of(spec.get("chartRef"))
    key = (
        str(reference.get("kind") or ""),
        str(reference.get("namespace") or release.namespace),
        str(reference.get("name") or ""),
    )
    found = find(*key) if key[0] in ("OCIRepository", "HelmChart") else None
    source = mapping_of(found.data.get("spec")) if found is not None else {}
    if found is not None and key[0] == "HelmChart" and source.get("chart"):
        return _named(source, found.namespace, find)
    if key[0] == "OCIRepository" and source.get("url"):
        ref = mapping_of(source.get("ref"))
        home, _, name = str(source["url"]).rstrip("/").rpartition("/")
        # source-controller: the digest counts more than the range, and that more than the tag.
        wanted = str(ref.get("digest") or ref.get("semver") or ref.get("tag") or "latest")
        return ChartReference(name, _oci_version(ref), home, wanted)
    return None


def _oci_version(ref: Mapping[str, Any]) -> str:
    """source: fluxcd source-controller, OCIRepository: a digest comes before a semver, and that before a tag.

    A tag beside a digest is what people read as its version.
    """
    fields = ("tag", "digest") if ref.get("digest") else ("semver", "tag")
    return next((str(ref[field]) for field in fields if ref.get(field)), "")


def values_references(release: BuiltObject) -> Iterator[ValuesReference]:
    """The entries of spec.valuesFrom, in order."""
    for number, entry in enumerate(items_of(mapping_of(release.data.get("spec")).get("valuesFrom"))):
        if isinstance(entry, Mapping):
            yield ValuesReference(
                number,
                str(entry.get("kind") or ""),
                str(entry.get("name") or ""),
                str(entry.get("valuesKey") or "values.yaml"),
                str(entry.get("targetPath") or ""),
                entry.get("optional") is True,
            )


def _named(
    spec: Mapping[str, Any], home: str, find: Callable[[str, str, str], BuiltObject | None]
) -> ChartReference:
    reference = mapping_of(spec.get("sourceRef"))
    namespace, name = str(reference.get("namespace") or home), str(reference.get("name") or "")
    found = find("HelmRepository", namespace, name) if reference.get("kind") == "HelmRepository" else None
    url = str(mapping_of(found.data.get("spec")).get("url") or "") if found is not None else ""
    folder, _, chart = str(spec["chart"]).strip("/").rpartition("/")
    return ChartReference(chart, str(spec.get("version") or ""), joined_source(url, folder))


def joined_source(url: str, folder: str) -> str:
    """The source of a chart whose name has folders in its repository, as in OCI registries."""
    return f"{url.rstrip('/')}/{folder}" if url and folder else url
