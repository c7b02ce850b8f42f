"""Which pods restart because of an update, and which the user must restart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from meshwright.difference.model import ChangeKind, Difference, Field, Key, ObjectDifference
from meshwright.linkerd.upgrades import Pods, Restart
from meshwright.yaml.pointer import dotted

# Of more changes of a layer, these many are named.
_FEW = 3


def changes_by_layer(difference: Difference) -> Mapping[str, list[str]]:
    """The changes of each layer, named as in linkerd/upgrades.yml; a layer has the name of its root."""
    found: dict[str, list[str]] = {}
    for root, item in difference.objects():
        names = found.setdefault(root.name.rpartition("/")[2], [])
        if item.kind != "Namespace" or any(_is_inherited(field) for field in item.fields):
            names.append(f"{item.kind}/{item.name}")
        names += ["version" for _ in item.charts]
        names += [name for field in item.fields for name in _values(item, field)]
    return found


def _is_inherited(field: Field) -> bool:
    """Whether pods take this field of their Namespace over when they are created."""
    return field.path[:2] == ("metadata", "annotations") and "linkerd.io/" in str((*field.path, field.new))


def _values(item: ObjectDifference, field: Field) -> Iterator[str]:
    """The changed keys of a chart's values; of an added or removed mapping, the keys in it."""
    path = field.inner
    if not path and item.kind == "Chart" and field.path[:1] == ("values",):
        path = field.path[1:]
    path = tuple(step for step in path if not isinstance(step, Key))
    value = field.new if field.change is ChangeKind.ADDED else field.old
    if len(path) == 1 and isinstance(value, Mapping) and field.change is not ChangeKind.CHANGED:
        yield from (dotted((*path, key)) for key in value)
    elif path:
        yield dotted(path)


def restart_lines(difference: Difference, restarts: Iterable[Restart]) -> Iterator[str]:
    """The pods that restart by themselves, those that may, and those that the user must restart."""
    restarts = list(restarts)
    own = list(dict.fromkeys(item.layer for item in restarts if item.by_itself))
    if own or difference.restarts:
        names = [f"layer {name}" for name in own] + list(difference.restarts)
        yield f"pods that restart automatically: {', '.join(names)}"
    if releases := _unrendered(difference, own):
        yield "pods that may restart, because their chart or its values change:"
        yield from (f"  {title}" for title in releases)
    by_hand: dict[tuple[str, Pods, str], dict[str, None]] = {}
    for item in restarts:
        if not item.by_itself:
            by_hand.setdefault((item.layer, item.pods, item.why), {})[item.changed] = None
    if by_hand:
        yield "pods that get a change only when you restart them (kubectl rollout restart):"
        for (layer, pods, why), changed in by_hand.items():
            who = "every meshed pod" if pods is Pods.MESHED else "the control plane"
            yield f"  {who}, for {_few(changed)} of layer {layer}: {why}"


def _unrendered(difference: Difference, layers: Iterable[str]) -> list[str]:
    """The releases whose pods may restart, without those of ``layers``, whose pods do."""
    return list(
        dict.fromkeys(
            title
            for root, item in difference.objects()
            for title in item.releases
            if root.name.rpartition("/")[2] not in layers
        )
    )


def _few(names: Iterable[str]) -> str:
    shown = ["the chart's version" if name == "version" else name for name in names]
    return ", ".join(shown[:_FEW]) + (f" and {len(shown) - _FEW} more" if len(shown) > _FEW else "")
