"""The trust chain: from the anchors that a Bundle distributes down to the identity issuer."""

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
from meshwright.yaml.pointer import mapping_of


@dataclass(frozen=True)
class Anchor:
    """A CA whose certificate the Bundle distributes: the Certificate, and the issuer that signs with it.

    ``source`` is its index in the Bundle's sources; ``named`` means that the source names its Secret,
    otherwise a label selects it.
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
    """The trust chain of one cluster, as far as the repository defines it.

    ``external_ca`` is a Certificate whose ca.crt gives the Bundle the CA of an issuer defined elsewhere.
    ``unresolved`` are indexes of sources that do not lead to a Certificate.
    """

    cluster: str
    namespace: str
    bundle: Item | None
    anchors: tuple[Anchor, ...]
    external_ca: Item | None
    unresolved: tuple[int, ...]
    identity: Item | None
    release: ChartRelease | None
    viz: ChartRelease | None

    @property
    def signer(self) -> Anchor | None:
        """The anchor whose issuer signs the identity issuer; None if no anchor of the Bundle does."""
        if self.identity is None:
            return None
        for anchor in self.anchors:
            if anchor.issuer is not None and _is_named(self.identity, anchor.issuer):
                return anchor
        return None

    def signer_title(self, model: Model) -> str:
        """The signer of the identity issuer, for messages."""
        return issuer_of(model, self.identity)[0] if self.identity is not None else "nobody"


def read_chains(model: Model) -> tuple[Chain, ...]:
    """One chain per cluster with any part of Linkerd's trust, in the order of the clusters."""
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
                external_ca=sources.external_ca,
                unresolved=tuple(sources.unresolved),
                identity=identities[0] if identities else None,
                release=releases[0] if releases else None,
                viz=viz[0] if viz else None,
            )
        )
    return tuple(found)


def selected(model: Model, cluster: str, namespace: str, labels: Mapping[str, Any]) -> Iterator[Item]:
    """Certificates whose Secrets have all of ``labels``."""
    for item in model.items("Certificate", GROUP):
        own = item.mapping("spec", "secretTemplate", "labels")
        if item.cluster == cluster and item.namespace == namespace and labels.items() <= own.items():
            yield item


class _Sources:
    """Resolves a Bundle's sources to Certificates."""

    def __init__(self, model: Model, cluster: str, namespace: str, bundle: Item | None) -> None:
        self.anchors: list[Anchor] = []
        self.unresolved: list[int] = []
        self.external_ca: Item | None = None
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
                self.external_ca = self.external_ca or item
            elif not any(anchor.certificate is item for anchor in self.anchors):
                self.anchors.append(Anchor(item, self._issuer(item), number, named))
        if named and not found:
            self.unresolved.append(number)

    def _read_other(self, number: int, source: Mapping[str, Any]) -> None:
        named = source.get("configMap")
        by_label = isinstance(named, dict) and isinstance(named.get("selector"), dict)
        # A selector without matches here adds nothing; ConfigMaps labelled in the cluster are unknown.
        if not isinstance(named, dict) or not by_label or any(self._config_maps(named["selector"])):
            self.unresolved.append(number)

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
