"""The certificates of Linkerd's webhooks, and values that make each render different."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.certmanager import (
    GROUP,
    certificates,
    control_planes,
    linkerds_certificates,
    makers,
)
from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.rules.rule import Absence, Engine, Hit, Severity, rule

# Chart -> values key -> Secret and Service. source: linkerd2 charts at edge-26.8.3.
_WEBHOOKS = {
    CONTROL_PLANE: {
        "proxyInjector": ("linkerd-proxy-injector-k8s-tls", "linkerd-proxy-injector"),
        "profileValidator": ("linkerd-sp-validator-k8s-tls", "linkerd-sp-validator"),
        "policyValidator": ("linkerd-policy-validator-k8s-tls", "linkerd-policy-validator"),
    },
    "linkerd-viz": {
        "tap": ("tap-k8s-tls", "tap"),
        "tapInjector": ("tap-injector-k8s-tls", "tap-injector"),
    },
}


def _webhooks(model: Model) -> Iterator[tuple[ChartRelease, str, str, str]]:
    """Each release, with the values key, Secret and Service of each of its webhooks."""
    for chart, webhooks in _WEBHOOKS.items():
        for release in model.charts(chart):
            for key, (secret, service) in webhooks.items():
                yield release, key, secret, service


@rule(
    "MW221",
    "webhook-secret-missing",
    "Nothing creates a webhook's Secret",
    why="With externalSecret the chart does not create the certificate, and the pod waits for its Secret "
    "forever.",
    fix="add a Certificate with this secretName",
    source="linkerd2 charts, proxyInjector.externalSecret and similar values",
)
def webhook_secret(model: Model) -> Iterator[Hit]:
    for release, key, secret, _ in _webhooks(model):
        if release.value(key, "externalSecret") is not True:
            continue
        if not makers(model, release.cluster, release.namespace, secret):
            at = release.at(key, "externalSecret")
            text = f"{release.title} mounts Secret {release.namespace}/{secret}, which nothing creates"
            absent = Absence(release.cluster, ("Secret",), release.namespace)
            yield Hit(at, text, subject=release.title, absent=absent)


@rule(
    "MW222",
    "webhook-certificate-name",
    "A webhook's certificate is for another name",
    why="The API server connects to the Service's name and rejects a certificate without it, so the "
    "webhook fails.",
    fix="add <service>.<namespace>.svc to dnsNames",
    source="linkerd.io, Automatically Rotating Webhook TLS Credentials",
)
def webhook_name(model: Model) -> Iterator[Hit]:
    for release, key, secret, service in _webhooks(model):
        if release.value(key, "externalSecret") is not True:
            continue
        wanted = f"{service}.{release.namespace}.svc"
        for item in certificates(model, secret):
            names = item.list("spec", "dnsNames")
            if (
                item.cluster == release.cluster
                and item.namespace == release.namespace
                and wanted not in names
            ):
                text = f"{item.title} lacks DNS name {wanted}, by which the API server calls the webhook of {release.title}"
                yield Hit(item.at("spec", "dnsNames"), text, subject=item.title)


@rule(
    "MW223",
    "policy-validator-key-encoding",
    "The policy validator cannot read its key",
    why="The policy validator reads only PKCS#8 keys, but cert-manager writes PKCS#1 by default.",
    fix="set privateKey.encoding: PKCS8",
    source="linkerd.io, Automatically Rotating Webhook TLS Credentials",
)
def validator_key(model: Model) -> Iterator[Hit]:
    for item in linkerds_certificates(model, "linkerd-policy-validator-k8s-tls"):
        if item.get("spec", "privateKey", "encoding") != "PKCS8":
            at = item.at("spec", "privateKey", "encoding")
            yield Hit(
                at,
                f"{item.title} encodes its key as PKCS#1, but the policy validator reads PKCS#8",
                subject=item.title,
            )


@rule(
    "MW224",
    "webhook-ca-missing",
    "A webhook has no CA bundle",
    why="The chart rejects externalSecret without a CA. If injectCaFrom names a Certificate that does not "
    "exist, the caBundle stays empty, and the webhook is skipped or rejects everything.",
    fix="set injectCaFrom to <namespace>/<Certificate>",
    source="linkerd2 charts/partials/templates/_validate.tpl",
)
def webhook_ca(model: Model) -> Iterator[Hit]:
    for release, key, _, _ in _webhooks(model):
        if release.value(key, "externalSecret") is not True or not release.complete:
            continue
        named = release.value(key, "injectCaFrom")
        if not named:
            if not release.value(key, "caBundle") and not release.value(key, "injectCaFromSecret"):
                at = release.at(key, "externalSecret")
                text = f"{release.title} sets {key}.externalSecret, but neither injectCaFrom nor caBundle"
                yield Hit(at, text, subject=release.title)
            continue
        namespace, _, name = str(named).partition("/")
        if (
            model.items("Certificate", GROUP)
            and model.find(release.cluster, "Certificate", namespace, name) is None
        ):
            at = release.at(key, "injectCaFrom")
            text = f"{release.title} sets {key}.injectCaFrom to {named}, but this Certificate does not exist"
            absent = Absence(release.cluster, ("Certificate",), namespace)
            yield Hit(at, text, subject=release.title, absent=absent)


@rule(
    "MW225",
    "webhook-certificate-from-chart",
    "The chart generates a webhook's certificate on each render",
    why="The certificate is valid for a year, and nothing renews it. Argo CD renders the chart on each "
    "refresh, so the Application is never in sync; with selfHeal the control plane restarts each time.",
    fix="set externalSecret: true and injectCaFrom, with a cert-manager Certificate",
    source="linkerd2 charts, genSelfSignedCert in proxy-injector-rbac.yaml and similar templates",
)
def generated_certificates(model: Model) -> Iterator[Hit]:
    for chart, webhooks in _WEBHOOKS.items():
        for release in model.charts(chart):
            missing = [key for key in webhooks if release.value(key, "externalSecret") is not True]
            if not missing or not release.complete:
                continue
            argo = release.built is None
            text = f"{release.title} lets the chart generate the certificates of {', '.join(missing)}"
            severity = Severity.ERROR if argo and not _is_manual(release) else Severity.WARNING
            yield Hit(release.position, text, subject=release.title, severity=severity)


@rule(
    "MW226",
    "heartbeat-schedule-unset",
    "The heartbeat's schedule depends on the time of rendering",
    why="Each render produces another schedule, so Argo CD never reports the Application as in sync.",
    fix='set heartbeatSchedule, such as "0 0 * * *", or disableHeartBeat: true',
    source="linkerd2 charts/linkerd-control-plane/templates/heartbeat.yaml",
    engine=Engine.ARGOCD,
)
def heartbeat(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        if release.built is not None or release.value("heartbeatSchedule"):
            continue
        if release.value("disableHeartBeat") is not True:
            text = f"{release.title} sets no heartbeatSchedule"
            severity = Severity.WARNING if _is_manual(release) else None
            yield Hit(release.position, text, subject=release.title, severity=severity)


def _is_manual(release: ChartRelease) -> bool:
    """Whether Argo CD renders a chart again without syncing what has changed."""
    return release.application is not None and release.application.is_manual


@rule(
    "MW227",
    "injector-selects-kube-system",
    "The injector fails closed in kube-system",
    why="A custom namespaceSelector replaces the chart's own, which excludes kube-system. While the "
    "injector is down, no pod can start there, so the injector cannot come back either.",
    fix="keep kubernetes.io/metadata.name NotIn [kube-system, cert-manager] in the selector",
    source="linkerd2 charts/linkerd-control-plane/values.yaml, proxyInjector.namespaceSelector; linkerd2#10817",
)
def closed_in_kube_system(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        selector = release.value("proxyInjector", "namespaceSelector")
        if selector is None or release.value("webhookFailurePolicy") != "Fail":
            continue
        if "kube-system" not in str(selector):
            at = release.at("proxyInjector", "namespaceSelector", key=True)
            text = f"{release.title} has webhookFailurePolicy: Fail and a namespaceSelector that includes kube-system"
            yield Hit(at, text, subject=release.title)
