"""The only module that connects to the network: HTTP requests that are limited in size, time and reach.

An answer never decides what is read next without limits: redirects are followed here, only to https, and
only to addresses that the public network has, unless the user names the host. No credentials, cookies or
.netrc are read; a header that the caller gives for one host is not sent to another.
"""

from __future__ import annotations

import contextlib
import email.message
import http.client
import io
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from meshwright import __version__
from meshwright.webaddress import (
    WebFault,
    host_of,
    is_loopback,
    is_loopback_http,
    is_named_private,
    is_public,
    joined,
    origin_of,
    scheme_of,
    unreachable,
)

# Seconds without a response or data.
_SOCKET_SECONDS = 15.0
# Seconds for one exchange, redirects included.
_WHOLE_SECONDS = 300.0
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BLOCK_BYTES = 1 << 18
_HEADER = re.compile(r"[ -~]{0,16384}\Z")


@dataclass(frozen=True)
class Page:
    """An answer. ``body`` is empty if it went into the caller's file; ``url`` is where it came from."""

    status: int
    headers: email.message.Message
    url: str
    body: bytes


@dataclass(frozen=True)
class Web:
    """How far requests may reach.

    ``hosts`` are host names that may have private and loopback addresses. ``anywhere`` allows every address
    and plain HTTP, for a URL from the user.
    """

    hosts: Collection[str] = ()
    anywhere: bool = False
    socket_seconds: float = _SOCKET_SECONDS
    whole_seconds: float = _WHOLE_SECONDS

    def get(
        self,
        url: str,
        most: int,
        *,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        into: IO[bytes] | None = None,
    ) -> Page:
        """Request ``url`` and return an answer of at most ``most`` bytes, or write it ``into`` a file.

        ``accept`` lists statuses from 400 on that are answers too. Raises WebFault for any other status,
        for a URL or redirect that is not allowed, and if the transfer is too large, too slow or incomplete.
        """
        end, given = time.monotonic() + self.whole_seconds, dict(headers or {})
        for _ in range(_MOST_REDIRECTS + 1):
            with self._answer(url, given, end) as answer:
                target = answer.headers.get("Location") if answer.status in _REDIRECTS else None
                if target is None:
                    return self._read(answer, url, most, accept, into)
            following = joined(url, target)
            if origin_of(following) != origin_of(url):
                given.pop("Authorization", None)
            if not self.anywhere and scheme_of(following) != "https" and not is_loopback_http(url):
                raise WebFault(f"{url} redirects to {following}, which is not https; it was not followed")
            url = following
        raise WebFault(f"{url}: more than {_MOST_REDIRECTS} redirects")

    @contextlib.contextmanager
    def _answer(self, url: str, headers: Mapping[str, str], end: float) -> Iterator[http.client.HTTPResponse]:
        host = self._host_of(url)
        request = urllib.request.Request(url, headers={"User-Agent": f"meshwright/{__version__}"})
        for name, value in headers.items():
            if not _HEADER.match(value):
                raise WebFault(f"{url}: the value of the header {name} is not allowed")
            request.add_unredirected_header(name, value)
        opened = _Opened()
        opener = urllib.request.OpenerDirector()
        is_proxied = _is_proxied(url, host)
        guard = None if self.anywhere or is_proxied or host in self.hosts else self._guard(url, host)
        # No handler for file:, ftp: or data:, and none that follows redirects or answers a challenge.
        for handler in (urllib.request.ProxyHandler(), _PlainHandler(opened, guard), _Secure(opened, guard)):
            opener.add_handler(handler)
        late = threading.Event()

        def ring() -> None:
            late.set()
            opened.stop()

        timer = threading.Timer(max(0.0, end - time.monotonic()), ring)
        timer.daemon = True
        timer.start()
        try:
            answer = opener.open(request, timeout=self.socket_seconds)
            if answer is None:
                raise WebFault(f"{url}: cannot be requested")
            with answer:
                yield answer
        except urllib.error.URLError as error:
            self._raise_if(late, url)
            place = urllib.parse.urlsplit(url).netloc
            raise WebFault(f"{place} cannot be reached: {error.reason}") from error
        except http.client.IncompleteRead as error:
            self._raise_if(late, url)
            raise WebFault(f"{url}: the download stopped after {len(error.partial)} bytes") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._raise_if(late, url)
            raise WebFault(f"{url}: the download stopped: {error or type(error).__name__}") from error
        finally:
            timer.cancel()
        self._raise_if(late, url)

    def _raise_if(self, late: threading.Event, url: str) -> None:
        if late.is_set():
            raise WebFault(f"{url} took longer than {self.whole_seconds:.0f} s")

    def _read(
        self,
        answer: http.client.HTTPResponse,
        url: str,
        most: int,
        accept: Collection[int],
        into: IO[bytes] | None,
    ) -> Page:
        if answer.status >= 300 and answer.status not in accept:
            raise WebFault(f"{url} returned {answer.status} {answer.reason[:80]}")
        told = answer.headers.get("Content-Length", "")
        kept = io.BytesIO() if into is None else into
        size = 0
        # read1 returns what has arrived; read would wait for a whole block from a slow server.
        while block := answer.read1(_BLOCK_BYTES):
            size += len(block)
            if size > most:
                raise WebFault(f"{url} is larger than {most >> 20} MiB")
            kept.write(block)
        # http.client does not report that the connection closed early.
        if told.isdecimal() and size != int(told):
            raise WebFault(f"{url}: the download stopped after {size} of {told} bytes")
        body = kept.getvalue() if isinstance(kept, io.BytesIO) and into is None else b""
        return Page(answer.status, answer.headers, url, body)

    def _host_of(self, url: str) -> str:
        """The host of a URL that may be requested. Raises WebFault."""
        host = host_of(url)
        if self.anywhere:
            return host
        if scheme_of(url) != "https" and not (scheme_of(url) == "http" and is_loopback(host)):
            raise WebFault(f"{url} is not https, so it is not requested")
        if host not in self.hosts and is_named_private(host):
            raise WebFault(unreachable(url, host, host))
        return host

    def _guard(self, url: str, host: str) -> Callable[[str], None]:
        def guard(address: str) -> None:
            if not is_public(address):
                raise WebFault(unreachable(url, host, address))

        return guard


