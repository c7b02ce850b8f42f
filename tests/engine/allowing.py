"""A server in place of webhooks and aggregated APIs whose programs are not built here.

Linkerd's policy controller is Rust; tap and prometheus-operator's admission decide nothing that counts here.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOOPBACK = "127.0.0.1"


def allow_all(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server that allows every admission request and serves an aggregated API without resources."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = [part for part in self.path.split("?")[0].split("/") if part]
            if len(parts) == 3 and parts[0] == "apis":
                version = f"{parts[1]}/{parts[2]}"
                self._answer(
                    {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": []}
                )
            else:
                self._answer({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}, 404)

        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self._answer(
                {**review, "request": None, "response": {"uid": review["request"]["uid"], "allowed": True}}
            )

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, body: Mapping[str, object], status: int = 200) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    serve: Callable[[], None] = server.serve_forever
    threading.Thread(target=serve, daemon=True).start()
    return server
