"""Ports whose protocol the proxy cannot detect, and the proxy's own ports."""

from __future__ import annotations

from dataclasses import dataclass

from meshwright.apps.podports import ContainerPort

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
    21: KnownPort("FTP", _SERVER_FIRST),
    22: KnownPort("SSH", _SERVER_FIRST),
    23: KnownPort("Telnet", _SERVER_FIRST),
    25: KnownPort("SMTP", _SERVER_FIRST),
    110: KnownPort("POP3", _SERVER_FIRST),
    143: KnownPort("IMAP", _SERVER_FIRST),
    587: KnownPort("SMTP", _SERVER_FIRST),
    3306: KnownPort("MySQL", _SERVER_FIRST),
    4222: KnownPort("NATS", _SERVER_FIRST),
    4444: KnownPort("Galera", _SERVER_FIRST),
    5432: KnownPort("PostgreSQL", _SERVER_FIRST),
    5900: KnownPort("VNC", _SERVER_FIRST),
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


# Parts of a port's name, by which a server that speaks first is known on any number.
_NAMES = {
    "ftp": "FTP",
    "imap": "IMAP",
    "mariadb": "MySQL",
    "mysql": "MySQL",
    "pop3": "POP3",
    "rfb": "VNC",
    "sftp": "SSH",
    "smtp": "SMTP",
    "ssh": "SSH",
    "submission": "SMTP",
    "telnet": "Telnet",
    "vnc": "VNC",
}
# The last part of an image's name, for ports whose name says nothing.
_IMAGES = {
    "mariadb": "MySQL",
    "mysql": "MySQL",
    "mysql-server": "MySQL",
    "openssh-server": "SSH",
    "percona": "MySQL",
    "sftp": "SSH",
    "vsftpd": "FTP",
}
# Names of ports that carry HTTP or encryption, whatever else the container serves.
_OTHER = frozenset(
    {"admin", "api", "exporter", "grpc", "health", "http", "https", "metrics", "monitor", "monitoring"}
    | {"prom", "prometheus", "tls", "ui", "web", "webhook"}
)


def known_port(port: ContainerPort) -> KnownPort | None:
    """What a port serves that should be opaque, by number, name or image; None for other ports.

    Plain HTTP is never among them, on whatever number: NATS' monitoring on 8222 stays visible.
    """
    if found := _KNOWN.get(port.number):
        return found
    parts = port.name.lower().split("-")
    if _OTHER & set(parts):
        return None
    for part in parts:
        if part in _NAMES:
            return KnownPort(_NAMES[part], _SERVER_FIRST)
    image = port.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return KnownPort(_IMAGES[image], _SERVER_FIRST) if image in _IMAGES else None


def opaque_numbers(value: str) -> frozenset[int]:
    """The ports of a list such as "25,587,7000-7010"."""
    found: set[int] = set()
    for part in value.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdigit() and (last or first).isdigit():
            found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)