def _is_proxied(url: str, host: str) -> bool:
    return scheme_of(url) in urllib.request.getproxies() and not urllib.request.proxy_bypass(host)


class _Opened:
    """The socket of a request, which another thread can end."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None

    def stop(self) -> None:
        if self.socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket's own method, which ends the encryption and lets the reader fail in odd ways.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class _GuardedConnection(http.client.HTTPConnection):
    """Checks the address that it is connected to, before anything is sent."""

    opened: _Opened
    guard: Callable[[str], None] | None

    def connect(self) -> None:
        super().connect()
        self.opened.socket = self.sock
        if self.guard is not None:
            try:
                self.guard(str(self.sock.getpeername()[0]))
            except BaseException:
                self.sock.close()
                raise


class _SecureConnection(http.client.HTTPSConnection, _GuardedConnection):
    def connect(self) -> None:
        super().connect()
        self.opened.socket = self.sock


class _PlainHandler(urllib.request.HTTPHandler):
    def __init__(self, opened: _Opened, guard: Callable[[str], None] | None) -> None:
        super().__init__()
        self._bound = {"opened": opened, "guard": guard}

    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_made(_GuardedConnection, self._bound), request)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, opened: _Opened, guard: Callable[[str], None] | None) -> None:
        super().__init__()
        self._bound = {"opened": opened, "guard": guard}

    def https_open(self, request: urllib.request.Request) -> Any:
        context = ssl.create_default_context()
        return self.do_open(_made(_SecureConnection, self._bound), request, context=context)


def _made(kind: type[_GuardedConnection], bound: Mapping[str, Any]) -> Any:
    def make(host: str, **settings: Any) -> http.client.HTTPConnection:
        connection = kind(host, **settings)
        vars(connection).update(bound)
        return connection

    return make
