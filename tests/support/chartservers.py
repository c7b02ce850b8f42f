"""A chart repository and an OCI registry for a web server, and the objects that name their charts."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.yaml import dump, dump_all
from support.webserver import Answer, Asked, WebServer

TEMPLATE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web"}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: {{ .Values.host }}
      containers: [{name: web, image: "web:{{ .Chart.Version }}"}]
"""


def chart_archive(
    name: str = "web", version: str = "1.0.0", files: Mapping[str, str] | None = None, **more: Any
) -> bytes:
    """A chart's archive, the same bytes each time."""
    content = {
        "Chart.yaml": dump({"apiVersion": "v2", "name": name, "version": version, **more}),
        "values.yaml": "host: false\n",
        "templates/web.yaml": TEMPLATE,
        **(files or {}),
    }
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path, text in content.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Charts:
    """What both servers offer."""

    server: WebServer
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    # The token that the registry asks for; empty if it asks for none.
    token: str = ""

    @property
    def url(self) -> str:
        """The chart repository."""
        return f"{self.server.base}/charts"

    @property
    def oci(self) -> str:
        """The registry's folder of charts."""
        return f"oci://{self.server.host}/team/charts"

    def offer(self, content: bytes, name: str = "web", version: str = "1.0.0", **more: Any) -> str:
        """Put a chart into the repository; returns its digest."""
        file = f"{name}-{version}.tgz"
        self.server.answers[f"/charts/{file}"] = Answer(body=content)
        entry = {"version": version, "urls": [file], "digest": sha256(content), **more}
        self.entries.setdefault(name, []).append(entry)
        index = {"apiVersion": "v1", "entries": self.entries}
        self.server.answers["/charts/index.yaml"] = Answer(body=dump(index).encode())
        return sha256(content)

    def push(self, content: bytes, name: str = "web", tag: str = "1.0.0") -> str:
        """Put a chart into the registry; returns the digest of its manifest."""
        path = f"/v2/team/charts/{name}"
        layer = {
            "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
            "digest": f"sha256:{sha256(content)}",
            "size": len(content),
        }
        config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:" + "0" * 64}
        manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}).encode()
        self.tags.setdefault(name, {})[tag] = sha256(manifest)
        self._guarded(f"{path}/blobs/sha256:{sha256(content)}", Answer(body=content))
        for reference in (tag, f"sha256:{sha256(manifest)}"):
            self._guarded(f"{path}/manifests/{reference}", Answer(body=manifest))
        listed = json.dumps({"name": name, "tags": list(self.tags[name])}).encode()
        self._guarded(f"{path}/tags/list", Answer(body=listed))
        return sha256(manifest)

    def _guarded(self, path: str, answer: Answer) -> None:
        def give(asked: Asked) -> Answer:
            if not self.token or asked.headers.get("authorization") == f"Bearer {self.token}":
                return answer
            realm = f'Bearer realm="{self.server.base}/token",service="registry",scope="repository:team:pull"'
            return Answer(401, {"WWW-Authenticate": realm}, b"{}")

        self.server.answers[path] = give


def release(name: str, chart: Mapping[str, Any], **values: Any) -> dict[str, Any]:
    """A HelmRelease."""
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"interval": "1h", **chart, **({"values": values} if values else {})},
    }


def from_repository(
    url: str, version: str = "1.0.0", name: str = "web", **source: Any
) -> list[dict[str, Any]]:
    """A HelmRelease with its HelmRepository."""
    reference = {"kind": "HelmRepository", "name": "charts"}
    spec = {"chart": name, "sourceRef": reference, **({"version": version} if version else {})}
    return [
        release(name, {"chart": {"spec": spec}}),
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "HelmRepository",
            "metadata": {"name": "charts", "namespace": "shop"},
            "spec": {"url": url, "interval": "1h", **source},
        },
    ]


def from_registry(url: str, **ref: str) -> list[dict[str, Any]]:
    """A HelmRelease with its OCIRepository."""
    return [
        release("web", {"chartRef": {"kind": "OCIRepository", "name": "web"}}),
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"url": url, "interval": "1h", "ref": ref},
        },
    ]


def write(folder: Path, *objects: Mapping[str, Any]) -> None:
    """Write objects and a kustomization.yaml that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "web.yaml").write_text(dump_all(list(objects)))
    (folder / "kustomization.yaml").write_text("resources: [web.yaml]\n")
