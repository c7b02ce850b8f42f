"""What a person should know before an application is meshed: each remark with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.apps.injectability import INJECT
from meshwright.apps.inspection.ports import PROXY_PORTS, known_port, opaque_numbers
from meshwright.apps.model import Base, PodOwner, RepositorySettings
from meshwright.apps.overlay.annotationtargets import runs_await
from meshwright.apps.podowners import JOB_KINDS, pod_owner
from meshwright.apps.podports import container_ports, pod_spec
from meshwright.errors import Position
from meshwright.manifests.pointer import dotted, holds, items_of, mapping_of, value_at
from meshwright.manifests.unit import BuiltObject


@dataclass(frozen=True)
class Remark:
    """``subject`` is the object it is about; ``advice`` what to do, empty when nothing has to be done."""

    subject: str
    text: str
    advice: str
    position: Position


def remarks(base: Base, settings: RepositorySettings) -> list[Remark]:
    """Every remark on a base, in the order of its objects."""
    found: list[Remark] = []
    for item in base.objects:
        owner = pod_owner(item)
        for look in _OF_WORKLOADS if owner else _OF_OTHERS:
            found += look(_Seen(item, owner, base, settings))
    return found


@dataclass(frozen=True)
class _Seen:
    item: BuiltObject
    owner: PodOwner | None
    base: Base
    settings: RepositorySettings

    def remark(self, text: str, advice: str = "") -> Remark:
        return Remark(self.item.short_title, text, advice, self.item.origin.position)

    def mapping(self, *pointer: str) -> Mapping[str, Any]:
        return mapping_of(value_at(self.item.data, pointer) if holds(self.item.data, pointer) else None)


def _misplaced(seen: _Seen) -> Iterator[Remark]:
    on_template = seen.owner is not None and seen.owner.annotations != ("metadata", "annotations")
    if on_template and INJECT in seen.mapping("metadata", "annotations"):
        text = f"{INJECT} stands on the {seen.item.kind} itself, where the injector does not look"
        yield seen.remark(text, "it belongs on the pod template; generate puts it there")
    if INJECT in seen.mapping("metadata", "labels"):
        yield seen.remark(
            f"{INJECT} is a label, and the injector reads annotations alone", "remove the label"
        )


def _jobs(seen: _Seen) -> Iterator[Remark]:
    if seen.item.kind not in JOB_KINDS or seen.owner is None:
        return
    if runs_await(seen.item, seen.owner):
        text = "its command is run by linkerd-await"
        advice = (
            "not needed any more: the proxy is a native sidecar"
            if seen.settings.native_sidecars
            else "jobs: await"
        )
        yield seen.remark(text, advice)
    elif seen.settings.native_sidecars:
        yield seen.remark("it ends though meshed: the proxy is a native sidecar (since edge-26.5.2)")
    else:
        text = "its proxy would keep it from ending: this control plane has no native sidecars"
        yield seen.remark(text, "jobs: disabled, or jobs: native for an annotation that turns them on")


def _ports(seen: _Seen) -> Iterator[Remark]:
    if seen.owner is None:
        return
    opaque = opaque_numbers(seen.settings.default_opaque_ports)
    for port in container_ports(seen.item, seen.owner):
        shown = f"port {port.number}" + (f" ({port.name})" if port.name else "")
        if port.protocol != "TCP":
            yield seen.remark(f"{shown} is {port.protocol}, which the proxy never carries")
        elif port.number in PROXY_PORTS:
            text = f"{shown} of container '{port.container}' is the proxy's own {PROXY_PORTS[port.number]}"
            yield seen.remark(text, "use another port: one of the two would not start")
        elif (known := known_port(port.number)) and port.number not in opaque:
            text = f"{shown} is {known.what}, {known.why}, and not on Linkerd's list of opaque ports"
            yield seen.remark(text, f"opaquePorts: [{port.number}]")


def _identity(seen: _Seen) -> Iterator[Remark]:
    if seen.owner is None or not seen.owner.pod_spec:
        return
    if pod_spec(seen.item, seen.owner).get("serviceAccountName") in (None, "default"):
        text = "its pods use ServiceAccount default: in the mesh they share one identity with all that do"
        yield seen.remark(text, "give it an account of its own before you write a policy")


def _operator(seen: _Seen) -> Iterator[Remark]:
    if seen.owner is not None and seen.owner.operator:
        where = dotted(tuple(step for step in seen.owner.annotations if step != "*"))
        yield seen.remark(f"{seen.owner.operator} makes its pods; their annotations stand under {where}")


def _statefulset(seen: _Seen) -> Iterator[Remark]:
    if seen.item.kind == "StatefulSet":
        text = "clients may call its pods by their own names; opaque ports must then stand on the pods too"
        yield seen.remark(text, "opaquePorts covers pods and Services alike")


def _namespace(seen: _Seen) -> Iterator[Remark]:
    if seen.item.kind != "Namespace" or seen.settings.cni:
        return
    level = seen.mapping("metadata", "labels").get("pod-security.kubernetes.io/enforce")
    if level in ("baseline", "restricted"):
        text = f"Pod Security level {level} forbids linkerd-init: no meshed pod could be made here"
        yield seen.remark(text, "raise the level to privileged, or answer redirect with cni")


def _service(seen: _Seen) -> Iterator[Remark]:
    if seen.item.kind != "Service":
        return
    if seen.mapping("spec").get("clusterIP") == "None":
        yield seen.remark("it is headless: clients get pod addresses, and the proxy balances nothing there")
    for port in items_of(seen.mapping("spec").get("ports")):
        protocol = str(port.get("appProtocol") or "") if isinstance(port, Mapping) else ""
        known = {"http", "kubernetes.io/h2c", "linkerd.io/opaque", "linkerd.io/tcp"}
        if protocol and protocol not in known:
            text = f"appProtocol {protocol} of port {port.get('port')} makes the port opaque to the proxy"
            yield seen.remark(text, "use http or kubernetes.io/h2c where it is HTTP")


def _network_policy(seen: _Seen) -> Iterator[Remark]:
    if seen.item.kind != "NetworkPolicy":
        return
    spec = seen.mapping("spec")
    for rule in items_of(spec.get("ingress")):
        ports = rule.get("ports") if isinstance(rule, Mapping) else None
        admitted = (_admits(port, 4143) for port in items_of(ports) if isinstance(port, Mapping))
        if ports and not any(admitted):
            text = "it lets in its own ports only, and meshed clients come in on 4143 (since edge-25.3.2)"
            yield seen.remark(text, "add port 4143, and 4191 from Prometheus")
            break
    if "Egress" in items_of(spec.get("policyTypes")):
        text = "it restricts egress: the proxy needs namespace linkerd on 8080, 8086 and 8090"
        yield seen.remark(text, "allow them, and 4143 of whatever it calls")


def _admits(port: Mapping[str, Any], number: int) -> bool:
    value, last = port.get("port"), port.get("endPort")
    if isinstance(value, int) and isinstance(last, int):
        return value <= number <= last
    return value == number or value is None


def _webhook(seen: _Seen) -> Iterator[Remark]:
    if seen.item.kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"):
        text = "the API server calls the application, and the API server has no mesh identity"
        yield seen.remark(text, "a policy must let that port in from networks, or skipInboundPorts it")


def _init_containers(seen: _Seen) -> Iterator[Remark]:
    if seen.owner is None or seen.settings.native_sidecars:
        return
    if pod_spec(seen.item, seen.owner).get("initContainers"):
        text = "its init containers run before the proxy, and have no network of the mesh"
        yield seen.remark(text, "proxy: {nativeSidecar: true}")


_Look = Callable[[_Seen], Iterator[Remark]]
_OF_WORKLOADS: tuple[_Look, ...] = (
    _misplaced, _jobs, _ports, _identity, _operator, _statefulset, _init_containers,
)  # fmt: skip
_OF_OTHERS: tuple[_Look, ...] = (_misplaced, _namespace, _service, _network_policy, _webhook)
