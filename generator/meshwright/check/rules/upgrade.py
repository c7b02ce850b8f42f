"""Upgrades of Linkerd: versions that are too far apart, and what has changed between versions.

A rule sees one revision: it cannot say where a repository comes from, only what it would do from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshwright.check.model.annotationholders import annotation_holders
from meshwright.check.model.gatewayapi import (
    ASKED_SINCE,
    CHART,
    KEPT_SINCE,
    ROUTES,
    asked_by,
    chart_version,
    may_come_along,
    mesh_routes,
    other_owners,
)
from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.injection import inject_mode
from meshwright.check.model.workloads import workloads
from meshwright.check.rules.rule import Absence, Engine, Hit, Severity, rule
from meshwright.errors import Position
from meshwright.linkerd.upgrades import numbered_between, numbered_of, read_version
from meshwright.linkerd.version import EdgeRelease, read_edge
from meshwright.yaml.pointer import items_of, mapping_of

_PROXY_VERSION = "config.linkerd.io/proxy-version"
# proxy-init is in the proxy's image since then. source: linkerd2 0e9a38d7d.
_ONE_IMAGE = EdgeRelease(2025, 11, 3)
_LINKERD = re.compile(r"linkerd-(?:crds|control-plane|viz|multicluster)\Z|linkerd2-cni\Z")
# A flag or a variable that says where to listen, and localhost with a port as its value.
_FLAG = re.compile(r"(?:listen|bind|addr|address|host)[\w.-]{0,100}(?:[= :]|\Z)", re.IGNORECASE)
_LOCAL = re.compile(r"(?:\A|[=/\s])(?:127\.0\.0\.1|localhost):([0-9]{1,5})\Z")


def _proxies(model: Model, cluster: str) -> Iterator[tuple[str, str, Position]]:
    """Whoever sets a proxy's version by hand, that version, and where."""
    for release in model.charts(CONTROL_PLANE, cluster):
        version = release.value("proxy", "image", "version")
        if isinstance(version, str) and version:
            yield release.title, version, release.at("proxy", "image", "version")
    for holder in annotation_holders(model):
        version = holder.annotations.get(_PROXY_VERSION)
        if holder.cluster == cluster and isinstance(version, str) and version:
            yield holder.title, version, holder.at(_PROXY_VERSION)


