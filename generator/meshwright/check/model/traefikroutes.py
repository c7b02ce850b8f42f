"""Traefik's Middlewares, as IngressRoutes and Ingresses name them.

source: traefik v3, pkg/provider/kubernetes/crd (makeMiddlewareKeys) and ingress (router.middlewares).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.yaml.pointer import items_of

_PROVIDER = "@kubernetescrd"
_OF_INGRESS = "traefik.ingress.kubernetes.io/router.middlewares"
_CLASS = "kubernetes.io/ingress.class"


def middlewares(model: Model, owner: Item, references: Iterable[Any]) -> Iterator[Item | None]:
    """The Middlewares that ``references`` of an object name, with those of chains; None for one not here."""
    yield from _resolved(model, owner.cluster, owner.namespace, references, set())


def middlewares_of_ingress(model: Model, ingress: Item) -> Iterator[Item | None]:
    """The Middlewares that an Ingress names in its annotation, as <namespace>-<name>@kubernetescrd."""
    names = str(ingress.annotations.get(_OF_INGRESS) or "").split(",")
    references = [{"name": name.strip()} for name in names if name.strip()]
    yield from middlewares(model, ingress, references)


def is_traefiks(ingress: Item) -> bool:
    """Whether an Ingress names the class that Traefik has by default."""
    return "traefik" in (ingress.get("spec", "ingressClassName"), ingress.annotations.get(_CLASS))


def _resolved(
    model: Model, cluster: str, namespace: str, references: Iterable[Any], seen: set[int]
) -> Iterator[Item | None]:
    for reference in references:
        if not isinstance(reference, Mapping):
            continue
        home, name = str(reference.get("namespace") or namespace), str(reference.get("name") or "")
        found = next(
            (
                item
                for item in model.items("Middleware")
                if item.cluster == cluster
                and (
                    (item.namespace, item.name) == (home, name)
                    or f"{item.namespace}-{item.name}{_PROVIDER}" == name
                )
            ),
            None,
        )
        yield found
        if found is not None and id(found.built) not in seen:
            seen.add(id(found.built))
            chain = items_of(found.mapping("spec", "chain").get("middlewares"))
            yield from _resolved(model, cluster, found.namespace, chain, seen)
