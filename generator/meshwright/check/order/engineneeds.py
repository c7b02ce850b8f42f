"""What Flux itself reads before it applies a Kustomization or a HelmRelease: sources, credentials, variables.

source: kustomize-controller 1.9, Reconcile, getSource, decryptor and build; helm-controller 1.6,
reconcileRelease; source-controller 1.9, getSecretRef of each kind. A missing object is an error, and retried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

# The kinds of sources, as groups and kinds of objects that others may wait for.
SOURCES = frozenset(
    ("source.toolkit.fluxcd.io", kind)
    for kind in ("GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket")
)
_KINDS = frozenset(kind for _, kind in SOURCES)
_CREDENTIALS = ("secretRef", "certSecretRef", "proxySecretRef")


@dataclass(frozen=True)
class EngineNeed:
    """An object that Flux reads first; ``text`` says what for, ``pointer`` leads to the reference."""

    kind: str
    namespace: str
    name: str
    text: str
    pointer: Pointer
    # The name of the edge in the graph.
    edge: str = "reads"


def engine_needs(model: Model, item: Item) -> Iterator[EngineNeed]:
    """What a Kustomization or a HelmRelease needs before it can start."""
    yield from _source(model, item)
    for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
        yield from _named(item, kind, ("spec", "kubeConfig", field), "with its kubeConfig")
    yield from _named(item, "Secret", ("spec", "decryption", "secretRef"), "with its decryption key")
    for pointer, words, edge in (
        (("spec", "postBuild", "substituteFrom"), "with its variables", "variables"),
        (("spec", "valuesFrom"), "with its values", "values"),
    ):
        for number, entry in enumerate(items_of(item.get(*pointer))):
            if isinstance(entry, Mapping) and entry.get("optional") is not True and entry.get("name"):
                kind, name = str(entry.get("kind")), str(entry["name"])
                text = f"{kind} {name} {words}"
                yield EngineNeed(kind, item.namespace, name, text, (*pointer, number), edge)


def source_of(item: Item) -> tuple[EngineNeed, ...]:
    """The source of a Kustomization, or of the chart of a HelmRelease; empty if it names none."""
    pointers = (("spec", "sourceRef"), ("spec", "chart", "spec", "sourceRef"), ("spec", "chartRef"))
    for pointer in pointers:
        reference = mapping_of(item.get(*pointer))
        kind, name = str(reference.get("kind") or ""), str(reference.get("name") or "")
        if kind in _KINDS and name:
            namespace = str(reference.get("namespace") or item.namespace)
            return (EngineNeed(kind, namespace, name, f"its {kind} {name}", pointer, "source"),)
    return ()


def _source(model: Model, item: Item) -> Iterator[EngineNeed]:
    for need in source_of(item):
        yield need
        source = model.find(item.cluster, need.kind, need.namespace, need.name)
        for field in _CREDENTIALS if source is not None else ():
            name = mapping_of(source.spec.get(field)).get("name") if source is not None else None
            if name:
                text = f"Secret {name} of its {need.kind} {need.name}"
                yield EngineNeed("Secret", need.namespace, str(name), text, need.pointer, "source")


def _named(item: Item, kind: str, pointer: Pointer, words: str) -> Iterator[EngineNeed]:
    reference: Any = item.get(*pointer)
    if isinstance(reference, Mapping) and reference.get("name"):
        name = str(reference["name"])
        yield EngineNeed(kind, item.namespace, name, f"{kind} {name} {words}", pointer)
