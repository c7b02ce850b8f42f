"""Values that Linkerd's charts and trust-manager's read, and values that they would ignore without a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError

from meshwright.yaml import parse

CHARTS = ["linkerd-control-plane", "linkerd-crds", "linkerd-viz", "linkerd2-cni", "trust-manager"]

# Defaults of the charts at their pinned versions, and what their documentation tells people to set.
ACCEPTED = {
    "linkerd-crds": "{installGatewayAPI: false, enableHttpRoutes: true}",
    "linkerd-control-plane": """
        clusterDomain: cluster.local
        imagePullPolicy: IfNotPresent
        deploymentStrategy: {rollingUpdate: {maxUnavailable: 25%, maxSurge: 25%}}
        controller: {podDisruptionBudget: {maxUnavailable: 1}, tracing: {collector: {endpoint: ""}}}
        disableIPv6: true
        identityTrustAnchorsPEM: ""
        policyController:
          probeNetworks: [0.0.0.0/0, "::/0"]
          resources: {cpu: {limit: "", request: 100m}, ephemeral-storage: {request: 250Mi}}
        proxy:
          ports: {admin: 4191, control: 4190, inbound: 4143, outbound: 4140}
          gid: -1
          opaquePorts: "25,587,3306,4444,5432,6379,9300,11211"
          outboundConnectTimeout: 1000ms
          shutdownGracePeriod: ""
          logHTTPHeaders: "off"
          defaultInboundPolicy: audit
          runtime: {workers: {maximumCPURatio: null, minimum: 1}}
          tracing: {labels: {k8s.pod.ip: $(_pod_ip)}}
          inbound: {server: {http2: {keepAliveInterval: 10s}}}
          control: {streams: {lifetime: 1h}}
          additionalEnv: [{name: LINKERD2_PROXY_LOG, value: debug}]
        proxyInit: {iptablesMode: legacy, ignoreInboundPorts: "4567,4568", skipSubnets: "", logFormat: ""}
        networkValidator: {securityContext: {capabilities: {drop: [ALL]}, runAsUser: 65534}}
        webhookFailurePolicy: Fail
        controllerReplicas: 3
        identity:
          externalCA: true
          issuer: {scheme: kubernetes.io/tls, clockSkewAllowance: 20s, issuanceLifetime: 24h0m0s}
        heartbeatSchedule: 0 3 * * *
        proxyInjector:
          externalSecret: true
          injectCaFrom: linkerd/linkerd-proxy-injector
          timeoutSeconds: 10
          namespaceSelector:
            matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]
        policyValidator: {externalSecret: true, injectCaFrom: linkerd/linkerd-policy-validator}
        destinationController: {meshedHttp2ClientProtobuf: {keep_alive: {timeout: {seconds: 3}}}}
        destinationProxyResources: {cores: 1, cpu: {request: 100m}}
        nodeSelector: {kubernetes.io/os: linux}
        tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}]
        podMonitor: {scrapeInterval: 10s, labels: {release: kps}, controller: {namespaceSelector: "any: 1"}}
        highAvailability: true
        configReaders: null
        """,
    "linkerd2-cni": """
        inboundProxyPort: 4143
        ignoreInboundPorts: 4567,4568
        portsToRedirect: ""
        destCNINetDir: /var/lib/rancher/k3s/agent/etc/cni/net.d
        iptablesMode: plain
        updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}
        tolerations: [{operator: Exists}]
        image: {name: cr.l5d.io/linkerd/cni-plugin, version: v1.7.0-alpha.1, pullPolicy: IfNotPresent}
        repairController: {enabled: true, logLevel: info, resources: {cpu: {limit: 1}}}
        """,
    "linkerd-viz": """
        linkerdNamespace: linkerd
        tolerations: null
        createNamespaceMetadataJob: false
        prometheusUrl: http://prometheus-operated.monitoring:9090
        grafana: {url: grafana.monitoring:80, externalUrl: null, uidPrefix: null}
        metricsAPI: {replicas: 1, logLevel: "", proxy: null, UID: null, resources: {cpu: {limit: null}}}
        tap: {externalSecret: true, injectCaFrom: linkerd-viz/tap, ignoreHeaders: [authorization]}
        tapInjector: {objectSelector: null, failurePolicy: Ignore, namespaceSelector: {matchLabels: {a: b}}}
        dashboard: {enforcedHostRegexp: '^linkerd\\.home\\.arpa$', service: {labels: {a: b}}}
        prometheus:
          enabled: false
          args: {storage.tsdb.path: /data}
          globalConfig: {scrape_interval: 10s}
          remoteWrite: [{url: "http://a"}]
          sidecarContainers: null
          persistence: {storageClass: longhorn, accessMode: ReadWriteOnce, size: 5Gi}
        """,
    "trust-manager": """
        crds: {enabled: true, keep: true}
        replicaCount: 1
        secretTargets: {enabled: false, authorizedSecretsAll: false, authorizedSecrets: []}
        resources: {limits: {memory: 64Mi}}
        app:
          logFormat: text
          logLevel: 1
          trust: {namespace: cert-manager}
          leaderElection: {leaseDuration: 15s}
          webhook: {tls: {helmCert: {enabled: false}}, service: {type: ClusterIP, ipFamilies: []}}
          metrics: {service: {servicemonitor: {enabled: true, interval: 10s, labels: {release: kps}}}}
        podDisruptionBudget: {enabled: true, minAvailable: 50%}
        """,
}

# Chart, values, and the path of the object or value that is at fault.
REFUSED = [
    ("linkerd-viz", "{dahsboard: {enforcedHostRegexp: .*}}", ""),
    ("linkerd-viz", "{installNamespace: false}", ""),
    ("linkerd-viz", "{grafana: {enabled: false}}", "grafana"),
    ("linkerd-viz", "{grafana: {url: http://grafana.monitoring}}", "grafana/url"),
    ("linkerd-viz", "{prometheusUrl: prometheus.monitoring:9090}", "prometheusUrl"),
    ("linkerd-viz", "{tapInjector: {failurePolicy: ignore}}", "tapInjector/failurePolicy"),
    ("linkerd-viz", "{metricsAPI: {proxy: {cpu: {request: 1}}}}", "metricsAPI/proxy"),
    ("linkerd-control-plane", "{identity: {externalCa: true}}", "identity"),
    ("linkerd-control-plane", "{identity: {externalCA: 'true'}}", "identity/externalCA"),
    ("linkerd-control-plane", "{identity: {issuer: {scheme: cert-manager}}}", "identity/issuer/scheme"),
    (
        "linkerd-control-plane",
        "{identity: {issuer: {issuanceLifetime: 1 day}}}",
        "identity/issuer/issuanceLifetime",
    ),
    ("linkerd-control-plane", "{webhookFailurePolicy: Failing}", "webhookFailurePolicy"),
    ("linkerd-control-plane", "{proxy: {defaultInboundPolicy: all}}", "proxy/defaultInboundPolicy"),
    ("linkerd-control-plane", "{proxy: {opaquePorts: [25]}}", "proxy/opaquePorts"),
    ("linkerd-control-plane", "{proxy: {opaquePorts: mysql}}", "proxy/opaquePorts"),
    ("linkerd-control-plane", "{proxy: {ports: {admin: 70000}}}", "proxy/ports/admin"),
    ("linkerd-control-plane", "{proxy: {resources: {limits: {cpu: 1}}}}", "proxy/resources"),
    ("linkerd-control-plane", "{proxy: {resources: {cpu: {limit: much}}}}", "proxy/resources/cpu/limit"),
    ("linkerd-control-plane", "{proxyInit: {iptablesMode: plain}}", "proxyInit/iptablesMode"),
    (
        "linkerd-control-plane",
        "{proxyInjector: {injectCaFrom: linkerd-proxy-injector}}",
        "proxyInjector/injectCaFrom",
    ),
    (
        "linkerd-control-plane",
        "{podAnnotations: {linkerd.io/inject: true}}",
        "podAnnotations/linkerd.io/inject",
    ),
    ("linkerd-control-plane", "{heartbeatSchedule: daily}", "heartbeatSchedule"),
    ("linkerd-control-plane", "{nodeAffinity: {required: {}}}", "nodeAffinity"),
    ("linkerd-control-plane", "{tolerations: [{effects: NoSchedule}]}", "tolerations/0"),
    ("linkerd2-cni", "{destCniBinDir: /opt/cni/bin}", ""),
    ("linkerd2-cni", "{iptablesMode: iptables}", "iptablesMode"),
    ("linkerd-crds", "{installGatewayApi: true}", ""),
    ("trust-manager", "{app: {trust: {namespaces: a}}}", "app/trust"),
    ("trust-manager", "{secretTargets: {authorizedSecrets: '*'}}", "secretTargets/authorizedSecrets"),
]

# Each says in one line what became of the key.
REMOVED = [
    ("linkerd-viz", "{installNamespace: false}", "installNamespace", "edge-21.12.4"),
    ("linkerd-viz", "{grafana: {enabled: false}}", "enabled", "edge-22.1.3"),
    ("linkerd-viz", "{grafanaUrl: a}", "grafanaUrl", "grafana.url"),
    ("linkerd-control-plane", "{installNamespace: false}", "installNamespace", "edge-21.12.4"),
    ("linkerd-control-plane", "{namespace: linkerd}", "namespace", "edge-22.3.3"),
    (
        "linkerd-control-plane",
        "{controlPlaneTracing: true}",
        "controlPlaneTracing",
        "controller.tracing.enabled",
    ),
    ("linkerd-control-plane", "{enablePSP: true}", "enablePSP", "1.25"),
    ("linkerd-control-plane", "{proxy: {cores: 2}}", "cores", "proxy.runtime.workers.minimum"),
    ("linkerd-control-plane", "{proxyInit: {image: {}}}", "image", "edge-25.11.3"),
    ("linkerd-control-plane", "{proxyInit: {resources: {}}}", "resources", "edge-24.6.4"),
    ("linkerd-control-plane", "{policyController: {image: {}}}", "image", "edge-25.8.3"),
    ("linkerd2-cni", "{cniPluginImage: a}", "cniPluginImage", "image.name"),
    ("linkerd2-cni", "{installNamespace: false}", "installNamespace", "edge-21.12.4"),
]


@pytest.fixture(scope="module")
def validators(schemas: Path) -> dict[str, Draft7Validator]:
    return {
        chart: Draft7Validator(
            json.loads((schemas / "charts" / f"{chart}.schema.json").read_text(encoding="utf-8"))
        )
        for chart in CHARTS
    }


def faults(validator: Draft7Validator, values: str) -> list[ValidationError]:
    return list(validator.iter_errors(parse(values)))


@pytest.mark.parametrize("chart", CHARTS)
def test_accepted(validators: dict[str, Draft7Validator], chart: str) -> None:
    assert [fault.message for fault in faults(validators[chart], ACCEPTED[chart])] == []
    assert faults(validators[chart], "{}") == []


@pytest.mark.parametrize(("chart", "values", "path"), REFUSED)
def test_refused(validators: dict[str, Draft7Validator], chart: str, values: str, path: str) -> None:
    (fault,) = faults(validators[chart], values)
    assert "/".join(str(step) for step in fault.absolute_path) == path


@pytest.mark.parametrize(("chart", "values", "key", "reason"), REMOVED)
def test_removed(
    validators: dict[str, Draft7Validator], chart: str, values: str, key: str, reason: str
) -> None:
    (fault,) = faults(validators[chart], values)
    assert fault.validator == "additionalProperties"
    schema: Any = fault.schema
    assert reason in schema["x-removed"][key]


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object schema inside a schema of chart values."""
    for value in [*schema.get("properties", {}).values(), schema.get("items")]:
        if isinstance(value, dict):
            yield from objects(value)
    if "properties" in schema:
        yield schema


def test_a_removed_key_is_no_key(schemas: Path) -> None:
    reasons = []
    for chart in CHARTS:
        whole = json.loads((schemas / "charts" / f"{chart}.schema.json").read_text(encoding="utf-8"))
        for schema in objects(whole):
            removed = schema.get("x-removed", {})
            assert not removed.keys() & schema["properties"].keys()
            reasons += removed.values()
    assert len(reasons) > 25
    assert all(reason and "\n" not in reason for reason in reasons)
