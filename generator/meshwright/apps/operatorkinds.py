"""Kinds from which operators create pods: where their pods' annotations are, and which ports they open.

Each row names its source: the reference or the types of the operator, as of its current API version.
"""

from __future__ import annotations

from meshwright.apps.model import PodOwner

_TEMPLATE = ("spec", "template", "metadata", "annotations")
_POD_TEMPLATE = ("spec", "podTemplate", "metadata", "annotations")
_POD_METADATA = ("spec", "podMetadata", "annotations")
_POD = ("spec", "template", "spec")


def _row(
    operator: str, group: str, kind: str, annotations: tuple[str, ...], ports: tuple[int, ...] = ()
) -> PodOwner:
    return PodOwner(kind, group, annotations, operator=operator, ports=ports)


_ECK, _STRIMZI, _GRAFANA = "ECK", "Strimzi", "Grafana operator"
_PROMETHEUS, _VICTORIA, _CNPG = "prometheus-operator", "VictoriaMetrics operator", "CloudNativePG"

OPERATOR_KINDS = (
    # source: elastic.co/docs, Kubernetes API reference of ECK
    _row(
        _ECK,
        "elasticsearch.k8s.elastic.co",
        "Elasticsearch",
        ("spec", "nodeSets", "*", "podTemplate", "metadata", "annotations"),
        (9300,),
    ),
    _row(_ECK, "kibana.k8s.elastic.co", "Kibana", _POD_TEMPLATE, (5601,)),
    _row(_ECK, "apm.k8s.elastic.co", "ApmServer", _POD_TEMPLATE, (8200,)),
    _row(_ECK, "logstash.k8s.elastic.co", "Logstash", _POD_TEMPLATE),
    # source: prometheus-operator.dev, API reference
    _row(_PROMETHEUS, "monitoring.coreos.com", "Prometheus", _POD_METADATA, (9090,)),
    _row(_PROMETHEUS, "monitoring.coreos.com", "PrometheusAgent", _POD_METADATA, (9090,)),
    _row(_PROMETHEUS, "monitoring.coreos.com", "Alertmanager", _POD_METADATA, (9093, 9094)),
    _row(_PROMETHEUS, "monitoring.coreos.com", "ThanosRuler", _POD_METADATA, (10901, 10902)),
    # source: cloudnative-pg.io, API reference
    _row(_CNPG, "postgresql.cnpg.io", "Cluster", ("spec", "inheritedMetadata", "annotations"), (5432,)),
    _row(_CNPG, "postgresql.cnpg.io", "Pooler", _TEMPLATE, (5432,)),
    # source: github.com/mariadb-operator/mariadb-operator, docs/metadata.md
    _row("mariadb-operator", "k8s.mariadb.com", "MariaDB", _POD_METADATA, (3306,)),
    _row("mariadb-operator", "k8s.mariadb.com", "MaxScale", _POD_METADATA, (3306, 8989)),
    # source: dragonflydb.io/docs, operator, Dragonfly configuration
    _row("Dragonfly operator", "dragonflydb.io", "Dragonfly", ("spec", "annotations"), (6379,)),
    # source: rabbitmq.com, using the cluster operator, override
    _row(
        "RabbitMQ cluster operator",
        "rabbitmq.com",
        "RabbitmqCluster",
        ("spec", "override", "statefulSet", *_TEMPLATE),
        (5672, 15672),
    ),
    # source: strimzi.io, API reference, PodTemplate
    _row(
        _STRIMZI,
        "kafka.strimzi.io",
        "Kafka",
        ("spec", "kafka", "template", "pod", "metadata", "annotations"),
        (9092,),
    ),
    _row(
        _STRIMZI,
        "kafka.strimzi.io",
        "KafkaConnect",
        ("spec", "template", "pod", "metadata", "annotations"),
        (8083,),
    ),
    # source: grafana.github.io/grafana-operator, API reference
    _row(_GRAFANA, "grafana.integreatly.org", "Grafana", ("spec", "deployment", *_TEMPLATE), (3000,)),
    # source: github.com/open-telemetry/opentelemetry-operator, docs/api
    _row(
        "OpenTelemetry operator",
        "opentelemetry.io",
        "OpenTelemetryCollector",
        ("spec", "podAnnotations"),
        (4317, 4318),
    ),
    # source: docs.victoriametrics.com, operator, API
    *(
        _row(_VICTORIA, "operator.victoriametrics.com", kind, _POD_METADATA, (port,))
        for kind, port in (("VMSingle", 8428), ("VMAgent", 8429), ("VMAlert", 8080), ("VMAuth", 8427))
    ),
    _row(_VICTORIA, "operator.victoriametrics.com", "VMAlertmanager", _POD_METADATA, (9093, 9094)),
    # Their specs have a whole pod template, so their pods are judged like a Deployment's.
    # source: argo-rollouts.readthedocs.io, specification
    PodOwner("Rollout", "argoproj.io", _TEMPLATE, _POD),
    # source: knative.dev, Serving API
    PodOwner("Service", "serving.knative.dev", _TEMPLATE, _POD),
    # source: keda.sh, ScaledJob
    PodOwner(
        "ScaledJob",
        "keda.sh",
        ("spec", "jobTargetRef", "template", "metadata", "annotations"),
        ("spec", "jobTargetRef", "template", "spec"),
    ),
)
