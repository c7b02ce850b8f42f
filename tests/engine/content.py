"""What the repository fetches: git over smart HTTP and Helm repositories, under their real host names.

/etc/hosts of the namespace leads every host here, and the controllers trust the run's own authority, so that
a generated repository is tested as it is.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from engine.isolation import bind
from engine.pki import Authority


@dataclass
class Content:
    """The web as the cluster sees it: git repositories and files by URL."""

    folder: Path
    authority: Authority
    repositories: dict[str, Path] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)
    server: ThreadingHTTPServer | None = None

    @property
    def trusted(self) -> Path:
        """File with the authority that signs every host's certificate."""
        return self.folder / "trusted.crt"

    def start(self, hosts: set[str]) -> None:
        """Serve these host names on the loopback's port 443."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.trusted.write_bytes(self.authority.certificate)
        self.authority.server("content", *sorted(hosts)).write(self.folder, "content")
        names = self.folder / "hosts"
        names.write_text("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {host}\n" for host in sorted(hosts)))
        bind(names, Path("/etc/hosts"))
        self.server = ThreadingHTTPServer(("127.0.0.1", 443), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "content.crt", self.folder / "content.key")
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self.server.serve_forever, name="content", daemon=True).start()

    def stop(self) -> None:
        """Serve no more."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()


def _handler(content: Content) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            url = f"https://{self.headers.get('Host', '').removesuffix(':443')}{parts.path}"
            content.asked.append(url)
            for root, repository in content.repositories.items():
                for name in (root, root.removesuffix(".git")):
                    if url.startswith(f"{name}/"):
                        self._git(repository, url.removeprefix(name), parts.query)
                        return
            body = content.files.get(url) if url not in content.withheld else None
            self._answer(200 if body is not None else 404, body if body is not None else b"not here\n")

        def _git(self, repository: Path, path: str, query: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            environment = {
                "GIT_PROJECT_ROOT": str(repository),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(length),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            }
            done = subprocess.run(
                ["git", "http-backend"],
                input=self._body(length),
                env={**os.environ, **environment},
                capture_output=True,
                check=False,
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            status = int(headers.pop("Status", "200").split()[0])
            self._answer(status, body, headers)

        def _body(self, length: int) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(length)
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