@rule(
    "MW921",
    "proxy-version-skew",
    "A proxy's version is too far from the control plane's",
    why="Control plane and proxies work together only if they are at most one numbered version apart, such as "
    "2.19 and 2.20.",
    fix="remove the version, so that the injector sets its own, or choose a closer one",
    source="linkerd.io, Upgrading Linkerd: edge releases and data plane version skew",
)
def proxy_skew(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        plane = model.linkerd(cluster)
        for title, version, at in _proxies(model, cluster) if plane is not None else ():
            proxy = read_version(version)
            if plane is not None and proxy is not None and numbered_between(plane, proxy) > 1:
                text = (
                    f"{title} sets proxy version {version} ({numbered_of(proxy) or 'before 2.10'}), but the control plane is "
                    f"{plane} ({numbered_of(plane)})"
                )
                yield Hit(at, text, subject=title)


@rule(
    "MW922",
    "proxy-image-without-init",
    "A proxy image lacks the program that linkerd-init runs",
    why="Since edge-25.11.3 proxy-init is part of the proxy image. In an older image linkerd-init finds "
    "nothing to run, and no pod starts.",
    fix="remove the version, or set edge-25.11.3 or newer",
    source="linkerd2 0e9a38d7d (#14577); charts/partials/templates/_proxy-init.tpl",
    since="2025.11.3",
)
def proxy_without_init(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        planes = model.charts(CONTROL_PLANE, cluster)
        plane = model.linkerd(cluster)
        if plane is None or plane < _ONE_IMAGE or any(it.value("cniEnabled") is True for it in planes):
            continue
        for title, version, at in _proxies(model, cluster):
            proxy = read_version(version)
            if proxy is not None and proxy < _ONE_IMAGE:
                text = f"{title} sets proxy version {version}, but control plane {plane} runs linkerd-init from the proxy image"
                yield Hit(at, text, subject=title)


@rule(
    "MW923",
    "linkerd-charts-version-skew",
    "Linkerd's charts are more than one numbered version apart",
    why="CRDs, control plane and extensions are upgraded one after the other, one numbered version at a "
    "time.",
    fix="set the same version for all of them",
    source="linkerd.io, Upgrading Linkerd; linkerd.io/data/versions.yaml",
)
def charts_far_apart(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        planes = model.charts(CONTROL_PLANE, cluster)
        plane = read_version(planes[0].chart.version) if len(planes) == 1 else None
        for release in model.releases:
            name, version = release.chart.name, release.chart.version
            if (
                plane is None
                or release.cluster != cluster
                or not _LINKERD.match(name)
                or name == CONTROL_PLANE
            ):
                continue
            # Two edges that differ are MW103's.
            if read_edge(version) is not None and read_edge(planes[0].chart.version) is not None:
                continue
            other = read_version(version, name)
            if other is not None and numbered_between(plane, other) > 1:
                text = (
                    f"{release.title} installs {name} {version} ({numbered_of(other)}), but {planes[0].title} installs "
                    f"{CONTROL_PLANE} {planes[0].chart.version} ({numbered_of(plane)})"
                )
                yield Hit(release.position, text, subject=release.title)


@rule(
    "MW924",
    "gateway-api-crds-deleted-by-helm",
    "Helm would delete the Gateway API CRDs",
    why="Charts before 2025.3.1 do not mark the CRDs to be kept. If this release has ever installed them, this "
    "value makes Helm delete them, and every route of every controller with them.",
    fix="first upgrade to 2025.3.1 or newer, with installGatewayAPI: true (Meshwright's docs/upgrade-gateway-api.md); "
    "if it has never installed them, suppress this finding with that reason",
    source="linkerd2 7b1cdb99c (#13740); linkerd.io, Migrating Gateway API ownership",
)
def dropped_unkept(model: Model) -> Iterator[Hit]:
    for release in model.charts(CHART):
        version = chart_version(release)
        if version is None or version >= KEPT_SINCE or not release.complete:
            continue
        for key, since in ROUTES.items():
            owner = next(other_owners(model, release.cluster), None)
            if release.value(key) is False and version >= since and owner is not None:
                text = (
                    f"{release.title} (chart {release.chart.version}) sets {key}: false, and {owner.title} "
                    f"({owner.position}) installs the CRDs"
                )
                yield Hit(release.at(key), text, subject=release.title)
                break


@rule(
    "MW925",
    "gateway-api-owner-unset",
    "Nothing says who installs the Gateway API CRDs",
    why="Since 2025.9.4 the chart does not install the CRDs by default. On an upgrade from a version before "
    "2025.3.1, Helm deletes them, and every route with them. On an upgrade from a later version they stay, but "
    "nothing upgrades them.",
    fix="if the chart has installed them, set installGatewayAPI: true for one release "
    "(Meshwright's docs/upgrade-gateway-api.md); if something else does, set it to false",
    source="linkerd2 105b61d49 (#14523), 7b1cdb99c (#13740)",
    severity=Severity.WARNING,
    since="2025.9.4",
)
def unsaid_owner(model: Model) -> Iterator[Hit]:
    for release in model.charts(CHART):
        version = chart_version(release)
        said = any(release.has(key) for key in ("installGatewayAPI", *ROUTES))
        if version is None or version < ASKED_SINCE or said or not release.complete:
            continue
        route = next(mesh_routes(model, release.cluster), None)
        if route is None:
            continue
        if next(other_owners(model, release.cluster), None) is None and not may_come_along(
            model, release.cluster
        ):
            text = (
                f"{release.title} (chart {release.chart.version}) does not set installGatewayAPI and nothing installs the CRDs, "
                f"but {route.title} ({route.at()}) needs them"
            )
            absent = Absence(release.cluster, ("CustomResourceDefinition",), "")
            yield Hit(release.position, text, subject=release.title, absent=absent)


@rule(
    "MW926",
    "gateway-api-crds-pruned-by-argocd",
    "Argo CD would prune the Gateway API CRDs",
    why="helm.sh/resource-policy: keep protects the CRDs when the Application is deleted, but not when they are "
    "pruned: without installGatewayAPI they are no longer rendered, and Argo CD deletes them, and every route "
    "with them.",
    fix="add Prune=confirm to the Application's syncOptions, or a patch that annotates the CRDs with "
    "argocd.argoproj.io/sync-options: Prune=false (Meshwright's docs/upgrade-gateway-api.md)",
    source="argo-cd docs/user-guide/helm.md, sync-options.md; gitops-engine pkg/sync/sync_context.go, pruneObject",
    engine=Engine.ARGOCD,
    severity=Severity.WARNING,
)
def pruned_by_argo(model: Model) -> Iterator[Hit]:
    for release in model.charts(CHART):
        application = release.application
        by = asked_by(release) if release.complete else ""
        if application is None or not by:
            continue
        policy = mapping_of(application.spec.get("syncPolicy"))
        automated = policy.get("automated")
        prunes = isinstance(automated, dict) and automated.get("prune") is True
        options = [str(option) for option in items_of(policy.get("syncOptions"))]
        asks = any(option in ("Prune=confirm", "Prune=false") for option in options)
        if prunes and not asks and not _is_patched(model, release.folder):
            at = release.at(by) if by != "default" else release.position
            who = "it" if release.title == application.title else application.title
            text = f"{release.title} installs the Gateway API CRDs, and {who} prunes without confirmation"
            yield Hit(at, text, subject=release.title)


def _is_patched(model: Model, folder: str) -> bool:
    """Whether a patch of a kustomization contains Prune=false, for whichever object."""
    kustomization = model.repository.index.get(folder) if folder else None
    return kustomization is not None and "Prune=false" in str(kustomization.data.get("patches"))


@rule(
    "MW927",
    "container-listens-on-localhost",
    "A meshed container listens only on localhost",
    why="Since edge-21.9.3 the proxy connects to the pod's own address, so a server that listens only on "
    "localhost is unreachable.",
    fix="let it listen on 0.0.0.0 or on the pod's address",
    source="linkerd2 CHANGES.md, edge-21.9.3: inbound connections go to the original address",
    severity=Severity.WARNING,
)
def local_listener(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if not inject_mode(model, workload):
            continue
        for number, container in enumerate(items_of(workload.pod.get("containers"))):
            if not isinstance(container, dict):
                continue
            ports = [
                port.get("containerPort")
                for port in items_of(container.get("ports"))
                if isinstance(port, dict)
            ]
            words = [str(word) for key in ("command", "args") for word in items_of(container.get(key))]
            for before, word in zip(["", *words], words, strict=False):
                found = _LOCAL.search(word)
                flagged = _FLAG.search(word) or (before.startswith("-") and _FLAG.search(before))
                if found and flagged and int(found[1]) in ports:
                    at = workload.item.at(*workload.template, "spec", "containers", number)
                    text = f"container '{container.get('name')}' of {workload.item.title} listens only on '{word}'"
                    yield Hit(at, text, subject=workload.item.title)
                    break


@rule(
    "MW928",
    "route-version-unread",
    "Linkerd does not read this version of a route",
    why="Linkerd reads TLSRoute and TCPRoute only as v1alpha2. If the CRD serves only v1, Linkerd ignores "
    "the route without an error.",
    fix="write it as v1alpha2, and keep CRDs that serve it (experimental channel up to v1.4), or remove it",
    source="linkerd2 edge-26.8.2, 2f7472750; linkerd2#15584; gateway-api v1.5.1, config/crd/standard",
    severity=Severity.WARNING,
    since="2024.11.8",
)
def unread_route(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        for item in mesh_routes(model, cluster):
            version = item.built.api_version.partition("/")[2]
            if item.built.kind in ("TLSRoute", "TCPRoute") and version != "v1alpha2":
                text = f"{item.title} uses {version}, but Linkerd reads only v1alpha2"
                yield Hit(item.at("apiVersion"), text, subject=item.title)
