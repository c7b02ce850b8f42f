"""The identity issuer's certificate, and certificates that the chart gets in its values."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from meshwright.check.model.certmanager import (
    GROUP,
    ISSUER_SECRET,
    TRUST_ROOTS,
    certificates,
    cluster_resource_namespace,
    control_planes,
    issuer_of,
    makers,
    trust_bundles,
)
from meshwright.check.model.duration import DAY, days, seconds
from meshwright.check.model.index import Model
from meshwright.check.rules.rule import Hit, Severity, rule

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
# Object identifiers in DER of what Linkerd refuses. source: RFC 5480, RFC 8410.
_REFUSED = {
    bytes.fromhex("06052b81040022"): "an ECDSA key on P-384",
    bytes.fromhex("06052b81040023"): "an ECDSA key on P-521",
    bytes.fromhex("06032b6570"): "an Ed25519 key",
}
_RSA = bytes.fromhex("06092a864886f70d010101")
_OLD_DEFAULT = (1, 18)
_TLS = "kubernetes.io/tls"


@rule(
    "MW202",
    "issuer-secret-missing",
    "Nothing creates the identity issuer's Secret",
    why="The identity controller mounts this Secret. Without it the pod never starts, and the release "
    "times out.",
    fix="add a Certificate with this secretName in Linkerd's namespace",
    source="linkerd2 charts/linkerd-control-plane/templates/identity.yaml, volume identity-issuer",
)
def issuer_secret(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        if release.value("identity", "issuer", "scheme") != _TLS or not model.sees_all_of(release.cluster):
            continue
        if not makers(model, release.cluster, release.namespace, ISSUER_SECRET):
            at = release.at("identity", "issuer", "scheme")
            text = f"{release.title} mounts Secret {release.namespace}/{ISSUER_SECRET}, which nothing creates"
            others = [item.title for item in certificates(model, ISSUER_SECRET)]
            text += f"; {others[0]} creates one in its own namespace" if others else ""
            yield Hit(at, text, subject=release.title)


@rule(
    "MW203",
    "issuer-key-unsupported",
    "The identity controller rejects the issuer's certificate",
    why="The issuer must be a CA with an ECDSA P-256 key; with any other the identity controller exits.",
    fix="set isCA: true, privateKey.algorithm: ECDSA and privateKey.size: 256",
    source="linkerd2 pkg/issuercerts",
)
def issuer_key(model: Model) -> Iterator[Hit]:
    for item in certificates(model, ISSUER_SECRET):
        # The versions before v1 had other fields, and are a fault of their own.
        if item.built.api_version != f"{GROUP}/v1":
            continue
        key = item.mapping("spec", "privateKey")
        if item.get("spec", "isCA") is not True:
            yield Hit(item.at("spec", "isCA"), f"{item.title} is not a CA", subject=item.title)
        if key.get("algorithm") != "ECDSA":
            shown = key.get("algorithm") or "RSA (the default)"
            at = item.at("spec", "privateKey", "algorithm")
            yield Hit(
                at, f"{item.title} has key algorithm {shown}, but Linkerd requires ECDSA", subject=item.title
            )
        elif key.get("size") not in (None, 256):
            at = item.at("spec", "privateKey", "size")
            text = f"{item.title} has an ECDSA key of {key.get('size')} bits, but Linkerd requires 256"
            yield Hit(at, text, subject=item.title)


@rule(
    "MW204",
    "issuer-lifetime-short",
    "The identity issuer's lifetime is too short",
    why="The identity controller sometimes misses a renewed Secret. With a short lifetime, a single miss "
    "ends all mTLS within days.",
    fix="set duration: 2160h and renewBefore: 720h",
    source="linkerd2#15109",
    severity=Severity.WARNING,
)
def issuer_lifetime(model: Model) -> Iterator[Hit]:
    for item in certificates(model, ISSUER_SECRET):
        lifetime = seconds(item.get("spec", "duration"))
        if lifetime is not None and lifetime < 30 * DAY:
            text = f"{item.title} is valid for only {days(lifetime)}"
            yield Hit(item.at("spec", "duration"), text, subject=item.title)


@rule(
    "MW205",
    "ca-renewed-too-early",
    "A CA is renewed soon after it is issued",
    why="renewBefore counts back from the expiry. If it is longer than half of the lifetime, the CA is "
    "renewed early, often soon after it was issued.",
    fix="set renewBefore to the time before the expiry, such as 1440h",
    source="cert-manager Certificate spec.renewBefore; the example in linkerd.io's rotation page",
    severity=Severity.WARNING,
)
def renewed_too_early(model: Model) -> Iterator[Hit]:
    for item in model.items("Certificate", GROUP):
        lifetime = seconds(item.get("spec", "duration"))
        before = seconds(item.get("spec", "renewBefore"))
        if item.get("spec", "isCA") is not True or lifetime is None or before is None:
            continue
        if lifetime >= 90 * DAY and lifetime / 2 < before < lifetime:
            at = item.at("spec", "renewBefore")
            text = f"{item.title} is valid for {days(lifetime)} and renewed after {days(lifetime - before)}"
            yield Hit(at, text, subject=item.title)


@rule(
    "MW211",
    "certificate-issuer-missing",
    "A Certificate names an issuer that does not exist",
    why="cert-manager leaves the Certificate pending and never creates its Secret.",
    fix="name an Issuer in the same namespace, or a ClusterIssuer",
    source="cert-manager Certificate spec.issuerRef",
)
def missing_issuer(model: Model) -> Iterator[Hit]:
    for item in model.items("Certificate", GROUP):
        reference = item.mapping("spec", "issuerRef")
        if str(reference.get("group") or GROUP) != GROUP or not model.sees_all_of(item.cluster):
            continue
        title, found = issuer_of(model, item)
        kind = "issuer" if found is None else ""
        # Issuers that a chart or a person makes elsewhere are common: only a twin of another kind is sure.
        name = str(reference.get("name") or "")
        twins = [other for kind in ("Issuer", "ClusterIssuer") for other in model.items(kind, GROUP)]
        twins = [other for other in twins if other.name == name and other.cluster == item.cluster]
        if kind and twins:
            at = item.at("spec", "issuerRef")
            text = f"{item.title} references {title}, which does not exist; did you mean {twins[0].title}?"
            yield Hit(at, text, subject=item.title)


@rule(
    "MW213",
    "clusterissuer-secret-namespace",
    "A ClusterIssuer's CA Secret is in the wrong namespace",
    why="A ClusterIssuer reads its CA only from cert-manager's namespace. If the Secret is not there, the "
    "ClusterIssuer never becomes ready and signs nothing.",
    fix="put the CA's Certificate into cert-manager's namespace, or use an Issuer in its namespace",
    source="cert-manager, CA issuer; controller flag --cluster-resource-namespace",
)
def cluster_issuer_secret(model: Model) -> Iterator[Hit]:
    for issuer in model.items("ClusterIssuer", GROUP):
        name = issuer.get("spec", "ca", "secretName")
        if not isinstance(name, str) or not model.sees_all_of(issuer.cluster):
            continue
        place = cluster_resource_namespace(model, issuer.cluster)
        elsewhere = [item for item in certificates(model, name) if item.cluster == issuer.cluster]
        if elsewhere and not makers(model, issuer.cluster, place, name):
            text = (
                f"{issuer.title} reads Secret {place}/{name}, but {elsewhere[0].title} "
                f"({elsewhere[0].at()}) creates it in another namespace"
            )
            yield Hit(issuer.at("spec", "ca", "secretName"), text, subject=issuer.title)


@rule(
    "MW214",
    "control-plane-certificates-missing",
    "linkerd-control-plane has no certificates",
    why="Unless the issuer comes from a Secret, the chart needs the issuer's certificate and key and the "
    "trust roots. Without them it does not render, and nothing is installed.",
    fix="set identity.issuer.scheme: kubernetes.io/tls and identity.externalCA: true, with cert-manager "
    "and a Bundle",
    source="linkerd2 charts/linkerd-control-plane/templates/identity.yaml; linkerd2#5763",
)
def no_certificates(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        if release.value("identity", "issuer", "scheme") == _TLS:
            continue
        wanted = (("identity", "issuer", "tls", "crtPEM"), ("identity", "issuer", "tls", "keyPEM"))
        missing = [".".join(pointer) for pointer in wanted if not release.value(*pointer)]
        if release.value("identity", "externalCA") is not True and not release.value(
            "identityTrustAnchorsPEM"
        ):
            missing.insert(0, "identityTrustAnchorsPEM")
        if missing:
            text = f"{release.title} does not set {', '.join(missing)}"
            yield Hit(release.at("identity"), text, subject=release.title)


@rule(
    "MW215",
    "issuer-key-reused",
    "A renewed issuer keeps its key",
    why="Before 1.18, cert-manager keeps the private key on renewal by default. Anyone who has ever "
    "obtained the key can go on issuing identities.",
    fix="set privateKey.rotationPolicy: Always",
    source="cert-manager v1.18 release notes: rotationPolicy is Always by default, Never before",
    severity=Severity.WARNING,
)
def kept_key(model: Model) -> Iterator[Hit]:
    for item in certificates(model, ISSUER_SECRET):
        policy = item.get("spec", "privateKey", "rotationPolicy")
        for release in model.charts("cert-manager", item.cluster) if policy in (None, "Never") else ():
            found = re.match(r"v?([0-9]+)\.([0-9]+)\.", release.chart.version)
            if policy == "Never" or (found and (int(found[1]), int(found[2])) < _OLD_DEFAULT):
                why = "has rotationPolicy: Never"
                if policy is None:
                    why = f"sets no rotationPolicy, and cert-manager {release.chart.version} keeps the key by default"
                at = item.at("spec", "privateKey", "rotationPolicy")
                yield Hit(at, f"{item.title} {why}", subject=item.title)


@rule(
    "MW216",
    "trust-object-written-twice",
    "Two objects write the same certificate",
    why="Each overwrites the other, so the mesh switches back and forth between two certificates.",
    fix="keep one of the two",
    source="cert-manager Certificate spec.secretName; trust-manager Bundle spec.target",
)
def two_makers(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        found = makers(model, release.cluster, release.namespace, ISSUER_SECRET)
        known = [item for item in found if item.namespace == release.namespace]
        bundles = [item for item in trust_bundles(model) if item.cluster == release.cluster]
        roots = model.find(release.cluster, "ConfigMap", release.namespace, TRUST_ROOTS)
        pairs = [(known[0], other, f"Secret {ISSUER_SECRET}") for other in known[1:]]
        if bundles and roots is not None:
            pairs.append((bundles[0], roots, f"ConfigMap {TRUST_ROOTS}"))
        for first, second, what in pairs:
            text = f"{second.title} and {first.title} ({first.at()}) both write {what}"
            yield Hit(second.at(), text, subject=second.title)


@rule(
    "MW217",
    "inline-certificate-invalid",
    "Linkerd does not accept a certificate in the values",
    why="identity reads PEM with P-256 keys (and RSA keys for the trust roots); with anything else it "
    "exits at startup.",
    fix="paste the whole certificate, from BEGIN to END, with an ECDSA P-256 key",
    source="linkerd2 pkg/issuercerts; linkerd2#3414",
)
def inline_certificates(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        for pointer, rsa in (
            (("identityTrustAnchorsPEM",), True),
            (("identity", "issuer", "tls", "crtPEM"), False),
        ):
            value = release.value(*pointer)
            if not isinstance(value, str) or not value.strip() or release.is_unknown(value) or "${" in value:
                continue
            problem = _problem(value, rsa)
            if problem:
                text = f"{'.'.join(pointer)} of {release.title} contains {problem}"
                yield Hit(release.at(*pointer), text, subject=release.title)


def _problem(text: str, rsa: bool) -> str:
    blocks = _BLOCK.findall(text)
    if not blocks:
        return "no certificate"
    for block in blocks:
        compact = "".join(block.split())
        try:
            der = base64.b64decode(compact[: len(compact) // 4 * 4], validate=True)
        except (binascii.Error, ValueError):
            return "a certificate that is not base64"
        if der[:1] != b"\x30":
            return "a block that is not a certificate"
        for mark, name in _REFUSED.items():
            if mark in der:
                return f"a certificate with {name}"
        if not rsa and _RSA in der and b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" not in der:
            return "a certificate with an RSA key"
    return ""
