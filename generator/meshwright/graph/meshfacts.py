"""What a picture shows of the mesh: whether each workload gets a proxy, and who may call whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.injection import injection, namespace_of, proxy_settings
from meshwright.check.model.releases import ChartRelease
from meshwright.check.model.selectors import selected
from meshwright.check.model.workloads import Workload, workload_of, workloads
from meshwright.check.order.analysis import order_of
from meshwright.check.order.chartfacts import FACTS
from meshwright.graph.orderfacts import unit_id
from meshwright.linkerd.injection import INJECT, INJECTING, inject_value
from meshwright.linkerd.proxysettings import OPAQUE, SKIP_IN, SKIP_OUT, ProxySettings
from meshwright.trust.meshed import operator_objects

_GROUP = "policy.linkerd.io"
_MOST_PODS = 8
_SETTINGS = {
    OPAQUE: "opaque ports",
    SKIP_IN: "skipped inbound ports",
    SKIP_OUT: "skipped outbound ports",
    "config.linkerd.io/default-inbound-policy": "inbound policy",
    "config.linkerd.io/proxy-cpu-request": "CPU request",
    "config.linkerd.io/proxy-memory-request": "memory request",
    "config.linkerd.io/proxy-memory-limit": "memory limit",
}


def mesh_facts(model: Model) -> dict[str, list[dict[str, Any]]]:
    """``workloads`` with the injector's decision, and ``policies`` with their clients."""
    rows = [*_workloads(model), *_charts(model), *_of_operators(model)]
    rows.sort(key=lambda row: (row["cluster"], row["namespace"], row["kind"], row["name"]))
    policies = sorted(_policies(model), key=lambda row: (row["cluster"], row["namespace"], row["at"]))
    return {"workloads": rows, "policies": policies}


def _workloads(model: Model) -> Iterator[dict[str, Any]]:
    units = model.once(_units_by_root)
    seen: set[tuple[str, str, str, str]] = set()
    for workload in workloads(model):
        item = workload.item
        key = (item.cluster, item.namespace, item.built.kind, item.name)
        if key in seen:
            continue
        seen.add(key)
        verdict, why, settings = _verdict(model, workload)
        yield {
            "cluster": item.cluster,
            "namespace": item.namespace,
            "kind": item.built.kind,
            "name": item.name,
            "unit": units.get(id(item.root), ""),
            "at": str(item.at()),
            "verdict": verdict,
            "why": why,
            "settings": settings,
            "account": str(workload.pod.get("serviceAccountName") or "default"),
        }


def _verdict(model: Model, workload: Workload) -> tuple[str, str, list[str]]:
    decision = injection(model, workload)
    settings = proxy_settings(model, workload)
    if decision.injected:
        return "meshed", decision.reason, list(_settings(settings))
    if decision.injected is None:
        return "unknown", decision.reason, []
    own = settings.annotation(INJECT)
    asked = own is not None and own.value not in ("", "disabled")
    return ("refused" if asked else "unmeshed"), decision.reason, []


def _settings(settings: ProxySettings) -> Iterator[str]:
    if settings.mode == "ingress":
        yield "ingress mode"
    for key, words in _SETTINGS.items():
        found = settings.annotation(key)
        if found is not None:
            holder = "" if found.holder == "pod" else " (from its namespace)"
            yield f"{words} {found.value or 'none'}{holder}"


def _units_by_root(model: Model) -> dict[int, str]:
    """The unit that applies the objects of a root, by the root's id()."""
    return {
        id(item.root): unit_id(content.unit)
        for content in order_of(model).startup.contents
        for item in content.items[:1]
    }


def _charts(model: Model) -> Iterator[dict[str, Any]]:
    """Charts whose objects are not seen, because they were not rendered."""
    units = {id(chart.release): unit_id(chart.unit) for chart in order_of(model).startup.charts}
    for release in model.releases:
        if release.chart.name.endswith("-crds") or _is_rendered(model, release):
            continue
        yield {
            "cluster": release.cluster,
            "namespace": release.namespace or "default",
            "kind": "Chart",
            "name": release.chart.name,
            "unit": units.get(id(release), ""),
            "at": str(release.position),
            "verdict": "unknown",
            "why": _why_unseen(model, release),
            "settings": [],
            "account": "",
        }


def _is_rendered(model: Model, release: ChartRelease) -> bool:
    """Whether objects of the chart are among those of the Application or kustomization that has it."""
    if release.built is not None:
        return False
    return any(
        item.cluster == release.cluster and not item.built.origin.path and workload_of(item) is not None
        for item in model.in_namespace(release.cluster, release.namespace or "default")
    )


