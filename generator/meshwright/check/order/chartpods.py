"""Whether the pods of a chart must have a proxy, as far as the repository tells without the chart."""

from __future__ import annotations

from meshwright.check.model.annotationholders import pod_annotations
from meshwright.check.model.index import Model
from meshwright.check.model.injection import injector, namespace_of
from meshwright.check.model.releases import ChartRelease
from meshwright.check.order.chartfacts import FACTS
from meshwright.flux.substitution import unresolved
from meshwright.linkerd.injection import INJECT, Pod, verdict

# Charts that install objects for others, and no pods that Linkerd could inject.
_WITHOUT_PODS = frozenset({"raw", "linkerd-crds", "linkerd2-cni", "cilium", "prometheus-node-exporter"})
_WITHOUT_PODS_ENDS = (
    *("-crd", "-crds", "-config", "-configs", "-dashboards", "-issuers", "-policies"),
    *("-rbac", "-resources", "-rules", "-secrets"),
)


def is_meshed(model: Model, release: ChartRelease, *, excluded: bool = False) -> bool:
    """Whether pods of a release get a proxy, by its values or by its Namespace.

    Without the chart its pods are unknown: values that ask for injection anywhere decide, then values that
    opt out anywhere, then the Namespace. False if some values are not in the repository, or if the namespace
    is ``excluded`` from injection, except for Linkerd's own extensions.
    """
    facts, name = FACTS.get(release.chart.name), release.chart.name
    if facts is not None and facts.meshed:
        return True
    if (
        excluded
        or not name
        or not release.complete
        or name in _WITHOUT_PODS
        or name.endswith(_WITHOUT_PODS_ENDS)
    ):
        return False
    values = [given.get(INJECT) for _, given in pod_annotations(release.values.data)]
    values = [value for value in values if value is not None]
    if any(map(unresolved, values)):
        return False
    asked = next((value for value in values if value in ("enabled", "ingress")), None)
    own = asked if asked is not None else next(iter(values), None)
    pod = Pod({INJECT: own} if own is not None else {})
    namespace = namespace_of(model, release.cluster, release.namespace)
    if unresolved(namespace.annotations.get(INJECT)):
        return False
    return verdict(pod, namespace, injector(model, release.cluster)).injected is True
