"""Reads a mesh.yaml that is valid by schema/mesh.schema.json into its typed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.apps.spec import (
    AllowFrom,
    Decryption,
    FreePatch,
    Ingress,
    Inject,
    Jobs,
    MeshSpec,
    PatchTarget,
    Policy,
    Ports,
    Proxy,
    Route,
    Scope,
    Sync,
    WorkloadSpec,
)


def read_spec(data: Mapping[str, Any]) -> MeshSpec:
    """The spec in ``data``, which must be valid by the schema."""
    return MeshSpec(
        namespace=data["namespace"],
        inject=Inject(data["inject"]),
        path=data.get("source", {}).get("path", ""),
        create_namespace=data.get("createNamespace"),
        scope=Scope(data.get("scope", "workloads")),
        workloads=tuple(_workload(item) for item in data.get("workloads", ())),
        excepted=tuple((item["kind"], item["name"]) for item in data.get("except", ())),
        depends_on=tuple(data.get("dependsOn", ())),
        jobs=Jobs(data["jobs"]) if "jobs" in data else None,
        opaque_ports=tuple(data.get("opaquePorts", ())),
        skip_inbound_ports=tuple(data.get("skipInboundPorts", ())),
        skip_outbound_ports=tuple(data.get("skipOutboundPorts", ())),
        proxy=_proxy(data.get("proxy", {})),
        ingress=_ingress(data["ingress"]) if "ingress" in data else None,
        policy=_policy(data["policy"]) if "policy" in data else None,
        export=_services(data.get("export", False)),
        federated=_services(data.get("federated", False)),
        pod_annotation_values=tuple(
            (release, tuple(paths)) for release, paths in data.get("podAnnotationValues", {}).items()
        ),
        components=tuple(data.get("components", ())),
        patches=tuple(
            FreePatch(PatchTarget(**item["target"]), item["patch"]) for item in data.get("patches", ())
        ),
        timeout=data.get("timeout", "10m"),
        decryption=_decryption(data["decryption"]) if "decryption" in data else None,
        target_namespace=data.get("targetNamespace", ""),
        sync=_sync(data),
        wiring=data.get("wiring", {}),
    )


def _services(value: bool | list[str]) -> bool | tuple[str, ...]:
    return value if isinstance(value, bool) else tuple(value)


def _sync(data: Mapping[str, Any]) -> Sync:
    return Sync(
        interval=data.get("interval", ""),
        prune=data.get("prune"),
        suspend=data.get("suspend"),
        wait=data.get("wait"),
        health_checks=tuple(data.get("healthChecks", ())),
        health_expressions=tuple(data.get("healthCheckExprs", ())),
        post_build=data.get("postBuild", {}),
        service_account=data.get("serviceAccountName", ""),
    )


def _decryption(data: Mapping[str, Any]) -> Decryption:
    return Decryption(
        secret=data.get("secretRef", {}).get("name", ""),
        service_account=data.get("serviceAccountName", ""),
    )


def _workload(data: Mapping[str, Any]) -> WorkloadSpec:
    return WorkloadSpec(
        kind=data["kind"],
        name=data["name"],
        chart=data.get("chart", ""),
        inject=Inject(data["inject"]) if "inject" in data else None,
        opaque_ports=_ports(data, "opaquePorts"),
        skip_inbound_ports=_ports(data, "skipInboundPorts"),
        skip_outbound_ports=_ports(data, "skipOutboundPorts"),
        proxy=_proxy(data["proxy"]) if "proxy" in data else None,
    )


def _ports(data: Mapping[str, Any], key: str) -> Ports | None:
    return tuple(data[key]) if key in data else None


def _proxy(data: Mapping[str, Any]) -> Proxy:
    cpu, memory = data.get("cpu", {}), data.get("memory", {})
    return Proxy(
        cpu_request=cpu.get("request", ""),
        cpu_limit=cpu.get("limit", ""),
        memory_request=memory.get("request", ""),
        memory_limit=memory.get("limit", ""),
        log_level=data.get("logLevel", ""),
        native_sidecar=data.get("nativeSidecar"),
        shutdown_grace_period=data.get("shutdownGracePeriod", ""),
    )


def _ingress(data: Mapping[str, Any]) -> Ingress:
    return Ingress(
        override=data.get("mode", "native") == "override",
        routes=tuple(
            Route(
                host=item["host"],
                service=item["service"],
                port=item["port"],
                path=item.get("path", "/"),
                entry_points=tuple(item.get("entryPoints", ("websecure",))),
                tls_secret=item.get("tlsSecret", ""),
            )
            for item in data.get("routes", ())
        ),
    )


def _policy(data: Mapping[str, Any]) -> Policy:
    allow = data.get("allowFrom")
    return Policy(
        default_inbound=data.get("defaultInbound", ""),
        ports=tuple(data.get("ports", ())),
        allow_from=None if allow is None else AllowFrom(**_tuples(allow)),
    )


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
