"""URLs and addresses that requests may go to."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse

from meshwright.errors import MeshwrightError

_URL = re.compile(r"[!-~]{1,4096}\Z")


class WebFault(MeshwrightError):
    """A request that was refused or failed; the message names the URL."""


def host_of(url: str) -> str:
    """The host name of a URL, in lower case. Raises WebFault for a text that is no URL of one."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not _URL.match(url):
        raise WebFault(f"{url}: not the URL of a host")
    if "@" in parts.netloc:
        raise WebFault(f"{host}: the URL contains credentials; remove them, no credentials are sent")
    return host


def unreachable(url: str, host: str, address: str) -> str:
    """The message for a URL whose host has an address that is not public."""
    return (
        f"{url}: {address} is not a public address, so it is not requested; "
        f"if you know this host, add --allow-host {host}"
    )


def is_named_private(host: str) -> bool:
    """Whether a name says by itself that it is not public, for requests through a proxy."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_public(address: str) -> bool:
    """Whether an IP address, with or without a zone, is one of the public network; False for other texts."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: a loopback address or ``localhost``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_loopback_http(url: str) -> bool:
    """Whether a URL is plain HTTP to this machine. Raises WebFault for a text that is no URL of a host."""
    return scheme_of(url) == "http" and is_loopback(host_of(url))


def scheme_of(url: str) -> str:
    """The scheme of a URL, in lower case."""
    return url.partition(":")[0].lower()


def origin_of(url: str) -> tuple[str, str]:
    """The scheme and the host with its port, in lower case: what credentials are for."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def joined(url: str, target: str) -> str:
    """Where a redirect from ``url`` leads. Raises WebFault for a target that is no URL."""
    try:
        return urllib.parse.urljoin(url, urllib.parse.quote(target, safe="!#$%&'()*+,/:;=?@[]~"))
    except ValueError:
        raise WebFault(f"{url} redirects to {target!r}, which is not a URL") from None
