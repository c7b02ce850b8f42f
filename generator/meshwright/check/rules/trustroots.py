"""The trust roots: the anchor, and the Bundle that writes it into the ConfigMap that every proxy reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.certmanager import (
    ISSUER_SECRET,
    TRUST_ROOTS,
    certificates,
    control_planes,
    issuer_of,
    linkerds_certificates,
    makers,
    renews_key,
    trust_bundles,
    trust_namespace,
)
from meshwright.check.model.duration import DAY, days, seconds
from meshwright.check.model.index import Item, Model
from meshwright.check.rules.rule import Absence, Hit, Severity, rule
from meshwright.labelselector import matches
from meshwright.yaml.pointer import mapping_of

_KEY = "ca-bundle.crt"
_TLS = "kubernetes.io/tls"


@rule(
    "MW201",
    "trust-roots-missing-or-doubled",
    "The trust roots are not set, or set twice",
    why="If the issuer comes from a Secret and no root is set, the chart renders but identity crashes. If "
    "both are set, the chart writes a ConfigMap that another object writes too.",
    fix="set exactly one of identity.externalCA: true and identityTrustAnchorsPEM",
    source="linkerd2 charts/linkerd-control-plane/templates/identity.yaml; linkerd2#3414",
)
def trust_roots(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        external = release.value("identity", "externalCA") is True
        inline = bool(release.value("identityTrustAnchorsPEM"))
        scheme = release.value("identity", "issuer", "scheme")
        if external and inline:
            at = release.at("identityTrustAnchorsPEM", key=True)
            text = f"{release.title} sets both identityTrustAnchorsPEM and identity.externalCA: true"
            yield Hit(at, text, subject=release.title)
        elif scheme == _TLS and not external and not inline:
            at = release.at("identity", "issuer", "scheme")
            text = f"{release.title} reads its issuer from a Secret, but sets no trust roots"
            yield Hit(at, text, subject=release.title)


def _anchors(model: Model) -> Iterator[tuple[Item, int, Item]]:
    """Each Bundle with the number of a source and the Certificate that fills its Secret."""
    for bundle in trust_bundles(model):
        namespace = trust_namespace(model, bundle.cluster)
        for number, source in enumerate(bundle.list("spec", "sources")):
            secret = source.get("secret") if isinstance(source, dict) else None
            if not isinstance(secret, dict) or not secret.get("name"):
                continue
            for item in certificates(model, str(secret["name"])):
                is_read = item.cluster == bundle.cluster and item.namespace == namespace
                if is_read and _is_own_certificate(model, item, secret.get("key")):
                    yield bundle, number, item


def _is_own_certificate(model: Model, item: Item, key: Any) -> bool:
    """Whether a key of a Certificate's Secret has its own certificate; ca.crt has that of its signer."""
    if key == "ca.crt":
        _, issuer = issuer_of(model, item)
        return issuer is not None and issuer.get("spec", "selfSigned") is not None
    return bool(key == "tls.crt")


@rule(
    "MW206",
    "trust-anchor-lifetime-short",
    "The trust anchor is renewed within a few years",
    why="Proxies read the trust roots only when they start. After an unattended renewal, running pods "
    "reject the new certificates.",
    fix="give the anchor ten years (87600h) and rotate it by hand, with both anchors in the Bundle",
    source="linkerd.io, Manually Rotating Control Plane TLS Credentials; linkerd2#13613",
    severity=Severity.WARNING,
)
def short_anchor(model: Model) -> Iterator[Hit]:
    for bundle, _, item in _anchors(model):
        lifetime = seconds(item.get("spec", "duration"))
        lifetime = 90 * DAY if item.get("spec", "duration") is None else lifetime
        if lifetime is not None and lifetime < 3 * 365 * DAY:
            text = f"{item.title}, which {bundle.title} distributes, is valid for only {days(lifetime)}"
            yield Hit(item.at("spec", "duration"), text, subject=item.title)


@rule(
    "MW218",
    "trust-anchor-key-rotated",
    "The trust anchor gets a new key at each renewal",
    why="Proxies read the trust roots only when they start. After a renewal with a new key, the next "
    "issuer is signed by an anchor that no running proxy has, and all mTLS fails.",
    fix="set privateKey.rotationPolicy: Never, so that the renewed anchor keeps its key; replace the key "
    "in stages (meshwright trust rotate)",
    source="cert-manager 1.18, Certificate spec.privateKey.rotationPolicy: Always by default, Never before; "
    "linkerd2#13613",
    severity=Severity.WARNING,
)
def new_anchor_key(model: Model) -> Iterator[Hit]:
    for bundle, _, item in _anchors(model):
        renewed = renews_key(model, item)
        if renewed is not None and renewed[0]:
            at = item.at("spec", "privateKey", "rotationPolicy")
            text = f"{item.title}, which {bundle.title} distributes, {renewed[1]}"
            yield Hit(at, text, subject=item.title)


