"""Lists of ports in Linkerd's annotations, and the ports of pods and Services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.workloads import Workload, may_be_meshed, workloads, workloads_in

OPAQUE = "config.linkerd.io/opaque-ports"
SKIP_IN, SKIP_OUT = "config.linkerd.io/skip-inbound-ports", "config.linkerd.io/skip-outbound-ports"
# source: linkerd2 charts/linkerd-control-plane/values.yaml, proxy.opaquePorts.
DEFAULT_OPAQUE = frozenset({25, 587, 3306, 4444, 5432, 6379, 9300, 11211})
# The ports that the injector gives each pod it meshes. source: linkerd2 charts/partials/templates/_proxy.tpl.
_PROXY = ((4143, "linkerd-proxy"), (4191, "linkerd-admin"))
_ENTRY = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?\Z")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_LAST = 65535


@dataclass(frozen=True)
class PortList:
    """Numbers, names, and what is neither."""

    numbers: frozenset[int]
    names: frozenset[str]
    wrong: tuple[str, ...]


def read_ports(value: Any) -> PortList:
    """``80,443,8000-8010,metrics``. Ranges are taken apart."""
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
    containers = workload.pod.get("containers")
    for at, container in enumerate(containers if isinstance(containers, list) else []):
        ports = container.get("ports") if isinstance(container, dict) else None
        for entry, port in enumerate(ports if isinstance(ports, list) else []):
            number = port.get("containerPort") if isinstance(port, dict) else None
            if isinstance(number, int) and port.get("protocol", "TCP") == "TCP":
                yield number, str(port.get("name") or ""), at, entry


def pod_ports(model: Model, workload: Workload) -> set[tuple[int, str]]:
    """Number and name of every TCP port of a pod as it runs: its proxy's too, where it may have one."""
    own = {(number, name) for number, name, _, _ in container_ports(workload)}
    return own.union(_PROXY) if may_be_meshed(model, workload) else own


def selected_by(model: Model, service: Item) -> Iterator[Workload]:
    """The workloads whose pods a Service selects."""
    selector = service.mapping("spec", "selector")
    if selector:
        yield from selected(model, service.cluster, service.namespace, {"matchLabels": selector})


def selected(model: Model, cluster: str, namespace: str, selector: Any) -> Iterator[Workload]:
    """The workloads of a namespace whose pods a label selector takes; not all are looked at for each."""
    wanted = selector.get("matchLabels") if isinstance(selector, dict) else None
    if isinstance(wanted, dict) and wanted:
        by_label = model.once(_workloads_by_label)
        lists = (by_label.get((cluster, namespace, f"{key}={value}"), []) for key, value in wanted.items())
        candidates = min(lists, key=len)
    else:
        candidates = workloads_in(model, cluster, namespace)
    return (workload for workload in candidates if matches(selector, workload.labels))


def services_selected(model: Model, cluster: str, namespace: str, selector: Any) -> Iterator[Item]:
    """The Services of a namespace that a label selector takes."""
    known = model.once(_services_by_label)
    wanted = selector.get("matchLabels") if isinstance(selector, dict) else None
    if isinstance(wanted, dict) and wanted:
        lists = (known.get((cluster, namespace, f"{key}={value}"), []) for key, value in wanted.items())
        candidates = min(lists, key=len)
    else:
        candidates = known.get((cluster, namespace), [])
    return (item for item in candidates if matches(selector, item.labels))


def _services_by_label(model: Model) -> dict[tuple[str, ...], list[Item]]:
    """Services by cluster and namespace, and by cluster, namespace and each of their labels."""
    found: dict[tuple[str, ...], list[Item]] = {}
    for item in model.items("Service", ""):
        found.setdefault((item.cluster, item.namespace), []).append(item)
        for key, value in item.labels.items():
            found.setdefault((item.cluster, item.namespace, f"{key}={value}"), []).append(item)
    return found


def _workloads_by_label(model: Model) -> dict[tuple[str, str, str], list[Workload]]:
    """Workloads by cluster, namespace and each label of their pods."""
    found: dict[tuple[str, str, str], list[Workload]] = {}
    for workload in workloads(model):
        item = workload.item
        for key, value in workload.labels.items():
            found.setdefault((item.cluster, item.namespace, f"{key}={value}"), []).append(workload)
    return found


def matches(selector: Any, labels: Any) -> bool:
    """Whether a label selector takes these labels; one that is not understood takes none.

    source: Kubernetes LabelSelector; an empty one takes everything.
    """
    if not isinstance(selector, dict):
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for term in selector.get("matchExpressions") or []:
        value, wanted = labels.get(term.get("key")), term.get("values") or []
        fits = {
            "In": value in wanted,
            "NotIn": value not in wanted,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not fits.get(str(term.get("operator")), False):
            return False
    return True
