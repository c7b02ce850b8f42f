"""Which workloads of a base get a proxy, by any means."""

from __future__ import annotations

from meshwright.apps.injectability import blocked
from meshwright.apps.model import App, Base, RepositorySettings
from meshwright.apps.overlay.annotations import pod_annotations
from meshwright.apps.overlay.annotationtargets import AnnotationTarget, choose_targets
from meshwright.apps.podowners import pod_owner
from meshwright.apps.spec import Inject, Scope


def meshed_workloads(app: App, base: Base, settings: RepositorySettings) -> list[AnnotationTarget]:
    """Workloads meshed by their own annotations or, with scope namespace, the Namespace's; in base order."""
    chosen = {id(target.item): target for target in choose_targets(app, base, settings).chosen}
    inherits = app.spec.scope is Scope.NAMESPACE and app.spec.inject is not Inject.DISABLED
    found = []
    for item in base.objects:
        owner = pod_owner(item)
        if owner is None:
            continue
        target = chosen.get(id(item))
        if target is not None:
            if target.is_meshed:
                found.append(target)
        elif inherits and blocked(item, owner) is None:
            found.append(AnnotationTarget(item, owner, pod_annotations(app.spec, None, settings), None))
    return found