@rule(
    "MW207",
    "bundle-source-missing",
    "A Bundle names a source that does not exist",
    why="A single missing source is enough: trust-manager writes nothing, and no proxy can start.",
    fix="name a Secret or ConfigMap in trust-manager's trust namespace, or put the certificate into inLine",
    source="trust-manager v0.24, Bundle spec.sources: read from app.trust.namespace alone",
)
def bundle_sources(model: Model) -> Iterator[Hit]:
    for bundle in model.items("Bundle", "trust.cert-manager.io"):
        namespace = trust_namespace(model, bundle.cluster)
        for number, source in enumerate(bundle.list("spec", "sources")):
            for field, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
                named = source.get(field) if isinstance(source, dict) else None
                name = named.get("name") if isinstance(named, dict) else None
                if not name:
                    continue
                if _exists(model, bundle.cluster, kind, namespace, str(name)):
                    continue
                at = bundle.at("spec", "sources", number, field, "name")
                text = f"{bundle.title} reads {kind} {namespace}/{name}, which nothing creates"
                elsewhere = [item for item in certificates(model, str(name)) if field == "secret"]
                text += f"; {elsewhere[0].title} creates one in another namespace" if elsewhere else ""
                absent = Absence(bundle.cluster, (kind,), namespace)
                yield Hit(at, text, subject=bundle.title, absent=absent)


def _exists(model: Model, cluster: str, kind: str, namespace: str, name: str) -> bool:
    if kind == "Secret":
        return bool(makers(model, cluster, namespace, name))
    return model.find(cluster, "ConfigMap", namespace, name) is not None


@rule(
    "MW208",
    "bundle-misses-linkerd-namespace",
    "A Bundle does not select Linkerd's namespace",
    why="trust-manager writes the ConfigMap only to namespaces that the selector matches, and the control "
    "plane waits for it.",
    fix="select by kubernetes.io/metadata.name, or add the label to the Namespace",
    source="trust-manager v0.24, Bundle spec.target.namespaceSelector",
)
def bundle_target(model: Model) -> Iterator[Hit]:
    for bundle in trust_bundles(model):
        wanted = bundle.mapping("spec", "target", "namespaceSelector", "matchLabels")
        for release in model.charts("linkerd-control-plane", bundle.cluster):
            namespace = model.find(bundle.cluster, "Namespace", "", release.namespace)
            if namespace is None:
                continue
            labels = {**namespace.labels, "kubernetes.io/metadata.name": namespace.name}
            missing = [key for key, value in wanted.items() if labels.get(key) != value]
            for key in missing:
                at = bundle.at("spec", "target", "namespaceSelector", "matchLabels", key)
                text = f"{bundle.title} selects namespaces with label {key}: {wanted[key]}, but {namespace.title} does not have it"
                yield Hit(at, text, subject=bundle.title)
            selector = bundle.mapping("spec", "target", "namespaceSelector")
            if not missing and not matches(selector, labels):
                at = bundle.at("spec", "target", "namespaceSelector", "matchExpressions")
                text = f"matchExpressions of {bundle.title} do not select {namespace.title}"
                yield Hit(at, text, subject=bundle.title)


@rule(
    "MW209",
    "trust-roots-key-unread",
    "The trust roots are stored under a key that nothing reads",
    why="The control plane and the proxies read only the key ca-bundle.crt of this ConfigMap.",
    fix="name the key ca-bundle.crt, in a Bundle as spec.target.configMap.key",
    source="linkerd2 charts/partials/templates/_proxy.tpl; pkg/k8s/labels.go",
)
def bundle_key(model: Model) -> Iterator[Hit]:
    for bundle in trust_bundles(model):
        key = bundle.get("spec", "target", "configMap", "key")
        if key is None and bundle.mapping("spec", "target"):
            text = f"{bundle.title} writes no ConfigMap, but Linkerd reads the trust roots from one"
            yield Hit(bundle.at("spec", "target"), text, subject=bundle.title)
        elif key is not None and key != _KEY:
            at = bundle.at("spec", "target", "configMap", "key")
            yield Hit(
                at, f"{bundle.title} writes key '{key}', but Linkerd reads {_KEY}", subject=bundle.title
            )
    for release in control_planes(model):
        item = model.find(release.cluster, "ConfigMap", release.namespace, TRUST_ROOTS)
        data = item.mapping("data") if item is not None else {}
        # Without data, something else fills it.
        if item is not None and data and _KEY not in data:
            key = sorted(data)[0]
            text = f"{item.title} has key '{key}', but Linkerd reads {_KEY}"
            yield Hit(item.at("data", key, key=True), text, subject=item.title)


