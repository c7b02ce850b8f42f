"""The certificates that the repository asks for: how long each lives, who mounts it, what has to restart."""

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
# Chart -> values key -> its Secret, and who mounts it. source: linkerd2 charts at edge-26.8.3.
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
    """A Certificate as it is asked for; times are in seconds.

    ``lifetime`` is None when the chart makes it with a lifetime of its own or nothing tells, ``renewed`` is
    the age at which it is renewed, None for never. ``mounted`` says who reads it, ``restart`` what has to be
    restarted after a renewal.
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
    """Every certificate of a cluster's mesh, from the anchor down."""
    reader = _Reader(model, chain)
    for anchor in chain.anchors:
        role = "trust anchor" if anchor.named else "trust anchor, additional"
        yield reader.read(anchor.certificate, role, _ALL_PROXIES, _after_anchor(reader, anchor.certificate))
    if chain.borrowed is not None:
        text = "nothing by itself; a CA that changed behind its issuer shows here at the renewal only"
        yield reader.read(chain.borrowed, "carrier of another CA", f"nobody; {_ALL_PROXIES}", text)
    if chain.identity is not None:
        mounted = "Deployment linkerd-identity, which signs each proxy's certificate of 24 hours"
        text = "nothing: identity sees the new Secret (event IssuerUpdated in its namespace)"
        yield reader.read(chain.identity, "identity issuer", mounted, text)
    yield from _webhooks(reader)


def _after_anchor(reader: _Reader, item: Item) -> str:
    if reader.new_key(item) == "same key":
        return "every meshed pod, once before the old certificate ends; its key stays, so there is no hurry"
    return "the control plane, then every meshed pod, before anything is signed with the new key"


def _webhooks(reader: _Reader) -> Iterator[Planned]:
    chain = reader.chain
    signers: dict[str, Item] = {}
    rows = []
    for release in (chain.release, chain.viz):
        for key, (secret, mounted) in _WEBHOOKS[release.chart.name].items() if release is not None else ():
            found = [it for it in certificates(reader.model, secret) if it.cluster == chain.cluster]
            for item in found:
                rows.append(reader.read(item, "webhook certificate", mounted, "nothing: it is read anew"))
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
        text = "nothing: cainjector writes it into the webhooks"
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
        signed_by="itself, by Helm at each rendering",
        # source: linkerd2 charts, genSelfSignedCert with 365 days.
        lifetime=365 * DAY,
        renewed=None,
        key="RSA 2048",
        new_key="new key",
        is_ca=False,
        mounted=mounted,
        restart="its Deployment, which the chart's checksum does",
        cluster=reader.chain.cluster,
    )


def _signer(model: Model, item: Item) -> Item | None:
    """The Certificate of the CA that signs ``item``, where its issuer is a CA of this repository."""
    _, issuer = issuer_of(model, item)
    secret = issuer.get("spec", "ca", "secretName") if issuer is not None else None
    found = [it for it in certificates(model, str(secret)) if it.cluster == item.cluster] if secret else []
    return found[0] if found else None


class _Reader:
    def __init__(self, model: Model, chain: Chain) -> None:
        self.model, self.chain = model, chain

    def read(self, item: Item, role: str, mounted: str, restart: str) -> Planned:
        """A Certificate as a row."""
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
        """``new key`` or ``same key`` at a renewal; the default changed with cert-manager 1.18."""
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
    # cert-manager falls back to a third of the lifetime when renewBefore is none or too long.
    if before is None or before >= lifetime:
        before = lifetime / 3
    return lifetime - before if lifetime else None


def _key(item: Item) -> str:
    algorithm = str(item.get("spec", "privateKey", "algorithm") or "RSA")
    size = item.get("spec", "privateKey", "size") or {"RSA": 2048, "ECDSA": 256}.get(algorithm)
    return f"{algorithm} {size}" if size else algorithm
