"""A small client of the API server: read, apply, delete, wait. One connection a thread, kept open."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml

from engine.pki import Pair

Object = dict[str, Any]
SERVER = "127.0.0.1"
PORT = 6443


class ApiError(OSError):
    """The API server said no; to whoever waits for it, no different from no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass
class Api:
    """Asks an API server, as one user."""

    context: ssl.SSLContext
    port: int = PORT
    resources: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)
    local: threading.local = field(default_factory=threading.local)

    def request(self, method: str, path: str, body: object = None, content: str = "application/json") -> Any:
        """One request.

        Raises:
            ApiError: the answer is an error.
            OSError: there is no answer.
        """
        data = json.dumps(body).encode() if body is not None else None
        for attempt in (1, 2):
            connection: http.client.HTTPSConnection | None = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection(SERVER, self.port, context=self.context, timeout=60)
                self.local.connection = connection
            try:
                connection.request(
                    method, path, data, {"Content-Type": content, "Accept": "application/json"}
                )
                answer = connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.local.connection = None
                if attempt == 2:
                    raise OSError(str(error)) from error
        if answer.status >= 400:
            raise ApiError(answer.status, _message(text))
        return json.loads(text) if text.startswith(b"{") else text.decode()

    def path(self, version: str, kind: str, namespace: str | None = None, name: str | None = None) -> str:
        """The path of a kind's collection or of one object; namespace is ignored for kinds that have none."""
        plural, namespaced = self._resource(version, kind)
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        middle = f"/namespaces/{namespace}" if namespaced and namespace else ""
        return f"{root}{middle}/{plural}" + (f"/{quote(name)}" if name else "")

    def get(self, version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None."""
        try:
            found: Object = self.request("GET", self.path(version, kind, namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return found

    def list(
        self, version: str, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """All objects of a kind; none when the kind is not served."""
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        query = f"?{urlencode({'labelSelector': selector})}" if selector else ""
        try:
            found = self.request("GET", self.path(version, kind, namespace) + query)
        except ApiError as error:
            if error.status == 404:
                return []
            raise
        return [{"apiVersion": version, "kind": kind, **item} for item in found["items"]]

    def apply(self, manifest: Object, manager: str = "engine") -> Object:
        """Server-side apply."""
        meta = manifest["metadata"]
        path = self.path(manifest["apiVersion"], manifest["kind"], meta.get("namespace"), meta["name"])
        applied: Object = self.request(
            "PATCH", f"{path}?fieldManager={manager}&force=true", manifest, "application/apply-patch+yaml"
        )
        return applied

    def merge(self, target: Object, patch: Object, subresource: str = "") -> Object:
        """A merge patch on an object."""
        meta = target["metadata"]
        path = self.path(target["apiVersion"], target["kind"], meta.get("namespace"), meta["name"])
        patched: Object = self.request("PATCH", path + subresource, patch, "application/merge-patch+json")
        return patched

    def delete(self, version: str, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete one object; a missing one is no error."""
        try:
            self.request("DELETE", self.path(version, kind, namespace, name))
        except ApiError as error:
            if error.status != 404:
                raise

    def _resource(self, version: str, kind: str) -> tuple[str, bool]:
        if (version, kind) not in self.resources:
            for item in self.request("GET", f"/api/{version}" if "/" not in version else f"/apis/{version}")[
                "resources"
            ]:
                if "/" not in item["name"]:
                    self.resources[version, item["kind"]] = (item["name"], item["namespaced"])
        if (version, kind) not in self.resources:
            raise ApiError(404, f"no kind {kind} in {version}")
        return self.resources[version, kind]


def connect(authority: bytes, pair: Pair, folder: Any, port: int = PORT) -> Api:
    """A client for the user of a certificate; the pair is written to the folder, as ssl wants files."""
    pair.write(folder, "client")
    context = ssl.create_default_context(cadata=authority.decode())
    context.load_cert_chain(folder / "client.crt", folder / "client.key")
    return Api(context, port)


def conditions(item: Object) -> dict[str, Object]:
    """An object's conditions by type."""
    return {one["type"]: one for one in item.get("status", {}).get("conditions") or []}


def documents(stream: Iterable[Any]) -> list[Object]:
    """The objects of a YAML stream, lists unfolded."""
    found: list[Object] = []
    for one in stream:
        if isinstance(one, dict):
            found.extend(one["items"] if one.get("kind", "").endswith("List") and "items" in one else [one])
    return found


def read(*paths: Path) -> list[Object]:
    """The objects of some YAML files."""
    return [one for path in paths for one in documents(yaml.load_all(path.read_text(), yaml.CSafeLoader))]


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text).get("message", text.decode()))
    except ValueError:
        return text.decode(errors="replace")[:500]
