"""The certificates that the repository specifies: lifetime, readers, and what a renewal restarts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshwright.check.model.certmanager import TRUST_ROOTS, certificates, issuer_of
from meshwright.check.model.duration import DAY, seconds
from meshwright.check.model.index import Item, Model
from meshwright.errors import Position
from meshwright.trust.chain import Chain

# source: cert-manager, Certificate spec: defaults of duration and renewBefore, of the key and its rotation.
_LIFETIME = 90 * DAY
_ROTATION_SINCE = (1, 18)
# Chart -> values key -> its Secret, and its reader. source: linkerd2 charts at edge-26.8.3.
_WEBHOOKS = {
    "linkerd-control-plane": {
        "proxyInjector": ("linkerd-proxy-injector-k8s-tls", "Deployment linkerd-proxy-injector"),
        "profileValidator": ("linkerd-sp-validator-k8s-tls", "Deployment linkerd-destination (sp-validator)"),
        "policyValidator": ("linkerd-policy-validator-k8s-tls", "Deployment linkerd-destination (policy)"),
    },
    "linkerd-viz": {
        "tap": ("tap-k8s-tls", "Deployment tap"),
        "tapInjector": ("tap-injector-k8s-tls", "Deployment tap-injector"),
    },
}
_ALL_PROXIES = f"the control plane and every proxy, through ConfigMap {TRUST_ROOTS}"


@dataclass(frozen=True)
class Planned:
    """A certificate as specified; times are in seconds.

    ``lifetime`` is None if it is unknown, ``renewed`` is the age at which it is renewed, None for never.
    ``mounted`` describes its readers, ``restart`` what must restart after a renewal.
    """

    role: str
    title: str
    position: Position
    secret: str
    signed_by: str
    lifetime: float | None
    renewed: float | None
    key: str
    new_key: str
    is_ca: bool
    mounted: str
    restart: str
    cluster: str = ""


def planned(model: Model, chain: Chain) -> Iterator[Planned]:
    """Every certificate of a cluster's mesh, starting with the anchor."""
    reader = _Reader(model, chain)
    for anchor in chain.anchors:
        role = "trust anchor" if anchor.named else "trust anchor, additional"
        yield reader.read(anchor.certificate, role, _ALL_PROXIES, _after_anchor(reader, anchor.certificate))
    if chain.external_ca is not None:
        text = "nothing; if the external CA changes, this Certificate shows it only at its next renewal"
        yield reader.read(
            chain.external_ca, "carrier of an external CA", f"nothing; its ca.crt by {_ALL_PROXIES}", text
        )
    if chain.identity is not None:
        mounted = "Deployment linkerd-identity, which signs the proxies' 24-hour certificates"
        text = "nothing: linkerd-identity reads the new Secret (event IssuerUpdated in its namespace)"
        yield reader.read(chain.identity, "identity issuer", mounted, text)
    yield from _webhooks(reader)


def _after_anchor(reader: _Reader, item: Item) -> str:
    if reader.new_key(item) == "same key":
        return "every meshed pod, any time before the old certificate expires, because the key stays the same"
    return "the control plane, then every meshed pod, before anything is signed with the new key"


def _webhooks(reader: _Reader) -> Iterator[Planned]:
    chain = reader.chain
    signers: dict[str, Item] = {}
    rows = []
    for release in (chain.release, chain.viz):
        for key, (secret, mounted) in _WEBHOOKS[release.chart.name].items() if release is not None else ():
            found = [it for it in certificates(reader.model, secret) if it.cluster == chain.cluster]
            for item in found:
                rows.append(reader.read(item, "webhook certificate", mounted, "nothing: it is reloaded"))
                signer = _signer(reader.model, item)
                if signer is not None:
                    signers.setdefault(signer.title, signer)
            if (
                not found
                and release is not None
                and release.complete
                and not release.value(key, "externalSecret")
            ):
                rows.append(_by_chart(reader, key, secret, mounted))
    for signer in signers.values():
        text = "nothing: cainjector updates the webhooks"
        yield reader.read(signer, "webhook CA", "the API server, through the webhooks' caBundle", text)
    yield from rows


