"""A web server on loopback whose answers are functions of the request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """A request: the path with its query, and the headers in lower case."""

    path: str
    headers: dict[str, str]


@dataclass
class Answer:
    """What the server sends: the parts of ``body`` one after another."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""


@dataclass
class WebServer:
    """Answers by path; a path without one is not found."""

    base: str
    answers: dict[str, Answer | Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The host with its port."""
        return self.base.partition("//")[2]

    @property
    def paths(self) -> list[str]:
        """The paths that were requested, in order."""
        return [item.path for item in self.asked]

    def give(self, asked: Asked) -> Answer:
        """The answer to a request."""
        found = self.answers.get(asked.path) or self.answers.get(asked.path.partition("?")[0])
        if found is None:
            return Answer(404)
        return found(asked) if callable(found) else found


@contextmanager
def serving() -> Iterator[WebServer]:
    """A running server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
            made.asked.append(asked)
            answer = made.give(asked)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for block in [answer.body] if isinstance(answer.body, bytes) else answer.body:
                    self.wfile.write(block)
                    self.wfile.flush()
            except OSError:
                pass

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    made = WebServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
