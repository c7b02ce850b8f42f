"""Ports whose protocol the proxy cannot detect, and the proxy's own ports."""

from __future__ import annotations

from dataclasses import dataclass

# linkerd-control-plane 2026.8.3, values proxy.ports.
PROXY_PORTS = {4140: "outbound port", 4143: "inbound port", 4190: "control port", 4191: "admin port"}


@dataclass(frozen=True)
class KnownPort:
    """``what`` usually listens there; ``why`` is phrased to follow it."""

    what: str
    why: str


_SERVER_FIRST = "where the server speaks first"
_GOSSIP = "which only its members speak with each other"
_BINARY = "which protocol detection does not recognize, after a delay of ten seconds"
# linkerd.io, Protocol Detection; ports of the products' own documentation.
_KNOWN = {
    25: KnownPort("SMTP", _SERVER_FIRST),
    587: KnownPort("SMTP", _SERVER_FIRST),
    3306: KnownPort("MySQL", _SERVER_FIRST),
    4222: KnownPort("NATS", _SERVER_FIRST),
    4444: KnownPort("Galera", _SERVER_FIRST),
    5432: KnownPort("PostgreSQL", _SERVER_FIRST),
    5671: KnownPort("AMQP", _BINARY),
    5672: KnownPort("AMQP", _BINARY),
    6222: KnownPort("NATS' cluster port", _SERVER_FIRST),
    6379: KnownPort("Redis", _BINARY),
    7946: KnownPort("memberlist", _GOSSIP),
    9092: KnownPort("Kafka", _BINARY),
    9094: KnownPort("Alertmanager's gossip", _GOSSIP),
    9200: KnownPort("Elasticsearch, HTTPS by default", "which the proxy cannot read"),
    9300: KnownPort("Elasticsearch's transport", _BINARY),
    11211: KnownPort("memcached", _BINARY),
    25672: KnownPort("RabbitMQ's cluster port", _BINARY),
    26379: KnownPort("Redis Sentinel", _BINARY),
    27017: KnownPort("MongoDB", _BINARY),
}


def known_port(number: int) -> KnownPort | None:
    """The service that usually listens on a port that should be opaque; None for other ports."""
    return _KNOWN.get(number)


def opaque_numbers(value: str) -> frozenset[int]:
    """The ports of a list such as "25,587,7000-7010"."""
    found: set[int] = set()
    for part in value.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdigit() and (last or first).isdigit():
            found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)
