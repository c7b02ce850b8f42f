"""The host names that routes serve to clients outside the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from meshwright.check.model.index import Item, Model

_IN_MATCH = re.compile(r"Host\(([^)]*)\)")
_QUOTED = re.compile(r"`([^`]+)`")
_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute")


class PublicHost(NamedTuple):
    """A host name, the route that serves it, and the pointer to it in the route."""

    name: str
    item: Item
    pointer: tuple[str | int, ...]


def public_hosts(model: Model) -> Iterator[PublicHost]:
    """Every host of the Ingresses, the Gateway API's routes and the IngressRoutes of a repository."""
    for item in model.items("Ingress", "networking.k8s.io"):
        yield from hosts_of(item)
    for kind in _ROUTES:
        for item in model.items(kind, "gateway.networking.k8s.io"):
            yield from hosts_of(item)
    for item in model.items("IngressRoute", "traefik.io"):
        yield from hosts_of(item)


def hosts_of(item: Item) -> Iterable[PublicHost]:
    """The hosts of one route."""
    if item.built.kind == "Ingress":
        for number, entry in enumerate(item.list("spec", "rules")):
            if isinstance(entry, dict) and isinstance(entry.get("host"), str):
                yield PublicHost(entry["host"], item, ("spec", "rules", number, "host"))
    elif item.built.kind in _ROUTES:
        for number, name in enumerate(item.list("spec", "hostnames")):
            # A route of the mesh selects requests by the host name that a client asked for.
            if isinstance(name, str) and _has_gateway(item):
                yield PublicHost(name, item, ("spec", "hostnames", number))
    elif item.built.kind == "IngressRoute":
        for number, entry in enumerate(item.list("spec", "routes")):
            match = str(entry.get("match")) if isinstance(entry, dict) else ""
            for names in _IN_MATCH.findall(match):
                for name in _QUOTED.findall(names):
                    yield PublicHost(name, item, ("spec", "routes", number, "match"))


def _has_gateway(item: Item) -> bool:
    parents = (entry for entry in item.list("spec", "parentRefs") if isinstance(entry, dict))
    return any(entry.get("kind", "Gateway") == "Gateway" for entry in parents)
