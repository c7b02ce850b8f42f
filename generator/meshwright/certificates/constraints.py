"""Name constraints of CAs, applied to the names of all certificates below them as Go applies them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from meshwright.certificates.certificate import Certificate

_Names = Iterable[x509.GeneralName]
_Match = Callable[[Any, Any], bool]


def excluded_name(chain: Sequence[Certificate], dns_name: str) -> tuple[Certificate, str] | None:
    """The CA that does not permit a name below it, and the name; None if all are permitted.

    ``chain`` leads from the identity issuer to the anchor; ``dns_name`` is the name of a certificate that the
    issuer signs.
    """
    for place, ca in enumerate(chain):
        limits = ca.extension(x509.NameConstraints)
        if limits is None:
            continue
        below: list[x509.GeneralName] = [x509.DNSName(dns_name)]
        for other in chain[:place]:
            below += other.extension(x509.SubjectAlternativeName) or ()
        for name in below:
            if not _is_permitted(name, limits):
                return ca, str(name.value)
    return None


def _is_permitted(name: x509.GeneralName, limits: x509.NameConstraints) -> bool:
    for kind, matches in _MATCHES.items():
        if isinstance(name, kind):
            value = _value(name)
            permitted = list(_of(limits.permitted_subtrees, kind))
            if value is None or (permitted and not any(matches(value, limit) for limit in permitted)):
                return False
            excluded = list(_of(limits.excluded_subtrees, kind))
            return not any(matches(value, limit) or _covers(value, limit) for limit in excluded)
    return True


def _covers(name: Any, limit: Any) -> bool:
    """Whether a wildcard stands for an excluded name, among others."""
    if not isinstance(name, str) or not isinstance(limit, str) or not name.startswith("*"):
        return False
    return "." in limit and name[1:].lower() == limit[limit.index(".") :].lower()


def _of(trees: _Names | None, kind: type[x509.GeneralName]) -> Iterator[Any]:
    return (tree.value for tree in trees or () if isinstance(tree, kind))


def _value(name: x509.GeneralName) -> Any:
    """What is compared; None if Go cannot compare it, which permits nothing."""
    if isinstance(name, x509.UniformResourceIdentifier):
        try:
            host = urlsplit(name.value).hostname
        except ValueError:
            return None
        return None if not host or _is_address(host) else host
    return name.value


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _dns(name: str, limit: str) -> bool:
    """Whether a name is ``limit`` or below it; a leading dot excludes ``limit`` itself."""
    name, limit = name.lower(), limit.lower()
    if not limit:
        return True
    return name == limit or name.endswith(limit if limit.startswith(".") else f".{limit}")


def _address(address: Any, limit: Any) -> bool:
    return address.version == limit.version and address in limit


def _mailbox(address: str, limit: str) -> bool:
    local, _, domain = address.rpartition("@")
    if "@" in limit:
        limited, _, place = limit.rpartition("@")
        return (local, domain.lower()) == (limited, place.lower())
    return _dns(domain, limit)


_MATCHES: dict[type[x509.GeneralName], _Match] = {
    x509.DNSName: _dns,
    x509.IPAddress: _address,
    x509.RFC822Name: _mailbox,
    x509.UniformResourceIdentifier: _dns,
}
