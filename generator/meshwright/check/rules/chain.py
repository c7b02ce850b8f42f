"""The mesh's certificates: who makes them, how their keys change, and what stands in the values."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from meshwright.check.model.certmanager import (
    ISSUER_SECRET,
    TRUST_ROOTS,
    certificates,
    control_planes,
    makers,
    trust_bundles,
)
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


@rule(
    "MW215",
    "issuer-key-reused",
    "A renewed issuer keeps its key",
    why="Before 1.18 cert-manager renews a certificate with the key that it has, unless told otherwise: whoever once "
    "had the key goes on issuing identities.",
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
                why = "Never" if policy else f"left to cert-manager {release.chart.version}"
                at = item.at("spec", "privateKey", "rotationPolicy")
                yield Hit(at, f"{item.title} has rotationPolicy {why}", subject=item.title)


@rule(
    "MW216",
    "trust-object-written-twice",
    "Two objects make one of the mesh's certificates",
    why="Each undoes what the other wrote: the mesh runs on the one today and on the other tomorrow.",
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
            text = f"{second.title} and {first.title} ({first.at()}) both make {what}"
            yield Hit(second.at(), text, subject=second.title)


@rule(
    "MW217",
    "inline-certificate-invalid",
    "What stands as a certificate in the values is none that Linkerd takes",
    why="identity reads PEM, and keys on P-256 (RSA too for the roots): with anything else it stops at start.",
    fix="put the certificate in whole, from BEGIN to END, with an ECDSA key on P-256",
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
                text = f"{release.title} has {'.'.join(pointer)} with {problem}"
                yield Hit(release.at(*pointer), text, subject=release.title)


def _problem(text: str, rsa: bool) -> str:
    blocks = _BLOCK.findall(text)
    if not blocks:
        return "no certificate in it"
    for block in blocks:
        compact = "".join(block.split())
        try:
            der = base64.b64decode(compact[: len(compact) // 4 * 4], validate=True)
        except (binascii.Error, ValueError):
            return "a certificate that is no base64"
        if der[:1] != b"\x30":
            return "a block that is no certificate"
        for mark, name in _REFUSED.items():
            if mark in der:
                return f"a certificate with {name}"
        if not rsa and _RSA in der and b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" not in der:
            return "a certificate with an RSA key"
    return ""
