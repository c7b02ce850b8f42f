"""The identity issuer's certificate, and certificates that the chart gets in its values."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.certmanager import (
    GROUP,
    ISSUER_SECRET,
    TRUST_ROOTS,
    certificates,
    cluster_resource_namespace,
    control_planes,
    issuer_of,
    linkerds_certificates,
    makers,
    renews_key,
    trust_bundles,
)
from meshwright.check.model.duration import DAY, days, seconds
from meshwright.check.model.index import Model
from meshwright.check.model.inlinepem import InlinePem, InlineTrust, inline_trust
from meshwright.check.rules.rule import Absence, Hit, Severity, rule

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
        if release.value("identity", "issuer", "scheme") != _TLS:
            continue
        if not makers(model, release.cluster, release.namespace, ISSUER_SECRET):
            at = release.at("identity", "issuer", "scheme")
            text = f"{release.title} mounts Secret {release.namespace}/{ISSUER_SECRET}, which nothing creates"
            others = [
                item.title for item in certificates(model, ISSUER_SECRET) if item.cluster == release.cluster
            ]
            text += f"; {others[0]} creates one in its own namespace" if others else ""
            absent = Absence(release.cluster, ("Secret",), release.namespace)
            yield Hit(at, text, subject=release.title, absent=absent)


@rule(
    "MW203",
    "issuer-key-unsupported",
    "The identity controller rejects the issuer's certificate",
    why="The issuer must be a CA with an ECDSA P-256 key; with any other the identity controller exits.",
    fix="set isCA: true, privateKey.algorithm: ECDSA and privateKey.size: 256",
    source="linkerd2 pkg/issuercerts",
)
def issuer_key(model: Model) -> Iterator[Hit]:
    for item in linkerds_certificates(model, ISSUER_SECRET):
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
    "ends all mTLS within days, and with a late renewal within hours.",
    fix="set duration: 2160h and renewBefore: 720h",
    source="linkerd2#15109; pkg/tls/ca.go: no certificate of a proxy outlives the issuer",
    severity=Severity.WARNING,
)
def issuer_lifetime(model: Model) -> Iterator[Hit]:
    for item in linkerds_certificates(model, ISSUER_SECRET):
        lifetime = seconds(item.get("spec", "duration"))
        if lifetime is not None and lifetime < 30 * DAY:
            text = f"{item.title} is valid for only {days(lifetime)}"
            yield Hit(item.at("spec", "duration"), text, subject=item.title)
            continue
        before = seconds(item.get("spec", "renewBefore"))
        if before is not None and before < DAY:
            text = f"{item.title} is renewed only {item.get('spec', 'renewBefore')} before it expires"
            yield Hit(item.at("spec", "renewBefore"), text, subject=item.title)


@rule(
    "MW205",
    "ca-renewed-too-early",
    "A CA is renewed soon after it is issued",
    why="renewBefore counts back from the expiry. If it is longer than half of the lifetime, the CA is "
    "renewed early, often soon after it was issued. CAs of less than 90 days are not reported.",
    fix="set renewBefore to the time before the expiry, such as 1440h",
    source="cert-manager Certificate spec.renewBefore and spec.renewBeforePercentage; the example in linkerd.io's rotation page",
    severity=Severity.WARNING,
)
def renewed_too_early(model: Model) -> Iterator[Hit]:
    for item in model.items("Certificate", GROUP):
        lifetime = seconds(item.get("spec", "duration"))
        field, before = "renewBefore", seconds(item.get("spec", "renewBefore"))
        if item.get("spec", "isCA") is not True or lifetime is None:
            continue
        percent = item.get("spec", "renewBeforePercentage")
        if before is None and isinstance(percent, int):
            field, before = "renewBeforePercentage", lifetime * percent / 100
        if lifetime >= 90 * DAY and before is not None and lifetime / 2 < before < lifetime:
            at = item.at("spec", field)
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
        if str(reference.get("group") or GROUP) != GROUP:
            continue
        title, found = issuer_of(model, item)
        kind = "issuer" if found is None else ""
        # Charts and people often create issuers elsewhere, so only one of the same name that the reference misses is reported.
        name = str(reference.get("name") or "")
        twins = [other for kind in ("Issuer", "ClusterIssuer") for other in model.items(kind, GROUP)]
        twins = [other for other in twins if other.name == name and other.cluster == item.cluster]
        if kind and twins:
            at = item.at("spec", "issuerRef")
            text = f"{item.title} references {title}, which does not exist; did you mean {twins[0].title}?"
            wanted = str(reference.get("kind") or "Issuer")
            absent = Absence(item.cluster, (wanted,), "" if wanted == "ClusterIssuer" else item.namespace)
            yield Hit(at, text, subject=item.title, absent=absent)


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
        if not isinstance(name, str):
            continue
        place = cluster_resource_namespace(model, issuer.cluster)
        elsewhere = [item for item in certificates(model, name) if item.cluster == issuer.cluster]
        if elsewhere and not makers(model, issuer.cluster, place, name):
            text = (
                f"{issuer.title} reads Secret {place}/{name}, but {elsewhere[0].title} "
                f"({elsewhere[0].at()}) creates it in another namespace"
            )
            absent = Absence(issuer.cluster, ("Secret",), place)
            yield Hit(issuer.at("spec", "ca", "secretName"), text, subject=issuer.title, absent=absent)


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
    "obtained the key can keep issuing identities.",
    fix="set privateKey.rotationPolicy: Always",
    source="cert-manager v1.18 release notes: rotationPolicy is Always by default, Never before",
    severity=Severity.WARNING,
)
def kept_key(model: Model) -> Iterator[Hit]:
    for item in linkerds_certificates(model, ISSUER_SECRET):
        renewed = renews_key(model, item)
        if renewed is not None and not renewed[0]:
            at = item.at("spec", "privateKey", "rotationPolicy")
            yield Hit(at, f"{item.title} {renewed[1]}", subject=item.title)


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
    "Linkerd does not accept a certificate in the repository",
    why="The identity controller reads its trust roots and its issuer as PEM when it starts. It exits if it "
    "cannot read one, or if the issuer does not lead to a trust root. It skips certificates that share a line, "
    "ignores text before the first one, and reads text after the last one as one more certificate. "
    "This rule does not compare dates; `meshwright trust` does.",
    fix="paste whole certificates, each from BEGIN to END at the start of a line, with an ECDSA P-256 key, and "
    "nothing after the last one",
    source="linkerd2 pkg/tls/codec.go, pkg/issuercerts, pkg/identity/service.go; linkerd2#3414; "
    "trust-manager pkg/util/cert_pool.go",
)
def inline_certificates(model: Model) -> Iterator[Hit]:
    for trust in inline_trust(model):
        for pem, objection in _objections(trust):
            yield Hit(pem.position, f"{pem.label} {objection}", subject=pem.subject)


def _objections(trust: InlineTrust) -> Iterator[tuple[InlinePem, str]]:
    anchors, issuer = trust.anchors, trust.issuer
    if anchors is None and issuer is None:
        return
    # Imported only if there is a certificate: the library for them takes long to load.
    from meshwright.certificates.judging import anchor_objections, issuer_objections
    from meshwright.certificates.path import proxy_name
    from meshwright.certificates.reading import read_linkerd, read_trust_manager

    proxy = proxy_name(trust.trust_domain, trust.namespace)
    issuers = read_linkerd(issuer.text) if issuer is not None else None
    pool = None
    if anchors is not None:
        reading = (read_trust_manager if trust.bundled else read_linkerd)(anchors.text)
        pool = [it.certificate for it in reading.certificates] if not trust.external else None
        first = issuers.certificates[0].certificate if issuers is not None and issuers.certificates else None
        yield from ((anchors, text) for text in anchor_objections(reading, proxy, first))
    if issuer is not None and issuers is not None:
        # If no root was read, that is the fault, not the path.
        yield from ((issuer, text) for text in issuer_objections(issuers, pool or None, proxy))
