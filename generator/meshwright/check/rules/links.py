"""Links to other clusters: their names, fields and credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.model.links import SELECTORS, is_literal, links
from meshwright.check.rules.rule import Hit, rule
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import mapping_of

_PREFIX = "cluster-credentials-"
_TYPE = "mirror.linkerd.io/remote-kubeconfig"
_NAME_LABEL = "multicluster.linkerd.io/cluster-name"
_DOMAINS = ("multicluster.linkerd.io/trust-domain", "multicluster.linkerd.io/cluster-domain")
# The kinds that become a Secret, with the pointer to what they write into it.
_SECRETS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Secret", ""): (),
    ("ExternalSecret", "external-secrets.io"): ("spec", "target", "template"),
    ("SealedSecret", "bitnami.com"): ("spec", "template"),
}
_IDENTITY = re.compile(r"[^.]+\.[^.]+\.serviceaccount\.identity\.([^.]+)\..+")


@rule(
    "MW641",
    "link-names-differ",
    "A Link names the other cluster in two ways",
    why="The controller finds its Link by metadata.name, and may read only the Secret cluster-credentials-<name>. "
    "Lookups use spec.targetClusterName. If the names differ, nothing is mirrored.",
    fix="use one name in metadata.name, spec.targetClusterName and after cluster-credentials-",
    source="linkerd2 edge-26.8.3, multicluster/service-mirror/link_handlers.go and templates/controller/rbac.yaml",
)
def names_differ(model: Model) -> Iterator[Hit]:
    for link in links(model):
        secret, target = link.get("spec", "clusterCredentialsSecret"), link.get("spec", "targetClusterName")
        if is_literal(target) and target != link.name:
            text = f"{link.title} has targetClusterName '{target}'"
            yield Hit(link.at("spec", "targetClusterName"), text, subject=link.title)
        if is_literal(secret) and secret != f"{_PREFIX}{link.name}":
            text = (
                f"{link.title} reads Secret '{secret}', but its controller may read only {_PREFIX}{link.name}"
            )
            yield Hit(link.at("spec", "clusterCredentialsSecret"), text, subject=link.title)


@rule(
    "MW642",
    "link-selector-not-string",
    "A Link selects by a value that is not a string",
    why="The API server accepts the value, but the controllers can no longer decode their list of Links: "
    "every link of the cluster stops.",
    fix="quote the value",
    source="linkerd2 edge-26.1.1, service-mirror against an API server: cannot unmarshal bool into matchLabels",
)
def selector_not_string(model: Model) -> Iterator[Hit]:
    for link in links(model):
        for selector in SELECTORS:
            for label, value in link.mapping("spec", selector, "matchLabels").items():
                if not isinstance(value, str):
                    yield Hit(
                        link.at("spec", selector, "matchLabels", label),
                        f"{link.title} has {selector} {label}: {_written(value)}, which is not a string",
                        subject=link.title,
                    )


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@rule(
    "MW643",
    "link-gateway-incomplete",
    "A Link lacks the address, port or identity of its gateway",
    why="Services that the selector finds are mirrored to the gateway. Without its address, port or identity, "
    "their mirrors have no endpoints, or clients refuse the gateway.",
    fix="set gatewayAddress, gatewayPort and gatewayIdentity; for a cluster without a gateway, remove them and "
    "spec.selector",
    source="linkerd2 edge-26.8.3, multicluster/service-mirror/cluster_watcher.go; multicluster/cmd/link-gen.go",
)
def gateway_incomplete(model: Model) -> Iterator[Hit]:
    for link in links(model):
        fields = {key: link.get("spec", key) for key in ("gatewayAddress", "gatewayPort", "gatewayIdentity")}
        selects = any(link.mapping("spec", "selector").values())
        missing = [key for key, value in fields.items() if not value]
        if missing and (selects or len(missing) < len(fields)):
            why = "selects Services for a gateway" if selects else "has a gateway"
            text = f"{link.title} {why}, but has no {' and no '.join(missing)}"
            yield Hit(link.at("spec", key=True), text, subject=link.title)
        identity, namespace = fields["gatewayIdentity"], link.get("spec", "targetClusterLinkerdNamespace")
        if not is_literal(identity):
            continue
        found = _IDENTITY.fullmatch(identity)
        if found is None:
            text = (
                f"{link.title} has gatewayIdentity '{identity}', which is not "
                "<account>.<namespace>.serviceaccount.identity.<Linkerd's namespace>.<trust domain>"
            )
            yield Hit(link.at("spec", "gatewayIdentity"), text, subject=link.title)
        elif is_literal(namespace) and found[1] != namespace:
            text = (
                f"{link.title} has Linkerd's namespace '{found[1]}' in gatewayIdentity, but "
                f"targetClusterLinkerdNamespace '{namespace}'"
            )
            yield Hit(link.at("spec", "gatewayIdentity"), text, subject=link.title)


@rule(
    "MW645",
    "link-credentials-incomplete",
    "The credentials of a Link lack a type, label or annotation",
    why="linkerd-destination finds the credentials of other clusters by type and label, and ignores a Secret "
    "without the annotations for the trust domain and the cluster domain. Clients then get no endpoints of "
    "the other cluster.",
    fix="write the Secret as `linkerd multicluster link-gen` prints it",
    source="linkerd2 edge-26.8.3, controller/api/destination/watcher/cluster_store.go",
)
def credentials_incomplete(model: Model) -> Iterator[Hit]:
    for item in (item for kind, group in _SECRETS for item in model.items(kind, group)):
        at, name = _SECRETS[item.built.kind, item.built.group], item.name
        if item.built.kind == "ExternalSecret":
            name = str(item.get("spec", "target", "name") or item.name)
        elif at:
            name = str(item.get(*at, "metadata", "name") or item.name)
        labels, annotations = (
            mapping_of(item.get(*at, "metadata", key)) for key in ("labels", "annotations")
        )
        if not name.startswith(_PREFIX) or item.namespace != _namespace(model, item.cluster):
            continue
        kind, label = item.get(*at, "type"), labels.get(_NAME_LABEL)
        missing = [key for key in _DOMAINS if not annotations.get(key)]
        if kind != _TYPE:
            text = f"{item.title} has type '{kind or 'Opaque'}' instead of {_TYPE}"
            yield Hit(item.at(*at, "type"), text, subject=item.title)
        if not label:
            text = f"{item.title} has no label {_NAME_LABEL}"
            yield Hit(item.at(*at, "metadata"), text, subject=item.title)
        elif (names := _names(model, item.cluster)) and is_literal(label) and label not in names:
            text = (
                f"{item.title} is for cluster '{label}', to which no Link leads{did_you_mean(label, names)}"
            )
            yield Hit(item.at(*at, "metadata", "labels", _NAME_LABEL), text, subject=item.title)
        if missing:
            text = f"{item.title} has no annotation {' and no '.join(missing)}"
            yield Hit(item.at(*at, "metadata"), text, subject=item.title)


def _namespace(model: Model, cluster: str) -> str:
    """The namespace of Linkerd's control plane."""
    return next((release.namespace for release in model.charts("linkerd-control-plane", cluster)), "linkerd")


def _names(model: Model, cluster: str) -> list[str]:
    return [str(link.get("spec", "targetClusterName")) for link in links(model) if link.cluster == cluster]