def _why_unseen(model: Model, release: ChartRelease) -> str:
    namespace = namespace_of(model, release.cluster, release.namespace)
    value = inject_value(namespace.annotations)
    facts = FACTS.get(release.chart.name)
    if value in INJECTING:
        hint = f"; its namespace sets {INJECT}: {value}"
    elif facts is not None and facts.meshed:
        hint = "; its chart asks for proxies itself"
    else:
        hint = ""
    return f"its pods come from a chart that is not rendered here{hint}"


def _of_operators(model: Model) -> Iterator[dict[str, Any]]:
    for cluster in model.clusters:
        titles = set(operator_objects(model, cluster))
        seen: set[str] = set()
        for item in model.all_items() if titles else ():
            if item.cluster != cluster or item.title not in titles or item.title in seen:
                continue
            seen.add(item.title)
            yield {
                "cluster": cluster,
                "namespace": item.namespace,
                "kind": item.built.kind,
                "name": item.name,
                "unit": model.once(_units_by_root).get(id(item.root), ""),
                "at": str(item.at()),
                "verdict": "unknown",
                "why": f"its operator creates the pods; it asks for proxies ({INJECT})",
                "settings": [],
                "account": "",
            }


def _policies(model: Model) -> Iterator[dict[str, Any]]:
    """Each authorization with what it opens and to whom; a Server that nothing opens has no clients."""
    opened: set[tuple[str, str, str]] = set()
    for item in model.items("AuthorizationPolicy", _GROUP):
        target = item.mapping("spec", "targetRef")
        kind, name = str(target.get("kind") or ""), str(target.get("name") or "")
        clients = [
            client for ref in item.list("spec", "requiredAuthenticationRefs")
            for client in _clients(model, item, ref)
        ]  # fmt: skip
        server = model.find(item.cluster, "Server", item.namespace, name) if kind == "Server" else None
        opened.add((item.cluster, item.namespace, name if kind == "Server" else "*"))
        yield _policy(
            model, item, f"{kind} {name}".strip(), clients or ["everyone, without authentication"], server
        )
    for server in model.items("Server", _GROUP):
        place = (server.cluster, server.namespace)
        if (*place, server.name) not in opened and (*place, "*") not in opened:
            access = str(server.get("spec", "accessPolicy") or "deny")
            who = "nobody" if access == "deny" else f"accessPolicy {access}"
            yield _policy(model, server, f"Server {server.name}", [who], server)


def _policy(model: Model, item: Item, target: str, clients: list[str], server: Item | None) -> dict[str, Any]:
    pods: list[str] = []
    port = ""
    if server is not None:
        found = selected(model, server.cluster, server.namespace, server.get("spec", "podSelector"))
        pods = [workload.item.title for workload in found]
        port = str(server.get("spec", "port") or "")
    return {
        "cluster": item.cluster,
        "namespace": item.namespace,
        "policy": item.title,
        "at": str(item.at()),
        "target": target,
        "port": port,
        "pods": pods[:_MOST_PODS],
        "more_pods": max(0, len(pods) - _MOST_PODS),
        "clients": clients,
    }


def _clients(model: Model, policy: Item, ref: Any) -> Iterator[str]:
    if not isinstance(ref, Mapping):
        return
    kind, name = str(ref.get("kind") or ""), str(ref.get("name") or "")
    namespace = str(ref.get("namespace") or policy.namespace)
    if kind == "ServiceAccount":
        yield f"ServiceAccount {namespace}/{name}"
        return
    found = model.find(policy.cluster, kind, namespace, name)
    if found is None:
        yield f"{kind} {namespace}/{name}, which is not in this repository"
        return
    for identity in found.list("spec", "identities"):
        yield "every meshed client" if identity == "*" else _identity(str(identity))
    for reference in found.list("spec", "identityRefs"):
        if isinstance(reference, Mapping):
            where = str(reference.get("namespace") or namespace)
            whole = reference.get("kind") == "Namespace"
            name = str(reference.get("name") or "")
            yield f"every ServiceAccount of {name}" if whole else f"ServiceAccount {where}/{name}"
    for network in found.list("spec", "networks"):
        if isinstance(network, Mapping):
            yield f"network {network.get('cidr')}"


def _identity(text: str) -> str:
    """``ServiceAccount demo/web`` for a full identity; anything else as it is."""
    account, _, domain = text.partition(".serviceaccount.identity.")
    name, _, namespace = account.partition(".")
    return f"ServiceAccount {namespace}/{name}" if domain and namespace else text
