"""Label selectors: which workloads and Services of a namespace one selects, without comparing it with all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from meshwright.check.model.index import Item, Model
from meshwright.check.model.workloads import Workload, workloads, workloads_in
from meshwright.labelselector import matches
from meshwright.yaml.pointer import items_of

T = TypeVar("T")


def selected_by(model: Model, service: Item) -> Iterator[Workload]:
    """The workloads whose pods a Service selects."""
    selector = service.mapping("spec", "selector")
    if selector:
        yield from selected(model, service.cluster, service.namespace, {"matchLabels": selector})


def selected(model: Model, cluster: str, namespace: str, selector: Any) -> Iterator[Workload]:
    """The workloads of a namespace whose pods match a label selector, found through an index."""
    by_label = model.once(_workloads_by_label)
    keys = _narrowest(by_label, (cluster, namespace), selector)
    candidates = workloads_in(model, cluster, namespace) if keys is None else _of(by_label, keys)
    return (workload for workload in candidates if matches(selector, workload.labels))


def services_selected(model: Model, cluster: str, namespace: str, selector: Any) -> Iterator[Item]:
    """The Services of a namespace that match a label selector."""
    by_label = model.once(_services_by_label)
    keys = _narrowest(by_label, (cluster, namespace), selector)
    candidates = _of(by_label, [(cluster, namespace, "")] if keys is None else keys)
    return (item for item in candidates if matches(selector, item.labels))


_Key = tuple[str, str, str]


def _narrowest(
    known: Mapping[_Key, Sequence[Any]], space: tuple[str, str], selector: Any
) -> list[_Key] | None:
    """The keys of ``known`` that cover everything ``selector`` may match, as few as possible; or None.

    The term with the fewest candidates decides: a label, one of several values, or the presence of a label.
    """
    if not isinstance(selector, dict):
        return None
    ways: list[list[_Key]] = []
    labels = selector.get("matchLabels")
    if isinstance(labels, dict):
        ways += [[(*space, f"{key}={value}")] for key, value in labels.items()]
    for term in items_of(selector.get("matchExpressions")):
        if not isinstance(term, dict):
            continue
        key, operator, values = term.get("key"), term.get("operator"), term.get("values")
        if operator == "In" and isinstance(values, list):
            ways.append(list(dict.fromkeys((*space, f"{key}={value}") for value in values)))
        elif operator == "Exists":
            ways.append([(*space, str(key))])
    return min(ways, key=lambda way: sum(len(known.get(key, ())) for key in way), default=None)


def _of(known: Mapping[_Key, Sequence[T]], keys: Iterable[_Key]) -> Iterator[T]:
    # An object has one value per label, so it is below at most one of the keys.
    return (item for key in keys for item in known.get(key, ()))


def _services_by_label(model: Model) -> dict[_Key, list[Item]]:
    """Services by cluster, namespace and "", each label's key, and key=value."""
    found: dict[_Key, list[Item]] = {}
    for item in model.items("Service", ""):
        for text in ("", *_label_keys(item.labels)):
            found.setdefault((item.cluster, item.namespace, text), []).append(item)
    return found


def _workloads_by_label(model: Model) -> dict[_Key, list[Workload]]:
    """Workloads by cluster, namespace and each label of their pods: its key, and key=value."""
    found: dict[_Key, list[Workload]] = {}
    for workload in workloads(model):
        item = workload.item
        for text in _label_keys(workload.labels):
            found.setdefault((item.cluster, item.namespace, text), []).append(workload)
    return found


def _label_keys(labels: Mapping[str, Any]) -> Iterator[str]:
    for key, value in labels.items():
        yield str(key)
        yield f"{key}={value}"
