"""Reads charts from OCI registries: tags, manifests and archives, with an anonymous token where needed.

source: OCI distribution specification 1.1; the token protocol of distribution/distribution; helm v3,
pkg/registry: the media types of a chart, and that a tag has ``_`` for the ``+`` of a version.
"""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from meshwright.charts.versions import VersionFault, is_version, newest
from meshwright.jsontext import parse_json
from meshwright.manifests.pulledcharts import LARGEST_ARCHIVE
from meshwright.web import Page, Web
from meshwright.webaddress import WebFault
from meshwright.yaml.pointer import items_of, mapping_of

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_ARCHIVES = (_LAYER, "application/tar+gzip", "application/vnd.oci.image.layer.v1.tar+gzip")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})\Z")
_PATH = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9._-]+)*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_HOST = re.compile(r"[a-z0-9.-]+(?::[0-9]{1,5})?\Z|\[[0-9a-f:]+\](?::[0-9]{1,5})?\Z")
_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')
_NEXT = re.compile(r"<([^>]+)>\s*;\s*rel=\"?next\"?")
# Docker's registry has another host than its name.
_ALIASES = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
_SMALL = 4 << 20
_MOST_PAGES, _MOST_TAGS = 50, 50_000


@dataclass(frozen=True)
class Layer:
    """The layer of a manifest that is a chart's archive."""

    digest: str
    version: str


@dataclass
class Registry:
    """One OCI registry; tokens are kept for each repository in it."""

    host: str
    web: Web
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def _base(self) -> str:
        host = _ALIASES.get(self.host, self.host)
        name = host.rpartition(":")[0] if re.search(r":[0-9]+\Z", host) else host
        is_loopback = name in ("localhost", "[::1]") or name.startswith("127.")
        return f"{'http' if is_loopback else 'https'}://{host}/v2"

    def resolve(self, path: str, wanted: str) -> str:
        """The tag or digest that ``wanted`` is: itself, or the newest tag in a range. Raises WebFault."""
        if _DIGEST.match(wanted):
            return wanted
        if is_version(wanted) and _TAG.match(wanted.replace("+", "_")):
            return wanted.replace("+", "_")
        tags = {tag.replace("_", "+"): tag for tag in self._tags(path)}
        try:
            found = newest(tags, wanted)
        except VersionFault:
            if not _TAG.match(wanted):
                raise WebFault(f"{wanted!r} is not a version, a range, a tag or a digest") from None
            found, tags = wanted, {wanted: wanted}
        if found is None:
            shown = f"in the range {wanted!r}" if wanted else "that is a version"
            raise WebFault(f"oci://{self.host}/{path} has no tag {shown}")
        return tags[found]

    def layer(self, path: str, reference: str) -> Layer:
        """The chart's archive in the manifest of a tag or digest. Raises WebFault."""
        page = self._get(f"{self._base}/{path}/manifests/{reference}", path, _SMALL, _MANIFEST)
        told = _DIGEST.match(reference)
        if told and hashlib.sha256(page.body).hexdigest() != told[1]:
            raise WebFault(f"oci://{self.host}/{path}: the manifest does not have the digest {reference}")
        manifest = _json(page)
        layers = [mapping_of(entry) for entry in items_of(manifest.get("layers"))]
        chosen = next(
            (entry for kind in _ARCHIVES for entry in layers if entry.get("mediaType") == kind), None
        )
        digest = _DIGEST.match(str(chosen.get("digest"))) if chosen else None
        if digest is None:
            raise WebFault(f"oci://{self.host}/{path}:{reference} is not a Helm chart")
        version = "" if told else reference.replace("_", "+")
        return Layer(digest[1], version)

    def archive(self, path: str, digest: str) -> bytes:
        """The archive with that SHA-256, which the caller compares. Raises WebFault."""
        return self._get(f"{self._base}/{path}/blobs/sha256:{digest}", path, LARGEST_ARCHIVE).body

    def _tags(self, path: str) -> Iterator[str]:
        url, count = f"{self._base}/{path}/tags/list?n=1000", 0
        for _ in range(_MOST_PAGES):
            page = self._get(url, path, _SMALL)
            for tag in items_of(_json(page).get("tags")):
                count += 1
                if isinstance(tag, str) and _TAG.match(tag):
                    yield tag
            following = _NEXT.search(page.headers.get("Link") or "")
            if following is None:
                return
            target = urllib.parse.urljoin(page.url, following[1])
            if not target.startswith(f"{self._base}/") or count > _MOST_TAGS:
                raise WebFault(f"{page.url}: the list of tags continues at {target}, which is not followed")
            url = target
        raise WebFault(f"{url}: more than {_MOST_PAGES} pages of tags")

    def _get(self, url: str, path: str, most: int, accept: str = "") -> Page:
        headers = {"Accept": accept} if accept else {}
        if token := self._tokens.get(path):
            headers["Authorization"] = f"Bearer {token}"
        page = self.web.get(url, most, headers=headers, accept={401})
        if page.status != 401:
            return page
        token = self._token(page, path)
        self._tokens[path] = token
        return self.web.get(url, most, headers={**headers, "Authorization": f"Bearer {token}"})

    def _token(self, page: Page, path: str) -> str:
        """An anonymous token, from where the registry's challenge says. Raises WebFault."""
        challenge = page.headers.get("WWW-Authenticate") or ""
        scheme, _, parameters = challenge.partition(" ")
        found = dict(_PARAMETER.findall(parameters[:4096]))
        if scheme.lower() != "bearer" or not found.get("realm"):
            raise WebFault(_private(self.host, path))
        asked = {
            "service": found.get("service", ""),
            "scope": found.get("scope") or f"repository:{path}:pull",
        }
        query = urllib.parse.urlencode({name: value for name, value in asked.items() if value})
        try:
            answer = self.web.get(f"{found['realm']}?{query}", _SMALL, accept={400, 401, 403})
        except WebFault as fault:
            raise WebFault(f"{self.host} names a token service that cannot be used: {fault}") from None
        data = _json(answer) if answer.status == 200 else {}
        token = data.get("token") or data.get("access_token")
        if not isinstance(token, str) or not token:
            raise WebFault(_private(self.host, path))
        return token


def _private(host: str, path: str) -> str:
    return (
        f"oci://{host}/{path} is not public, and no credentials are sent; "
        "fetch it with helm pull, and name its folder with --charts"
    )


def split_reference(source: str, name: str) -> tuple[str, str]:
    """The host and the path of a chart in a registry. Raises WebFault."""
    host, _, folder = source.removeprefix("oci://").partition("/")
    path = f"{folder}/{name}".strip("/")
    if not _HOST.match(host) or not _PATH.match(path) or ".." in path:
        raise WebFault(f"{source}/{name}: not the name of a chart in a registry")
    return host, path


def _json(page: Page) -> dict[str, Any]:
    try:
        data = parse_json(page.body)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise WebFault(f"{page.url} did not return a JSON object")
    return data
