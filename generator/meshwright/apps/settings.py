"""The settings of a generated repository that applications depend on, read from its files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshwright.apps.model import Component, RepositorySettings
from meshwright.apps.names import LABEL
from meshwright.errors import AnotherTemplateError, MeshwrightError, Position
from meshwright.finding import Finding
from meshwright.manifests.inside import leads_out, read_inside
from meshwright.yaml import YamlFault, load_documents, parse, parse_all
from meshwright.yaml.pointer import holds, items_of, mapping_of, value_at

ANSWERS = ".copier-answers.yml"
_CLUSTERS = "clusters"
# Chart 2026.8.3, values.yaml: proxy.opaquePorts.
_OPAQUE = "25,587,3306,4444,5432,6379,9300,11211"
# Native sidecars are the default since edge-26.5.2 (linkerd2 009a25fa3).
_NATIVE_SINCE = (2026, 5, 2)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)\Z")
# The name that the template and Flux' manual use.
_SOPS_SECRET = "sops-age"
# Namespaces that every cluster has.
_BUILT_IN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def read_settings(root: Path) -> RepositorySettings:
    """The settings of the repository at ``root``. Raises MeshwrightError if it is not a generated one."""
    answers = _answers(root)
    cluster, engine = str(answers["cluster_name"]), str(answers["engine"])
    url, _, branch = str(answers.get("git_url", "")).partition("?ref=")
    wirings = _listed(root, f"clusters/{cluster}/platform", "*.yaml")
    layers = frozenset(Path(path).stem for path in wirings) - {"kustomization", "project"}
    platform = f"platform/{cluster}"
    control_plane = f"{platform}/linkerd-control-plane"
    values = mapping_of(_read(root, f"{control_plane}/values.yaml"))
    namespaces = _namespaces(root, platform)
    return RepositorySettings(
        cluster=cluster,
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
        sops_secret=_SOPS_SECRET if answers.get("secrets") == "sops" and engine == "flux" else "",
        components=_components(root, cluster),
    )


def platform_findings(root: Path, settings: RepositorySettings) -> list[Finding]:
    """An error if the cluster's folder has no platform: its engine would delete the running one."""
    if settings.layers:
        return []
    folder = f"{_CLUSTERS}/{settings.cluster}"
    others = [path.split("/")[1] for path in _listed(root, _CLUSTERS, "*/platform")]
    there = f"; the platform is in {_CLUSTERS}/{others[0]}" if others else ""
    text = f"cluster_name is '{settings.cluster}', but {folder} has no platform{there}"
    fix = "restore it from Git"
    if others:
        moved = _names_folder(root, others[0], folder)
        undo = f"git mv {_CLUSTERS}/{others[0]} {folder}" if moved else f"set it back to '{others[0]}'"
        wanted = others[0] if moved else settings.cluster
        fix = f"{undo}; to rename the cluster, run `meshwright update --answers cluster_name={wanted}`"
    return [Finding("generate/no-platform", _position(root, "cluster_name"), text, fix)]


def _names_folder(root: Path, cluster: str, folder: str) -> bool:
    """Whether the entry point of a cluster's folder still names another folder."""
    places = [f"{_CLUSTERS}/{cluster}/{engine}" for engine in ("flux-system", "argocd")]
    paths = [path for place in places for path in _listed(root, place, "*.yaml")]
    return any(f"{folder}\n".encode() in read_inside(root, path) for path in paths)


def _position(root: Path, answer: str) -> Position:
    """The line of an answer."""
    try:
        documents = load_documents(read_inside(root, ANSWERS).decode("utf-8"), ANSWERS)
    except (OSError, UnicodeDecodeError, YamlFault):
        return Position(ANSWERS)
    return documents[0].position((answer,)) if documents else Position(ANSWERS)


def _answers(root: Path) -> Mapping[str, Any]:
    if not root.is_dir():
        raise MeshwrightError(f"{root}: no such folder; pass the folder of a generated repository")
    file = root / ANSWERS
    try:
        answers = parse(read_inside(root, ANSWERS).decode("utf-8"), ANSWERS)
    except (OSError, UnicodeDecodeError):
        raise MeshwrightError(
            f"{root}: not a generated repository: it has no readable {ANSWERS}; "
            "create one with `meshwright new`, or pass another folder"
        ) from None
    if not isinstance(answers, Mapping) or not {"cluster_name", "engine"} <= answers.keys():
        raise AnotherTemplateError(
            f"{file}: answers of another template: cluster_name and engine are missing"
        )
    if answers["engine"] not in ("flux", "argocd"):
        raise MeshwrightError(f"{file}: engine is {answers['engine']!r}, but must be flux or argocd")
    if not isinstance(answers["cluster_name"], str) or not LABEL.fullmatch(answers["cluster_name"]):
        # It becomes part of paths that are written.
        raise MeshwrightError(
            f"{file}: cluster_name is {answers['cluster_name']!r}, but must be a DNS label such as home"
        )
    return answers


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
    """The namespaces that the platform creates, with their annotations."""
    found: dict[str, Mapping[str, Any]] = {}
    for item in _read_all(root, f"{platform}/namespaces/namespaces.yaml"):
        metadata = mapping_of(mapping_of(item).get("metadata"))
        if mapping_of(item).get("kind") == "Namespace" and metadata.get("name"):
            found[str(metadata["name"])] = mapping_of(metadata.get("annotations"))
    return found


def _traefik(ingress: str) -> tuple[str, str] | None:
    # Both charts name the account after the release, which is traefik in both cases.
    return {"k3s": ("kube-system", "traefik"), "own": ("traefik", "traefik")}.get(ingress)


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
    return namespaces.get("monitoring", {}).get("linkerd.io/inject") == "enabled"


def _components(root: Path, cluster: str) -> dict[str, Component]:
    """The Components by name; one of the cluster replaces one of all clusters."""
    found: dict[str, Component] = {}
    for folder in ("mesh/components", f"mesh/components/{cluster}"):
        for path in _listed(root, folder, "*/kustomization.yaml"):
            data = mapping_of(_read(root, path))
            if data.get("kind") == "Component":
                patches = (mapping_of(patch) for patch in items_of(data.get("patches")))
                targets = tuple(mapping_of(patch.get("target")) for patch in patches)
                found[path.split("/")[-2]] = Component(posixpath.dirname(path), targets)
    return found


def _listed(root: Path, folder: str, pattern: str) -> list[str]:
    """Paths below a folder of the repository; empty if the folder leads out of it."""
    if leads_out(root, folder):
        return []
    return sorted(file.relative_to(root).as_posix() for file in (root / folder).glob(pattern))


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
    return value_at(data, pointer) if holds(data, pointer) else None