def _by_chart(reader: _Reader, key: str, secret: str, mounted: str) -> Planned:
    release = reader.chain.viz if key.startswith("tap") else reader.chain.release
    assert release is not None
    return Planned(
        role="webhook certificate",
        title=f"{key} of {release.title}",
        position=release.position,
        secret=f"{release.namespace}/{secret}",
        signed_by="itself, created by Helm at each rendering",
        # source: linkerd2 charts, genSelfSignedCert with 365 days.
        lifetime=365 * DAY,
        renewed=None,
        key="RSA 2048",
        new_key="new key",
        is_ca=False,
        mounted=mounted,
        restart="its Deployment, automatically by the chart's checksum annotation",
        cluster=reader.chain.cluster,
    )


def _signer(model: Model, item: Item) -> Item | None:
    """The Certificate of the CA that signs ``item``, if that CA is in this repository."""
    _, issuer = issuer_of(model, item)
    secret = issuer.get("spec", "ca", "secretName") if issuer is not None else None
    found = [it for it in certificates(model, str(secret)) if it.cluster == item.cluster] if secret else []
    return found[0] if found else None


class _Reader:
    def __init__(self, model: Model, chain: Chain) -> None:
        self.model, self.chain = model, chain

    def read(self, item: Item, role: str, mounted: str, restart: str) -> Planned:
        """The report row of a Certificate."""
        lifetime = _LIFETIME
        if item.get("spec", "duration") is not None:
            lifetime = seconds(item.get("spec", "duration")) or 0.0
        return Planned(
            role=role,
            title=item.title,
            position=item.at(),
            secret=f"{item.namespace}/{item.get('spec', 'secretName')}",
            signed_by=self._signed_by(item),
            lifetime=lifetime or None,
            renewed=_renewed(item, lifetime),
            key=_key(item),
            new_key=self.new_key(item),
            is_ca=item.get("spec", "isCA") is True,
            mounted=mounted,
            restart=restart,
            cluster=self.chain.cluster,
        )

    def _signed_by(self, item: Item) -> str:
        title, issuer = issuer_of(self.model, item)
        if issuer is None:
            return f"{title}, which is not in this repository"
        return f"itself ({title})" if issuer.get("spec", "selfSigned") is not None else title

    def new_key(self, item: Item) -> str:
        """``new key`` or ``same key`` after a renewal; the default changed in cert-manager 1.18."""
        policy = item.get("spec", "privateKey", "rotationPolicy")
        if policy is not None:
            return "new key" if policy == "Always" else "same key"
        for release in self.model.charts("cert-manager", item.cluster):
            parts = release.chart.version.lstrip("v").split(".")
            if len(parts) == 3 and all(part.isdigit() for part in parts[:2]):
                new = (int(parts[0]), int(parts[1])) >= _ROTATION_SINCE
                return "new key" if new else "same key"
        return "new key since cert-manager 1.18, same key before"


def _renewed(item: Item, lifetime: float) -> float | None:
    before = seconds(item.get("spec", "renewBefore"))
    share = item.get("spec", "renewBeforePercentage")
    if before is None and isinstance(share, int):
        before = lifetime * share / 100
    # cert-manager uses a third of the lifetime if renewBefore is missing or too long.
    if before is None or before >= lifetime:
        before = lifetime / 3
    return lifetime - before if lifetime else None


def _key(item: Item) -> str:
    algorithm = str(item.get("spec", "privateKey", "algorithm") or "RSA")
    size = item.get("spec", "privateKey", "size") or {"RSA": 2048, "ECDSA": 256}.get(algorithm)
    return f"{algorithm} {size}" if size else algorithm
