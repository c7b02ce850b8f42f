"""A request stays within its limits, whatever a server answers."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from meshwright.web import Web
from meshwright.webaddress import WebFault
from support.webserver import Answer, WebServer, serving

KNOWN = Web(hosts={"127.0.0.1"})
MOST = 1 << 20


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as made:
        yield made


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name resolves to loopback, as one that a hostile name server answers."""
    real = socket.getaddrinfo

    def resolve(_: Any, *arguments: Any, **named: Any) -> Any:
        return real("127.0.0.1", *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_page(server: WebServer) -> None:
    server.answers["/a"] = Answer(headers={"X-Kind": "text"}, body=b"content")
    page = KNOWN.get(f"{server.base}/a", MOST)
    assert (page.status, page.body, page.headers["X-Kind"]) == (200, b"content", "text")


def test_a_page_into_a_file(server: WebServer) -> None:
    server.answers["/a"] = Answer(body=b"content")
    file = io.BytesIO()
    assert KNOWN.get(f"{server.base}/a", MOST, into=file).body == b""
    assert file.getvalue() == b"content"


def test_loopback_is_not_asked_unless_the_user_names_it(server: WebServer) -> None:
    with pytest.raises(
        WebFault, match=r"127\.0\.0\.1 is not a public address.*add --allow-host 127\.0\.0\.1"
    ):
        Web().get(f"{server.base}/a", MOST)
    assert server.asked == []


@pytest.mark.parametrize(
    "host",
    ["10.1.2.3", "192.168.0.9", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "100.64.0.1"],
)
def test_a_private_address_is_not_asked(host: str) -> None:
    with pytest.raises(WebFault, match="is not a public address"):
        Web().get(f"https://{host}/index.yaml", MOST)


@pytest.mark.usefixtures("names")
def test_a_public_name_with_a_private_address_is_not_asked(server: WebServer) -> None:
    port = server.base.rpartition(":")[2]
    with pytest.raises(WebFault, match=r"127\.0\.0\.1 is not a public address"):
        Web().get(f"https://charts.example.org:{port}/index.yaml", MOST)
    assert server.asked == []


@pytest.mark.parametrize("url", ["http://charts.example.org/index.yaml", "ftp://charts.example.org/a"])
def test_only_https_beyond_loopback(url: str) -> None:
    with pytest.raises(WebFault, match="is not https, so it is not requested"):
        Web().get(url, MOST)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https:///a", "https://a b/", "https://a:99999/", "x", "https://ä.example/"]
)
def test_a_text_that_is_no_url_of_a_host(url: str) -> None:
    with pytest.raises(WebFault, match="not the URL of a host"):
        Web().get(url, MOST)


def test_credentials_in_a_url_are_refused_and_not_printed() -> None:
    with pytest.raises(WebFault) as caught:
        Web().get("https://me:hidden@charts.example.org/index.yaml", MOST)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/a",
        "http://192.168.0.1/a",
        "https://10.0.0.1/a",
        "data:,x",
        "gopher://x/",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(server: WebServer, target: str) -> None:
    server.answers["/a"] = Answer(302, {"Location": target})
    with pytest.raises(WebFault):
        KNOWN.get(f"{server.base}/a", MOST)
    assert server.paths == ["/a"]


def test_a_redirect_is_followed_without_the_header_for_another_host(server: WebServer) -> None:
    with serving() as other:
        server.answers["/a"] = Answer(307, {"Location": f"{other.base}/b"})
        other.answers["/b"] = Answer(body=b"there")
        given = {"Authorization": "Bearer secret", "Accept": "x/y"}
        page = KNOWN.get(f"{server.base}/a", MOST, headers=given)
    assert page.body == b"there"
    assert server.asked[0].headers["authorization"] == "Bearer secret"
    assert "authorization" not in other.asked[0].headers
    assert other.asked[0].headers["accept"] == "x/y"


def test_redirects_end(server: WebServer) -> None:
    server.answers["/a"] = Answer(302, {"Location": "/a"})
    with pytest.raises(WebFault, match="more than 5 redirects"):
        KNOWN.get(f"{server.base}/a", MOST)
    assert len(server.asked) == 6


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "3000000"}])
def test_too_large(server: WebServer, headers: dict[str, str]) -> None:
    server.answers["/a"] = Answer(headers=headers, body=(b"x" * 100_000 for _ in range(30)))
    with pytest.raises(WebFault, match="is larger than 1 MiB"):
        KNOWN.get(f"{server.base}/a", MOST)


def test_a_server_that_sends_byte_by_byte_ends_at_the_deadline(server: WebServer) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(200):
            time.sleep(0.05)
            yield b"x"

    server.answers["/a"] = Answer(body=drip())
    started = time.monotonic()
    with pytest.raises(WebFault, match="took longer than 0 s"):
        Web(hosts={"127.0.0.1"}, whole_seconds=0.3).get(f"{server.base}/a", MOST)
    assert time.monotonic() - started < 5


def test_headers_byte_by_byte_end_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a"
        with pytest.raises(WebFault, match="took longer than 0 s"):
            Web(hosts={"127.0.0.1"}, whole_seconds=0.3).get(url, MOST)


def test_cut_short(server: WebServer) -> None:
    server.answers["/a"] = Answer(headers={"Content-Length": "9"}, body=b"half")
    with pytest.raises(WebFault, match="the download stopped after 4 of 9 bytes"):
        KNOWN.get(f"{server.base}/a", MOST)


def test_a_status_is_an_error_unless_it_is_expected(server: WebServer) -> None:
    server.answers["/a"] = Answer(401, {"WWW-Authenticate": "Bearer"})
    with pytest.raises(WebFault, match="/a returned 401 Unauthorized"):
        KNOWN.get(f"{server.base}/a", MOST)
    assert KNOWN.get(f"{server.base}/a", MOST, accept={401}).status == 401


def test_nothing_of_the_environment_is_sent(
    server: WebServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hidden\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    server.answers["/a"] = Answer(headers={"Set-Cookie": "a=b"}, body=b"")
    KNOWN.get(f"{server.base}/a", MOST)
    KNOWN.get(f"{server.base}/a", MOST)
    sent = [
        {*item.headers} - {"host", "user-agent", "accept-encoding", "connection"} for item in server.asked
    ]
    assert sent == [set(), set()]


def test_a_header_with_a_line_break_is_refused(server: WebServer) -> None:
    with pytest.raises(WebFault, match="the value of the header Authorization is not allowed"):
        KNOWN.get(f"{server.base}/a", MOST, headers={"Authorization": "x\r\nHost: y"})
    assert server.asked == []