@rule(
    "MW210",
    "trust-roots-configmap-missing",
    "Nothing creates the ConfigMap with the trust roots",
    why="With identity.externalCA the chart does not create it, and every pod of the control plane waits "
    "for it.",
    fix=f"add a Bundle named {TRUST_ROOTS}, or set identityTrustAnchorsPEM instead of externalCA",
    source="linkerd2 charts/linkerd-control-plane/templates/identity.yaml, identity.externalCA",
)
def trust_config_map(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        if release.value("identity", "externalCA") is not True:
            continue
        bundles = [item for item in trust_bundles(model) if item.cluster == release.cluster]
        if not bundles and not model.find(release.cluster, "ConfigMap", release.namespace, TRUST_ROOTS):
            at = release.at("identity", "externalCA")
            text = f"{release.title} reads ConfigMap {release.namespace}/{TRUST_ROOTS}, which nothing creates"
            bundle = Absence(release.cluster, ("Bundle",), "")
            absent = Absence(release.cluster, ("ConfigMap",), release.namespace, bundle)
            yield Hit(at, text, subject=release.title, absent=absent)


@rule(
    "MW212",
    "issuer-not-signed-by-trust-roots",
    "The issuer's CA is not among the trust roots",
    why="Proxies trust only these roots and reject every certificate that another CA has signed.",
    fix="let the Bundle read the Secret of the CA that signs the issuer",
    source="linkerd2 pkg/issuercerts: the issuer has to chain to the anchors",
)
def chain(model: Model) -> Iterator[Hit]:
    for item in linkerds_certificates(model, ISSUER_SECRET):
        _, issuer = issuer_of(model, item)
        signer = issuer.get("spec", "ca", "secretName") if issuer is not None else None
        for bundle in trust_bundles(model):
            if signer is None or bundle.cluster != item.cluster:
                continue
            names = _held(model, bundle)
            # Anything else among the sources may hold the anchor too.
            if names is not None and signer not in names:
                at = bundle.at("spec", "sources")
                shown = " and ".join(f"Secret {name}" for name in names)
                text = f"{bundle.title} contains {shown}, but {item.title} is signed by the CA in Secret {signer}"
                yield Hit(at, text, subject=bundle.title)


def _held(model: Model, bundle: Item) -> list[str] | None:
    """The Secrets that a Bundle takes certificates from, by name and by label; None if some are unknown.

    A label selects the objects in the repository that have it.
    """
    namespace = trust_namespace(model, bundle.cluster)
    names: list[str] = []
    for source in bundle.list("spec", "sources"):
        if not isinstance(source, dict):
            continue
        for field, kind in (("secret", "Certificate"), ("configMap", "ConfigMap")):
            selector = source[field].get("selector") if isinstance(source.get(field), dict) else None
            if isinstance(selector, dict):
                found = list(_selected(model, bundle.cluster, namespace, kind, selector))
                if found and (kind == "ConfigMap" or source[field].get("key") != "tls.crt"):
                    return None
                names += [str(item.get("spec", "secretName")) for item in found]
                break
        else:
            if not _names_one(source):
                return None
            names.append(str(source["secret"]["name"]))
    return names or None


def _selected(
    model: Model, cluster: str, namespace: str, kind: str, selector: Mapping[str, Any]
) -> Iterator[Item]:
    """Objects of the trust namespace whose Secret, or which themselves, carry the labels."""
    wanted = mapping_of(selector.get("matchLabels"))
    for item in model.items(kind):
        own = item.labels if kind == "ConfigMap" else item.mapping("spec", "secretTemplate", "labels")
        if item.cluster == cluster and item.namespace == namespace and wanted.items() <= own.items():
            yield item


def _names_one(source: dict[str, object]) -> bool:
    secret = source.get("secret")
    return isinstance(secret, dict) and bool(secret.get("name")) and secret.get("key") == "tls.crt"
