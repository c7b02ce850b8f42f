"""Lists of ports in Linkerd's annotations, and the ports of pods and Services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.model.workloads import Workload, may_be_meshed
from meshwright.yaml.pointer import items_of, mapping_of

OPAQUE = "config.linkerd.io/opaque-ports"
SKIP_IN, SKIP_OUT = "config.linkerd.io/skip-inbound-ports", "config.linkerd.io/skip-outbound-ports"
# source: linkerd2 charts/linkerd-control-plane/values.yaml, proxy.opaquePorts.
DEFAULT_OPAQUE = frozenset({25, 587, 3306, 4444, 5432, 6379, 9300, 11211})
# The ports that the injector adds to each meshed pod. source: linkerd2 charts/partials/templates/_proxy.tpl.
_PROXY = ((4143, "linkerd-proxy"), (4191, "linkerd-admin"))
_ENTRY = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?\Z")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_LAST = 65535


@dataclass(frozen=True)
class PortList:
    """Port numbers, port names, and entries that are neither."""

    numbers: frozenset[int]
    names: frozenset[str]
    wrong: tuple[str, ...]


def read_ports(value: Any) -> PortList:
    """Parse ``80,443,8000-8010,metrics``; ranges are expanded."""
    numbers: set[int] = set()
    names: set[str] = set()
    wrong = []
    for entry in (part.strip() for part in str(value).split(",")):
        found = _ENTRY.match(entry)
        if found:
            first, last = int(found[1]), int(found[2] or found[1])
            if 0 < first <= last <= _LAST:
                numbers.update(range(first, last + 1))
            else:
                wrong.append(entry)
        elif _NAME.match(entry) and not entry.isdigit() and any(char.isalpha() for char in entry):
            names.add(entry)
        elif entry:
            wrong.append(entry)
    return PortList(frozenset(numbers), frozenset(names), tuple(wrong))


def container_ports(workload: Workload) -> Iterator[tuple[int, str, int, int]]:
    """Number, name, container and entry of every TCP port that a pod declares."""
    for at, container in enumerate(items_of(workload.pod.get("containers"))):
        for entry, port in enumerate(items_of(mapping_of(container).get("ports"))):
            number = port.get("containerPort") if isinstance(port, dict) else None
            if isinstance(number, int) and port.get("protocol", "TCP") == "TCP":
                yield number, str(port.get("name") or ""), at, entry


def pod_ports(model: Model, workload: Workload) -> set[tuple[int, str]]:
    """Number and name of every TCP port of a running pod, including its proxy's if it may be meshed."""
    own = {(number, name) for number, name, _, _ in container_ports(workload)}
    return own.union(_PROXY) if may_be_meshed(model, workload) else own
