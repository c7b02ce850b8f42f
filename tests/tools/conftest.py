"""A cache, a PATH, a release server and a go of the tests' own."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from meshwright.tools.catalog import TOOLS, host_platform, wanted_version
from meshwright.tools.download import Checksums
from meshwright.tools.toolcache import CachedTool, cache_entry


@dataclass(frozen=True)
class Sandbox:
    """The cache, the ledger and the only folder on PATH; ``trace`` has a line for each time a script ran."""

    cache: Path
    bin: Path
    trace: Path
    ledger: Path

    def script(self, name: str, body: str, folder: Path | None = None) -> Path:
        """An executable shell script that leaves a trace before it does ``body``."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {name} \"$@\" >> '{self.trace}'\n{body}\n")
        path.chmod(0o755)
        return path

    def runs(self) -> list[str]:
        return self.trace.read_text().splitlines() if self.trace.exists() else []

    def entry(self, name: str) -> CachedTool:
        return cache_entry(TOOLS[name], wanted_version(name))

    def leftovers(self) -> list[str]:
        """Every file in the cache that is no executable with its archive, no record and no lock."""
        known = {*TOOLS, "archive.tar.gz", "record.json", ".lock"}
        return [str(p) for p in self.cache.rglob("*") if p.is_file() and p.name not in known]


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    ledger = tmp_path / "state/meshwright/tools.json"
    made = Sandbox(tmp_path / "cache", tmp_path / "bin", tmp_path / "trace", ledger)
    made.bin.mkdir()
    for spec in TOOLS.values():
        monkeypatch.delenv(spec.variable, raising=False)
    monkeypatch.delenv("MESHWRIGHT_DOWNLOAD_BASE", raising=False)
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(made.cache))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", str(made.bin))
    # A closed port: nothing in these tests may reach beyond loopback.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return made


@pytest.fixture
def fake_go(sandbox: Sandbox) -> Callable[..., Path]:
    """Makes a ``go`` that puts a script of the right name into GOBIN; ``before`` runs first."""

    def make(name: str = "kustomize", before: str = "") -> Path:
        body = f'{before}\nprintf "#!/bin/sh\\necho built" > "$GOBIN/{name}"\n/bin/chmod 755 "$GOBIN/{name}"'
        return sandbox.script("go", body)

    return make


def archive(*members: tuple[str, bytes]) -> bytes:
    """A tar.gz with these regular files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@dataclass
class Release:
    """A server on loopback: answers by path, and the paths that were asked for."""

    base: str
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def path(self, name: str) -> str:
        """The path of a tool's archive for this machine at the pinned version."""
        url = TOOLS[name].url(wanted_version(name), host_platform())
        return "/" + url.split("/", 3)[3]

    def offer(self, name: str, content: bytes, length: int | None = None) -> Checksums:
        """Serve an archive, and give the table of checksums that fits it."""
        headers = {"Content-Length": str(len(content) if length is None else length)}
        self.answers[self.path(name)] = (200, headers, content)
        return table(name, content)


def table(name: str, content: bytes) -> Checksums:
    """A table of checksums with this one archive."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {name: {wanted_version(name): {"sha256": {str(host_platform()): sha256}}}}


@pytest.fixture
def release() -> Iterator[Release]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.requests.append(self.path)
            status, headers, body = made.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for header, value in headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Release(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def make_archive() -> Callable[..., bytes]:
    return archive


@pytest.fixture
def make_table() -> Callable[[str, bytes], Checksums]:
    return table
