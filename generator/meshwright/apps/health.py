"""Health of kinds that Flux considers ready as soon as they exist: their status has no condition Ready."""

from __future__ import annotations

from meshwright.apps.model import Base, HealthExpression

# Until the operator has observed the newest generation, the status describes an older one.
_SEEN = "has(status.observedGeneration) && status.observedGeneration == metadata.generation"
_AVAILABLE = (
    "has(status.conditions) && status.conditions.exists(c, c.type == 'Available' && c.status == 'True' "
    "&& has(c.observedGeneration) && c.observedGeneration == metadata.generation)"
)
# group -> kind -> CEL. Sources: ECK 3 pkg/apis status types; prometheus-operator 0.93 status conditions.
_EXPRESSIONS = {
    "elasticsearch.k8s.elastic.co": {
        "Elasticsearch": f"has(status.phase) && status.phase == 'Ready' && {_SEEN}"
    },
    "kibana.k8s.elastic.co": {"Kibana": f"has(status.health) && status.health == 'green' && {_SEEN}"},
    "monitoring.coreos.com": {"Prometheus": _AVAILABLE, "Alertmanager": _AVAILABLE},
}


def health_expressions(base: Base) -> list[HealthExpression]:
    """One health expression for each such kind in the base, sorted by kind."""
    found: dict[tuple[str, str], HealthExpression] = {}
    for item in base.objects:
        group = item.api_version.rpartition("/")[0]
        current = _EXPRESSIONS.get(group, {}).get(item.kind)
        if current:
            found[group, item.kind] = HealthExpression(item.api_version, item.kind, current)
    return [found[key] for key in sorted(found)]
