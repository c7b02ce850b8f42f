"""The settings of a cluster that applications depend on, read from the files of its repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshwright.apps.model import Component, RepositorySettings
from meshwright.linkerd.injection import INJECT, injector_of
from meshwright.manifests.inside import files_inside, folders_inside, read_inside
from meshwright.yaml import YamlFault, parse_all
from meshwright.yaml.pointer import items_of, lookup, mapping_of

# Chart 2026.8.3, values.yaml: proxy.opaquePorts.
_OPAQUE = "25,587,3306,4444,5432,6379,9300,11211"
# Native sidecars are the default since edge-26.5.2 (linkerd2 009a25fa3).
_NATIVE_SINCE = (2026, 5, 2)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)\Z")
# The name that the template and Flux' manual use.
SOPS_SECRET = "sops-age"
# The layer of linked clusters, and its namespace.
_LINKED = "linkerd-multicluster"
# Namespaces that every cluster has.
_BUILT_IN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def read_settings(root: Path, answers: Mapping[str, Any], file: str) -> RepositorySettings:
    """The settings of the cluster with ``answers``, from ``file``, in the repository at ``root``."""
    cluster, engine = str(answers["cluster_name"]), str(answers["engine"])
    url, _, branch = str(answers.get("git_url", "")).partition("?ref=")
    wirings = files_inside(root, f"clusters/{cluster}/platform", ".yaml")
    layers = frozenset(Path(path).stem for path in wirings) - {"kustomization", "project"}
    platform = f"platform/{cluster}"
    control_plane = f"{platform}/linkerd-control-plane"
    values = mapping_of(_read(root, f"{control_plane}/values.yaml"))
    namespaces = _namespaces(root, platform)
    linked = _LINKED in layers
    return RepositorySettings(
        cluster=cluster,
        answers_file=file,
        engine=engine,
        repository_url=url,
        branch=branch or "main",
        layers=layers,
        linkerd_version=(version := _linkerd_version(root, control_plane)),
        native_sidecars=_native_sidecars(values, version),
        cni=_value(values, "cniEnabled") is True,
        default_opaque_ports=str(_value(values, "proxy", "opaquePorts") or _OPAQUE),
        created_namespaces=frozenset(namespaces),
        platform_namespaces=frozenset(namespaces) | _BUILT_IN,
        traefik=_traefik(str(answers.get("ingress", "none"))),
        prometheus=_prometheus(answers),
        prometheus_is_meshed=_prometheus_is_meshed(answers, namespaces),
        trust_domain=str(_value(values, "identityTrustDomain") or "cluster.local"),
        is_linked=linked,
        has_flat_link=linked and any(map(_is_flat, items_of(answers.get("links")))),
        gateway=_gateway(mapping_of(_read(root, f"{platform}/{_LINKED}/values.yaml"))) if linked else None,
        sops_secret=SOPS_SECRET if answers.get("secrets") == "sops" and engine == "flux" else "",
        namespaces=namespaces,
        injector=injector_of(values),
        components=_components(root, cluster),
    )


def _linkerd_version(root: Path, folder: str) -> str:
    """The version of the control plane's chart; empty if no file sets it."""
    release = mapping_of(_read(root, f"{folder}/helmrelease.yaml"))
    version = _value(release, "spec", "chart", "spec", "version")
    for chart in items_of(mapping_of(_read(root, f"{folder}/kustomization.yaml")).get("helmCharts")):
        if mapping_of(chart).get("name") == "linkerd-control-plane":
            version = mapping_of(chart).get("version")
    return str(version or "")


def _native_sidecars(values: Mapping[str, Any], version: str) -> bool:
    given = _value(values, "proxy", "nativeSidecar")
    if isinstance(given, bool):
        return given
    found = _VERSION.match(version)
    # Assume a new version if it is not numeric.
    return found is None or tuple(int(part) for part in found.groups()) >= _NATIVE_SINCE


def _namespaces(root: Path, platform: str) -> dict[str, Mapping[str, Any]]:
    """The namespaces that the platform creates, with their metadata."""
    found: dict[str, Mapping[str, Any]] = {}
    for item in _read_all(root, f"{platform}/namespaces/namespaces.yaml"):
        metadata = mapping_of(mapping_of(item).get("metadata"))
        if mapping_of(item).get("kind") == "Namespace" and metadata.get("name"):
            found[str(metadata["name"])] = metadata
    return found


def _traefik(ingress: str) -> tuple[str, str] | None:
    # Both charts name the account after the release, which is traefik in both cases.
    return {"k3s": ("kube-system", "traefik"), "own": ("traefik", "traefik")}.get(ingress)


def _gateway(values: Mapping[str, Any]) -> tuple[str, str] | None:
    # The chart names the account after the gateway, and enables both by default.
    if _value(values, "gateway", "enabled") is False:
        return None
    return (_LINKED, str(_value(values, "gateway", "name") or "linkerd-gateway"))


def _is_flat(link: Any) -> bool:
    # copier.yml: a link without a gateway is flat.
    peer = mapping_of(link)
    return bool(peer.get("flat", not peer.get("gateway")))


def _prometheus(answers: Mapping[str, Any]) -> tuple[str, str] | None:
    if answers.get("metrics") == "install":
        return ("monitoring", "kube-prometheus-stack-prometheus")
    if answers.get("metrics") == "existing":
        existing = mapping_of(answers.get("existing_prometheus"))
        return (str(existing.get("namespace") or "monitoring"), f"{existing.get('release')}-prometheus")
    return None


def _prometheus_is_meshed(answers: Mapping[str, Any], namespaces: Mapping[str, Mapping[str, Any]]) -> bool:
    if answers.get("metrics") != "install":
        return False
    return mapping_of(mapping_of(namespaces.get("monitoring")).get("annotations")).get(INJECT) == "enabled"


def _components(root: Path, cluster: str) -> dict[str, Component]:
    """The Components by name; one of the cluster replaces one of all clusters."""
    found: dict[str, Component] = {}
    for folder in ("mesh/components", f"mesh/components/{cluster}"):
        for name in folders_inside(root, folder):
            path = f"{folder}/{name}/kustomization.yaml"
            data = mapping_of(_read(root, path))
            if data.get("kind") == "Component":
                patches = (mapping_of(patch) for patch in items_of(data.get("patches")))
                targets = tuple(mapping_of(patch.get("target")) for patch in patches)
                found[name] = Component(posixpath.dirname(path), targets)
    return found


def _read(root: Path, path: str) -> Any:
    found = _read_all(root, path)
    return found[0] if found else None


def _read_all(root: Path, path: str) -> list[Any]:
    """The documents of a file; empty if it is missing or invalid, which a check reports."""
    try:
        return parse_all(read_inside(root, path).decode("utf-8"), path)
    except (OSError, UnicodeDecodeError, YamlFault):
        return []


def _value(data: Mapping[str, Any], *pointer: str) -> Any:
    return lookup(data, pointer)
