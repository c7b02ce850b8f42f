"""Who signs whom: from the anchors that a Bundle distributes down to the identity issuer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.check.model.certmanager import (
    GROUP,
    ISSUER_SECRET,
    certificates,
    issuer_of,
    trust_bundles,
    trust_namespace,
)
from meshwright.check.model.index import CONTROL_PLANE, Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.manifests.pointer import mapping_of


@dataclass(frozen=True)
class Anchor:
    """A CA whose certificate the Bundle distributes: the Certificate, and the issuer that signs with it.

    ``source`` is its place among the Bundle's sources, ``named`` whether it stands there by name; otherwise
    a label brought it.
    """

    certificate: Item
    issuer: Item | None
    source: int
    named: bool

    @property
    def secret(self) -> str:
        """The name of its Secret."""
        return str(self.certificate.get("spec", "secretName"))


@dataclass(frozen=True)
class Chain:
    """The trust of one cluster, as far as the repository makes it.

    ``borrowed`` is a Certificate through whose ca.crt the Bundle learns the CA of an issuer that is made
    elsewhere. ``opaque`` are places of sources that cannot be followed to a Certificate.
    """

    cluster: str
    namespace: str
    bundle: Item | None
    anchors: tuple[Anchor, ...]
    borrowed: Item | None
    opaque: tuple[int, ...]
    identity: Item | None
    release: ChartRelease | None
    viz: ChartRelease | None

    @property
    def signer(self) -> Anchor | None:
        """The anchor whose issuer signs the identity issuer, None when it is not among them."""
        if self.identity is None:
            return None
        for anchor in self.anchors:
            if anchor.issuer is not None and _is_named(self.identity, anchor.issuer):
                return anchor
        return None

    def signer_title(self, model: Model) -> str:
        """Who signs the identity issuer, in words."""
        return issuer_of(model, self.identity)[0] if self.identity is not None else "nobody"


def read_chains(model: Model) -> tuple[Chain, ...]:
    """One chain a cluster that has anything of Linkerd's trust, in the clusters' order."""
    found = []
    for cluster in model.clusters:
        bundles = [item for item in trust_bundles(model) if item.cluster == cluster]
        identities = [item for item in certificates(model, ISSUER_SECRET) if item.cluster == cluster]
        releases = model.charts(CONTROL_PLANE, cluster)
        if not (bundles or identities or releases):
            continue
        bundle = bundles[0] if bundles else None
        namespace = trust_namespace(model, cluster)
        sources = _Sources(model, cluster, namespace, bundle)
        viz = model.charts("linkerd-viz", cluster)
        found.append(
            Chain(
                cluster=cluster,
                namespace=namespace,
                bundle=bundle,
                anchors=tuple(sources.anchors),
                borrowed=sources.borrowed,
                opaque=tuple(sources.opaque),
                identity=identities[0] if identities else None,
                release=releases[0] if releases else None,
                viz=viz[0] if viz else None,
            )
        )
    return tuple(found)


def selected(model: Model, cluster: str, namespace: str, labels: Mapping[str, Any]) -> Iterator[Item]:
    """Certificates whose Secrets carry all of ``labels``."""
    for item in model.items("Certificate", GROUP):
        own = item.mapping("spec", "secretTemplate", "labels")
        if item.cluster == cluster and item.namespace == namespace and labels.items() <= own.items():
            yield item


class _Sources:
    """A Bundle's sources, each followed to what fills it."""

    def __init__(self, model: Model, cluster: str, namespace: str, bundle: Item | None) -> None:
        self.anchors: list[Anchor] = []
        self.opaque: list[int] = []
        self.borrowed: Item | None = None
        self._model, self._cluster, self._namespace = model, cluster, namespace
        for number, source in enumerate(bundle.list("spec", "sources") if bundle is not None else ()):
            if isinstance(source, dict):
                self._read(number, source)

    def _read(self, number: int, source: Mapping[str, Any]) -> None:
        secret = source.get("secret")
        if not isinstance(secret, dict):
            self._read_other(number, source)
            return
        found, named = self._certificates(secret)
        for item in found:
            if secret.get("key") == "ca.crt":
                self.borrowed = self.borrowed or item
            elif not any(anchor.certificate is item for anchor in self.anchors):
                self.anchors.append(Anchor(item, self._issuer(item), number, named))
        if named and not found:
            self.opaque.append(number)

    def _read_other(self, number: int, source: Mapping[str, Any]) -> None:
        named = source.get("configMap")
        by_label = isinstance(named, dict) and isinstance(named.get("selector"), dict)
        # A selector that finds nothing here adds nothing; what a person labelled in the cluster is not seen.
        if not isinstance(named, dict) or not by_label or any(self._config_maps(named["selector"])):
            self.opaque.append(number)

    def _config_maps(self, selector: Mapping[str, Any]) -> Iterator[Item]:
        wanted = mapping_of(selector.get("matchLabels"))
        for item in self._model.items("ConfigMap", ""):
            here = item.cluster == self._cluster and item.namespace == self._namespace
            if here and wanted and wanted.items() <= item.labels.items():
                yield item

    def _certificates(self, secret: Mapping[str, Any]) -> tuple[list[Item], bool]:
        if name := secret.get("name"):
            found = [
                item
                for item in certificates(self._model, str(name))
                if item.cluster == self._cluster and item.namespace == self._namespace
            ]
            return found, True
        selector = secret.get("selector")
        labels = selector.get("matchLabels") if isinstance(selector, dict) else None
        if not isinstance(labels, dict) or not labels:
            return [], False
        return list(selected(self._model, self._cluster, self._namespace, labels)), False

    def _issuer(self, certificate: Item) -> Item | None:
        for kind in ("ClusterIssuer", "Issuer"):
            for item in self._model.items(kind, GROUP):
                reads = item.get("spec", "ca", "secretName") == certificate.get("spec", "secretName")
                near = kind == "ClusterIssuer" or item.namespace == certificate.namespace
                if reads and near and item.cluster == certificate.cluster:
                    return item
        return None


def _is_named(certificate: Item, issuer: Item) -> bool:
    reference = certificate.mapping("spec", "issuerRef")
    kind = str(reference.get("kind") or "Issuer")
    return kind == issuer.built.kind and reference.get("name") == issuer.name
