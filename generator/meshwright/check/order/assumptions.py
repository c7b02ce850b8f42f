"""What the order proof takes for granted, because the repository does not say it."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.order.analysis import order_of
from meshwright.finding import NotSeen

_WAVE = "argocd.argoproj.io/sync-wave"


def assumptions(model: Model) -> Iterator[NotSeen]:
    """Each assumption on which the order of this repository depends, at the first place that needs it."""
    if not model.uses_argocd or order_of(model).gates is not None:
        return
    if found := first_waves(model):
        first = found[0]
        reason = (
            "argocd-cm is not in this repository; the order assumes that it sets "
            "resource.customizations.health.argoproj.io_Application, without which sync waves of "
            "Applications do not wait"
        )
        yield NotSeen("Argo CD's settings", reason, first.at("metadata", "annotations", _WAVE))


def first_waves(model: Model) -> list[Item]:
    """The Applications with a sync wave in the first root that has several waves of Applications."""
    by_root: dict[int, list[Item]] = {}
    for item in model.items("Application", "argoproj.io"):
        by_root.setdefault(id(item.root), []).append(item)
    for items in by_root.values():
        if len({str(item.annotations.get(_WAVE, "0")) for item in items}) > 1:
            return sorted(
                (item for item in items if _WAVE in item.annotations),
                key=lambda item: item.at("metadata", "annotations", _WAVE),
            )
    return []
