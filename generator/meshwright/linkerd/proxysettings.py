"""The annotations in effect for a meshed pod, and what they set for its proxy.

source: linkerd2 edge-26.8.3: pkg/inject/inject.go (AppendNamespaceAnnotations, ApplyAnnotationOverrides,
FilterPodOpaquePorts) and proxy-injector/webhook.go; tests/oracles/injections.py asks the real ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from meshwright.linkerd.injection import DEFAULT_INJECTOR, INJECT, Injector, Namespace, Pod
from meshwright.linkerd.ports import read_ports
from meshwright.quantity import quantity
from meshwright.yaml.pointer import items_of, mapping_of

CONFIG = "config.linkerd.io/"
OPAQUE = f"{CONFIG}opaque-ports"
SKIP_IN, SKIP_OUT = f"{CONFIG}skip-inbound-ports", f"{CONFIG}skip-outbound-ports"
# The chart's defaults. source: charts/linkerd-control-plane/values.yaml, proxy and proxyInit.
DEFAULT_OPAQUE_PORTS = "25,587,3306,4444,5432,6379,9300,11211"
DEFAULT_SKIPPED = "4567,4568"
DEFAULT_PORTS = {"outbound": 4140, "inbound": 4143, "control": 4190, "admin": 4191}
# What a pod does not inherit: the injector reads these from the pod alone.
_OF_PODS_ALONE = frozenset(
    f"{CONFIG}{name}"
    for name in (
        "close-wait-timeout",
        "debug-image",
        "debug-image-pull-policy",
        "debug-image-version",
        "enable-gateway",
        "proxy-additional-env",
        "proxy-cpu-ratio-limit",
    )
)
_ALPHA = frozenset(
    f"config.alpha.linkerd.io/{name}"
    for name in ("proxy-wait-before-exit-seconds", "proxy-enable-native-sidecar")
)
# source: Go's strconv.ParseBool.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}\Z")


def is_inherited(key: str) -> bool:
    """Whether the injector copies an annotation from a namespace to pods that do not have it."""
    if key.startswith(CONFIG):
        return key not in _OF_PODS_ALONE
    return key == INJECT or key in _ALPHA


@dataclass(frozen=True)
class Setting:
    """``holder`` is what sets it: ``pod``, ``namespace``, or ``chart`` for values and their defaults."""

    value: str
    holder: str


@dataclass(frozen=True)
class ProxySettings:
    """What the proxy of a meshed pod is set to."""

    pod: Pod
    namespace: Namespace
    injector: Injector = DEFAULT_INJECTOR

    def annotation(self, key: str) -> Setting | None:
        """The annotation in effect: the pod's, even if empty, or else that of its namespace."""
        if key in self.pod.annotations:
            return Setting(_text(self.pod.annotations[key]), "pod")
        if key in self.namespace.annotations and is_inherited(key):
            return Setting(_text(self.namespace.annotations[key]), "namespace")
        return None

    @property
    def mode(self) -> str:
        """``ingress`` or ``enabled``."""
        own = self.annotation(INJECT)
        return "ingress" if own is not None and own.value == "ingress" else "enabled"

    @cached_property
    def named_ports(self) -> Mapping[str, int]:
        """The ports of all containers by name."""
        return {name: number for name, number in _declared(self.pod.spec) if name}

    @cached_property
    def opaque(self) -> Setting:
        """The list of opaque ports in effect."""
        set_by = self.annotation(OPAQUE)
        if set_by is not None:
            return set_by
        default = self.injector.proxy.get("opaquePorts", DEFAULT_OPAQUE_PORTS)
        text = _text(default)
        # The injector writes the default's own entries that the pod declares, without looking into ranges.
        entries = text.split(",")
        declared = [str(number) for _, number in _declared(self.pod.spec) if str(number) in entries]
        return Setting(",".join(declared) if declared else text, "chart")

    @cached_property
    def default_opaque_ports(self) -> frozenset[int]:
        """The ports that are opaque where no annotation lists any."""
        return read_ports(_text(self.injector.proxy.get("opaquePorts", DEFAULT_OPAQUE_PORTS))).numbers

    @cached_property
    def opaque_ports(self) -> frozenset[int]:
        """The opaque ports, names resolved."""
        return read_ports(self.opaque.value).resolved(self.named_ports)

    @cached_property
    def skipped_inbound(self) -> frozenset[int]:
        """The ports whose incoming connections bypass the proxy, besides the proxy's own."""
        own = self.annotation(SKIP_IN)
        default = self.injector.init.get("ignoreInboundPorts", DEFAULT_SKIPPED)
        return read_ports(own.value if own is not None else default).numbers

    @cached_property
    def ports(self) -> Mapping[str, int]:
        """The proxy's own ports by what they are for."""
        values = mapping_of(self.injector.proxy.get("ports"))
        found = {}
        for name, default in DEFAULT_PORTS.items():
            own = self.annotation(f"{CONFIG}{name}-port")
            given = values.get(name)
            found[name] = given if isinstance(given, int) else default
            if own is not None and _INTEGER.match(own.value):
                found[name] = int(own.value)
        return found

    def resource(self, name: str, bound: str) -> Setting | None:
        """The proxy's ``request`` or ``limit`` of ``cpu``, ``memory`` or ``ephemeral-storage``.

        A quantity that cannot be parsed is ignored, as the injector ignores it.
        """
        own = self.annotation(f"{CONFIG}proxy-{name}-{bound}")
        if own is not None and quantity(own.value) is not None:
            return own
        values = mapping_of(mapping_of(self.injector.proxy.get("resources")).get(name))
        given = _text(values.get(bound))
        return Setting(given, "chart") if given else None


def read_bool(text: str) -> bool | None:
    """A boolean as Linkerd reads it in an annotation; None if it is none and ignored."""
    return _BOOLEANS.get(text)


def _declared(spec: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for field in ("initContainers", "containers"):
        for container in items_of(spec.get(field)):
            for port in items_of(mapping_of(container).get("ports")):
                number = mapping_of(port).get("containerPort")
                if isinstance(number, int):
                    yield str(mapping_of(port).get("name") or ""), number


def _text(value: Any) -> str:
    return "" if value is None else str(value)
