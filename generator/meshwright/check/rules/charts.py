"""Charts: where they come from, and whether their versions are exact and belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.linkerd.upgrades import read_version

# An exact version, or the digest of one; anything else is a range, which a registry resolves anew each time.
_EXACT = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?\Z|sha256:[0-9a-f]{64}\Z")
_FOLDERS = frozenset({"GitRepository", "Bucket"})
_TRUSTED = frozenset({"cert-manager", "trust-manager"})
_LINKERD = re.compile(r"linkerd-(?:enterprise-)?(?:crds|control-plane|viz|multicluster)\Z|linkerd2-cni\Z")


@rule(
    "MW101",
    "linkerd-stable-repository",
    "A chart is installed from helm.linkerd.io/stable",
    why="The stable repository was frozen at stable-2.14.10 in February 2024, so that version is installed "
    "without a warning.",
    fix="use https://helm.linkerd.io/edge with an exact version",
    source="linkerd.io, Releases and Versions: no stable artifacts since stable-2.15",
)
def stable_repository(model: Model) -> Iterator[Hit]:
    for release in model.releases:
        if re.match(r"https?://helm\.linkerd\.io/stable/?\Z", release.repository):
            yield Hit(
                release.position,
                f"{release.title} installs chart {release.chart.name} from {release.repository}, "
                "which has been frozen since 2024",
                subject=release.title,
            )


@rule(
    "MW102",
    "linkerd-version-range",
    "A Linkerd chart has no exact version",
    why="Edge releases make no compatibility promises: a version range upgrades across breaking changes on "
    "its own.",
    fix="pin an exact version and let Renovate propose the next one",
    source="linkerd.io, Releases and Versions: edge releases",
)
def floating_version(model: Model) -> Iterator[Hit]:
    for release in model.releases:
        if _LINKERD.match(release.chart.name) and (shown := _without_exact_version(release)):
            yield Hit(release.position, f"{release.title} {shown}", subject=release.title)


@rule(
    "MW103",
    "linkerd-chart-versions-differ",
    "Linkerd's charts have different versions",
    why="CRDs, control plane and extensions are released together; different versions may not be compatible.",
    fix="set the same version for all of them",
    source="linkerd.io, Upgrading Linkerd; every chart of an edge release carries one number",
)
def versions_apart(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        control_planes = model.charts(CONTROL_PLANE, cluster)
        for release in model.releases:
            if not control_planes or release.cluster != cluster or not _LINKERD.match(release.chart.name):
                continue
            leader = control_planes[0]
            both = [read_version(one.chart.version, one.chart.name) for one in (release, leader)]
            if None not in both and both[0] != both[1]:
                yield Hit(
                    release.position,
                    f"{release.title} installs {release.chart.name} {release.chart.version}, "
                    f"but {leader.title} installs {leader.chart.name} {leader.chart.version}",
                    subject=release.title,
                )


def _without_exact_version(release: ChartRelease) -> str:
    """What a release does instead of naming an exact version; empty if it names one, or needs none."""
    chart = release.chart
    # The version of a chart in a folder of a repository is that repository's revision.
    fetched = bool(release.repository) if release.built is None else release.source not in _FOLDERS
    if not fetched or not chart.name or release.is_unknown(chart.version) or _EXACT.match(chart.version):
        return ""
    shown = f"version range '{chart.version}'" if chart.version else "no version"
    return f"installs chart {chart.name} with {shown}"


@rule(
    "MW104",
    "chart-version-range",
    "A chart has no exact version",
    why="Two syncs of the same commit can install two versions, and nobody has reviewed the second one.",
    fix="pin an exact version and let Renovate propose the next one",
    source="fluxcd source-controller, HelmChart spec.version; argo-cd, targetRevision of a chart",
    severity=Severity.INFO,
)
def floating_other_version(model: Model) -> Iterator[Hit]:
    for release in model.releases:
        name = release.chart.name
        if not _LINKERD.match(name) and (shown := _without_exact_version(release)):
            # The mesh's certificates depend on them.
            severity = Severity.WARNING if name in _TRUSTED else None
            yield Hit(release.position, f"{release.title} {shown}", subject=release.title, severity=severity)
