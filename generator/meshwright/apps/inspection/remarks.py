"""Remarks on what to know before an application is meshed, each with advice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.apps.ingress import GATEWAY_ROUTES
from meshwright.apps.injectability import INJECT
from meshwright.apps.inspection.ports import PROXY_PORTS, known_port, opaque_numbers
from meshwright.apps.model import Base, PodOwner, RepositorySettings
from meshwright.apps.overlay.annotationtargets import runs_await
from meshwright.apps.podowners import JOB_KINDS, pod_owner
from meshwright.apps.podports import open_ports, pod_spec
from meshwright.apps.podsecurity import forbidding_level
from meshwright.apps.spec import MeshSpec
from meshwright.errors import Position
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import dotted, items_of, lookup, mapping_of

_NETWORKS = "k8s.v1.cni.cncf.io/networks"


@dataclass(frozen=True)
class Remark:
    """``subject`` is the affected object; ``advice`` says what to do, and is empty if nothing is needed."""

    subject: str
    text: str
    advice: str
    position: Position


def remarks(base: Base, settings: RepositorySettings, spec: MeshSpec | None = None) -> list[Remark]:
    """Every remark on a base, in the order of its objects, without those that ``spec`` takes care of."""
    found: list[Remark] = []
    for item in base.objects:
        owner = pod_owner(item)
        for check in _OF_WORKLOADS if owner else _OF_OTHERS:
            found += check(_Subject(item, owner, base, settings, spec))
    return found


@dataclass(frozen=True)
class _Subject:
    item: BuiltObject
    owner: PodOwner | None
    base: Base
    settings: RepositorySettings
    spec: MeshSpec | None

    def remark(self, text: str, advice: str = "") -> Remark:
        return Remark(self.item.short_title, text, advice, self.item.origin.position)

    def mapping(self, *pointer: str) -> Mapping[str, Any]:
        return mapping_of(lookup(self.item.data, pointer))


def _misplaced(subject: _Subject) -> Iterator[Remark]:
    on_template = subject.owner is not None and subject.owner.annotations != ("metadata", "annotations")
    if on_template and INJECT in subject.mapping("metadata", "annotations"):
        text = f"{INJECT} is on the {subject.item.kind} itself, where the injector ignores it"
        yield subject.remark(text, "set it on the pod template; generate does so")
    if INJECT in subject.mapping("metadata", "labels"):
        yield subject.remark(
            f"{INJECT} is a label, but the injector only reads annotations", "remove the label"
        )


def _jobs(subject: _Subject) -> Iterator[Remark]:
    if subject.item.kind not in JOB_KINDS or subject.owner is None:
        return
    if runs_await(subject.item, subject.owner):
        text = "its command runs under linkerd-await"
        advice = (
            "no longer needed: the proxy is a native sidecar"
            if subject.settings.native_sidecars
            else "jobs: await"
        )
        yield subject.remark(text, advice)
    elif subject.settings.native_sidecars:
        yield subject.remark(
            "it can complete while meshed: the proxy is a native sidecar (since edge-26.5.2)"
        )
    elif subject.spec is None or subject.spec.jobs is None:
        text = "its proxy would keep it from completing: this control plane has no native sidecars"
        yield subject.remark(text, "jobs: disabled, or jobs: native, which enables them with an annotation")


def _ports(subject: _Subject) -> Iterator[Remark]:
    if subject.owner is None:
        return
    opaque = opaque_numbers(subject.settings.default_opaque_ports) | _chosen_ports(subject.spec)
    for port in open_ports(subject.item, subject.owner):
        shown = f"port {port.number}" + (f" ({port.name})" if port.name else "")
        if port.protocol != "TCP":
            yield subject.remark(f"{shown} is {port.protocol}, which the proxy does not handle")
        elif port.number in PROXY_PORTS:
            text = f"{shown} of container '{port.container}' is the proxy's own {PROXY_PORTS[port.number]}"
            yield subject.remark(text, "use another port: one of the two could not start")
        elif (known := known_port(port)) and port.number not in opaque:
            text = f"{shown} is {known.what}, {known.why}, but not one of Linkerd's default opaque ports"
            yield subject.remark(text, f"opaquePorts: [{port.number}]")


def _chosen_ports(spec: MeshSpec | None) -> frozenset[int]:
    """The ports for which a spec says what the proxy does with them."""
    if spec is None:
        return frozenset()
    chosen = [spec.opaque_ports, spec.skip_inbound_ports]
    for entry in spec.workloads:
        chosen += [entry.opaque_ports or (), entry.skip_inbound_ports or ()]
    return opaque_numbers(",".join(str(port) for ports in chosen for port in ports))


def _identity(subject: _Subject) -> Iterator[Remark]:
    if subject.owner is None or not subject.owner.pod_spec:
        return
    if pod_spec(subject.item, subject.owner).get("serviceAccountName") in (None, "default"):
        text = (
            "its pods use ServiceAccount default and share its mesh identity with all other pods that use it"
        )
        yield subject.remark(text, "create a separate ServiceAccount before you write a policy")


def _operator(subject: _Subject) -> Iterator[Remark]:
    if subject.owner is not None and subject.owner.operator:
        where = dotted(tuple(step for step in subject.owner.annotations if step != "*"))
        yield subject.remark(
            f"{subject.owner.operator} creates its pods; their annotations are under {where}"
        )


def _statefulset(subject: _Subject) -> Iterator[Remark]:
    if subject.item.kind == "StatefulSet":
        text = "clients may call its pods by name; opaque ports must then be set on the pods too"
        yield subject.remark(text, "opaquePorts sets them on pods and Services")


def _namespace(subject: _Subject) -> Iterator[Remark]:
    if subject.item.kind != "Namespace":
        return
    if level := forbidding_level(subject.item, subject.settings):
        text = f"Pod Security level {level} forbids linkerd-init, so meshed pods cannot be created here"
        yield subject.remark(text, "set the level to privileged, or the answer redirect to cni")


def _service(subject: _Subject) -> Iterator[Remark]:
    if subject.item.kind != "Service":
        return
    if subject.mapping("spec").get("clusterIP") == "None":
        yield subject.remark(
            "it is headless: clients get pod addresses, so the proxy does not balance its load"
        )
    for port in items_of(subject.mapping("spec").get("ports")):
        protocol = str(port.get("appProtocol") or "") if isinstance(port, Mapping) else ""
        known = {"http", "kubernetes.io/h2c", "linkerd.io/opaque", "linkerd.io/tcp"}
        if protocol and protocol not in known:
            text = f"appProtocol {protocol} of port {port.get('port')} makes the port opaque to the proxy"
            yield subject.remark(text, "use http or kubernetes.io/h2c if it is HTTP")


def _ingress(subject: _Subject) -> Iterator[Remark]:
    if subject.settings.traefik is None or subject.item.kind not in ("Ingress", "IngressRoute"):
        return
    if subject.spec is not None and subject.spec.ingress is not None:
        return
    if str(subject.mapping("spec").get("ingressClassName") or "traefik") == "traefik":
        text = "Traefik sends its requests to pods, past Linkerd's load balancing and policy"
        yield subject.remark(text, "ingress: {} makes Traefik send them to the Service")


def _gateway_route(subject: _Subject) -> Iterator[Remark]:
    if subject.item.group != "gateway.networking.k8s.io" or subject.item.kind not in GATEWAY_ROUTES:
        return
    text = "Gateway controllers send its requests to pods, past Linkerd's load balancing and policy"
    advice = "with Envoy Gateway, set routingType: Service in EnvoyProxy or BackendTrafficPolicy"
    if subject.spec is not None and subject.spec.ingress is not None:
        return
    if subject.settings.traefik is not None:
        advice = f"with Traefik, ingress: {{}} makes it send them to the Service; {advice}"
    yield subject.remark(text, advice)


def _multus(subject: _Subject) -> Iterator[Remark]:
    if subject.owner is None or "*" in subject.owner.annotations:
        return
    if any(str(key) == _NETWORKS for key in subject.mapping(*map(str, subject.owner.annotations))):
        text = "its additional networks (Multus) pass the proxy, too, and clients there have no mesh identity"
        yield subject.remark(text, "list their ports in skipInboundPorts, or their addresses in a policy")


def _network_policy(subject: _Subject) -> Iterator[Remark]:
    if subject.item.kind != "NetworkPolicy":
        return
    spec = subject.mapping("spec")
    for rule in items_of(spec.get("ingress")):
        ports = rule.get("ports") if isinstance(rule, Mapping) else None
        admitted = (_admits(port, 4143) for port in items_of(ports) if isinstance(port, Mapping))
        if ports and not any(admitted):
            text = "it admits only its own ports, but meshed clients connect to 4143 (since edge-25.3.2)"
            yield subject.remark(text, "allow port 4143, and 4191 from Prometheus")
            break
    if "Egress" in items_of(spec.get("policyTypes")):
        text = "it restricts egress: the proxy needs namespace linkerd on 8080, 8086 and 8090"
        yield subject.remark(text, "allow them, and port 4143 of its destinations")


def _admits(port: Mapping[str, Any], number: int) -> bool:
    value, last = port.get("port"), port.get("endPort")
    if isinstance(value, int) and isinstance(last, int):
        return value <= number <= last
    return value == number or value is None


def _webhook(subject: _Subject) -> Iterator[Remark]:
    if subject.item.kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"):
        text = "the API server calls the application, but has no mesh identity"
        yield subject.remark(text, "allow the port from networks in a policy, or list it in skipInboundPorts")


def _init_containers(subject: _Subject) -> Iterator[Remark]:
    if subject.owner is None or subject.settings.native_sidecars:
        return
    if subject.spec is not None and subject.spec.proxy.native_sidecar:
        return
    if pod_spec(subject.item, subject.owner).get("initContainers"):
        text = "its init containers run before the proxy, without access to the mesh"
        yield subject.remark(text, "proxy: {nativeSidecar: true}")


_Check = Callable[[_Subject], Iterator[Remark]]
_OF_WORKLOADS: tuple[_Check, ...] = (
    _misplaced, _jobs, _ports, _identity, _operator, _statefulset, _init_containers, _multus,
)  # fmt: skip
_OF_OTHERS: tuple[_Check, ...] = (
    _misplaced, _namespace, _service, _ingress, _gateway_route, _network_policy, _webhook,
)  # fmt: skip
