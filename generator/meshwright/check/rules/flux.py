"""Flux: dependencies, readiness, retries, and fields that are ignored."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from meshwright.check.model.duration import seconds
from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.model.repository import RootKind
from meshwright.check.order.chartfacts import CRDS_FOLDER, FACTS, skips_crds
from meshwright.check.rules.rule import Absence, Engine, Hit, Severity, rule
from meshwright.errors import Position
from meshwright.words import did_you_mean, plural
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of, mapping_of

_READY_WHEN_APPLIED = frozenset(
    {"Namespace", "ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "ClusterRole"}
    | {"ClusterRoleBinding", "LimitRange", "PriorityClass", "ResourceQuota", "StorageClass"}
)
_KUSTOMIZE, _HELM = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"
# Two graphs: each kind depends on its own, and the other is what people mistake it for.
_GRAPHS = (("Kustomization", _KUSTOMIZE, "HelmRelease"), ("HelmRelease", _HELM, "Kustomization"))


def _dependencies(item: Item) -> Iterator[tuple[int, str, str]]:
    """Number, namespace and name of each entry of spec.dependsOn."""
    for number, entry in enumerate(item.list("spec", "dependsOn")):
        if isinstance(entry, dict) and entry.get("name"):
            yield number, str(entry.get("namespace") or item.namespace), str(entry["name"])


@rule(
    "MW701",
    "dependency-missing",
    "dependsOn names an object that does not exist",
    why="An object whose dependency does not exist is never applied, and only its status shows it.",
    fix="name an object that exists in the same cluster",
    source="fluxcd kustomize-controller and helm-controller, spec.dependsOn",
    engine=Engine.FLUX,
)
def missing_dependency(model: Model) -> Iterator[Hit]:
    for kind, group, other in (
        ("Kustomization", _KUSTOMIZE, "HelmRelease"),
        ("HelmRelease", _HELM, "Kustomization"),
    ):
        known: dict[str, dict[tuple[str, str], Item]] = {}
        for item in model.items(kind, group):
            known.setdefault(item.cluster, {})[item.namespace, item.name] = item
        for item in model.items(kind, group):
            if item.root.kind is RootKind.FOLDER:
                # Nothing here applies it, so what it depends on may be elsewhere, too.
                continue
            for number, namespace, name in _dependencies(item):
                if (namespace, name) in known[item.cluster] or _is_by_hand(item, known, (namespace, name)):
                    continue
                at = item.at("spec", "dependsOn", number, "name")
                text = (
                    f"{item.title} depends on {kind} {namespace}/{name}, which does not exist in this cluster"
                )
                fix = ""
                if model.find(item.cluster, other, namespace, name):
                    text = (
                        f"{item.title} depends on {kind} {namespace}/{name}, but only a {other} has that name"
                    )
                    fix = f"depend on the {kind} that brings it, and make that one wait"
                names = [found for space, found in known[item.cluster] if space == namespace]
                text += "" if fix else did_you_mean(name, names)
                yield Hit(at, text, fix, item.title, absent=Absence(item.cluster, (kind,), namespace))


def _is_by_hand(item: Item, known: Mapping[str, Container[tuple[str, str]]], wanted: tuple[str, str]) -> bool:
    """Whether an object of no known cluster has this name: a person may have applied it to this one."""
    others = known if not item.cluster else ("",)
    return any(wanted in known.get(cluster, ()) for cluster in others)


@rule(
    "MW702",
    "dependency-without-wait",
    "A dependency is Ready before its objects are",
    why="Without wait or healthChecks a Kustomization is Ready as soon as it is applied, so nothing waits "
    "for its objects.",
    fix="set wait: true on the dependency, or list healthChecks",
    source="fluxcd kustomize-controller, spec.wait",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def ready_too_early(model: Model) -> Iterator[Hit]:
    for item in model.items("Kustomization", _KUSTOMIZE):
        for number, namespace, name in _dependencies(item):
            found = model.find(item.cluster, "Kustomization", namespace, name)
            # One that depends on itself is a cycle (MW001).
            if found is None or found.built.group != _KUSTOMIZE or found.built is item.built:
                continue
            waits = found.get("spec", "wait") is True or bool(found.list("spec", "healthChecks"))
            if not waits and not _is_ready_when_applied(model, found):
                at = item.at("spec", "dependsOn", number, "name")
                text = f"{item.title} depends on {found.title}, which is Ready as soon as it is applied because it sets no wait"
                yield Hit(at, text, subject=item.title)


def _is_ready_when_applied(model: Model, kustomization: Item) -> bool:
    """Whether a Kustomization has only objects that exist as soon as they are applied."""
    for root in model.repository.roots:
        own = root.kustomization
        if (
            own is not None
            and root.hub == kustomization.cluster
            and own.name == kustomization.built.qualified_name
        ):
            kinds = {built.kind for built in root.objects}
            return root.built and bool(kinds) and kinds <= _READY_WHEN_APPLIED
    return False


@rule(
    "MW703",
    "healthchecks-ignored",
    "healthChecks are ignored",
    why="With wait: true Flux waits for every object and does not read healthChecks.",
    fix="remove one of the two",
    source="fluxcd kustomize-controller, spec.healthChecks",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def ignored_health_checks(model: Model) -> Iterator[Hit]:
    for item in model.items("Kustomization", _KUSTOMIZE):
        if item.get("spec", "wait") is True and item.list("spec", "healthChecks"):
            at = item.at("spec", "healthChecks", key=True)
            yield Hit(
                at, f"{item.title} has wait: true, so its healthChecks are not read", subject=item.title
            )


@rule(
    "MW704",
    "install-not-retried",
    "A failed first install is not retried",
    why="By default a failed first install is uninstalled, and not retried until the spec changes.",
    fix="set install.strategy.name: RetryOnFailure, or install.remediation.retries: -1",
    source="fluxcd helm-controller v1.6, spec.install.strategy and spec.install.remediation",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def given_up(model: Model) -> Iterator[Hit]:
    for item in model.items("HelmRelease", _HELM):
        retries = item.get("spec", "install", "remediation", "retries")
        strategy = item.get("spec", "install", "strategy", "name")
        if strategy is None and model.retries_by_default:
            continue
        if strategy != "RetryOnFailure" and (retries is None or retries == 0):
            at = item.at("spec", "install", key=True)
            yield Hit(at, f"{item.title} does not retry a failed first install", subject=item.title)


@rule(
    "MW705",
    "retryinterval-rejected",
    "The API server rejects retryInterval",
    why="A validation rule of the CRD allows retryInterval only with the strategy RetryOnFailure.",
    fix="set the strategy's name to RetryOnFailure",
    source="fluxcd helm-controller v1.6, CRD HelmRelease, x-kubernetes-validations of strategy",
    engine=Engine.FLUX,
)
def refused_retry_interval(model: Model) -> Iterator[Hit]:
    for item in model.items("HelmRelease", _HELM):
        for action in ("install", "upgrade"):
            strategy = item.mapping("spec", action, "strategy")
            if "retryInterval" in strategy and strategy.get("name") == "RemediateOnFailure":
                at = item.at("spec", action, "strategy", "retryInterval", key=True)
                text = f"{item.title} sets {action}.strategy.retryInterval, but the strategy is RemediateOnFailure"
                yield Hit(at, text, subject=item.title)


# What flux bootstrap writes at the top of its manifests.
_BOOTSTRAP = re.compile(r"^# Flux Version: v([0-9]+\.[0-9]+)\.", re.MULTILINE)
# Flux' own manifests as a remote entry of a kustomization, by reference or by release.
_REMOTE = re.compile(
    r"github\.com/fluxcd/flux2(?:/.*[?&]ref=|/releases/download/)(?:refs/tags/)?v([0-9]+\.[0-9]+)\."
)
_DROPPED_IN = (2, 8)


def _declared(model: Model) -> Iterator[tuple[str, Position]]:
    """Every version of Flux that the repository installs, such as 2.2, and where it says so."""
    for path in model.files.paths:
        if path.endswith("gotk-components.yaml"):
            try:
                said = _BOOTSTRAP.search(model.files.text(path)[:2000])
            except YamlFault:
                continue
            if said:
                yield said[1], Position(path)
    for folder in model.repository.index.folders:
        own = model.repository.index.get(folder)
        for reference in own.references if own else ():
            if own is not None and (said := _REMOTE.search(reference.entry)):
                yield said[1], own.position(reference.pointer)
    for item in model.items("FluxInstance", "fluxcd.controlplane.io"):
        version = str(item.get("spec", "distribution", "version") or "")
        exact = re.match(r"v?([0-9]+\.[0-9]+)\b", version)
        # A range such as 2.x takes the newest.
        yield exact[1] if exact else "2.9", item.at("spec", "distribution", "version")


def _is_older(version: str) -> bool:
    major, _, minor = version.partition(".")
    return (int(major), int(minor)) < _DROPPED_IN


# Group -> versions that Flux 2.9 serves. source: fluxcd CRDs at the versions of flux2 v2.9.4.
_SERVED = {
    _KUSTOMIZE: ("v1",),
    _HELM: ("v2",),
    "source.toolkit.fluxcd.io": ("v1",),
    "notification.toolkit.fluxcd.io": ("v1", "v1beta3"),
    "image.toolkit.fluxcd.io": ("v1",),
}


@rule(
    "MW706",
    "flux-api-version-removed",
    "A version of Flux' API is no longer served",
    why="Flux 2.8 and 2.9 removed their beta versions. The API server does not know the kind, and the "
    "whole apply fails.",
    fix="use a version that is served",
    source="fluxcd.io, release notes of 2.8 and 2.9",
    engine=Engine.FLUX,
)
def dropped_version(model: Model) -> Iterator[Hit]:
    declared = list(_declared(model))
    older = declared[0] if declared and all(_is_older(version) for version, _ in declared) else None
    certain = bool(declared) and older is None
    for (_, version), items in model.once(_dropped).items():
        served = " and ".join(_SERVED[version.partition("/")[0]])
        first = items[0]
        more = f" and {plural(len(items) - 1, 'other object')}" if len(items) > 1 else ""
        text = f"{first.title}{more} {'use' if more else 'uses'} {version}, but Flux 2.9 serves {served}"
        if older is not None:
            text += f"; Flux {older[0]} ({older[1]}) still serves it"
        elif not certain:
            text += "; nothing here says which Flux is installed"
        if more:
            places = ", ".join(str(item.at("apiVersion")) for item in items[1:4])
            text += f"; also at {places}{', …' if len(items) > 4 else ''}"
        served_here = Severity.INFO if older is not None else Severity.WARNING
        severity = None if certain else served_here
        yield Hit(first.at("apiVersion"), text, subject=first.title, severity=severity)


def _dropped(model: Model) -> dict[tuple[str, str], list[Item]]:
    """Objects in a version of Flux' API that it no longer serves, by cluster and apiVersion."""
    found: dict[tuple[str, str], list[Item]] = {}
    for item in model.all_items():
        group, _, version = item.built.api_version.partition("/")
        if group in _SERVED and version not in _SERVED[group]:
            found.setdefault((item.cluster, item.built.api_version), []).append(item)
    return found


def places_of_dropped(model: Model) -> Iterator[Position]:
    """Where MW706 has the cause of another finding: one line of it stands for several objects."""
    for items in model.once(_dropped).values():
        yield from (item.at("apiVersion") for item in items)


@rule(
    "MW707",
    "kustomization-timeout-short",
    "A Kustomization times out before the release that it waits for",
    why="Its health check fails first, while Helm is still within its own timeout, so the status flips "
    "between failed and ready.",
    fix="raise the Kustomization's timeout above the HelmRelease's",
    source="fluxcd kustomize-controller spec.timeout; helm-controller spec.timeout, 5m by default",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def short_timeout(model: Model) -> Iterator[Hit]:
    by_root: dict[int, list[Item]] = {}
    for item in model.items("HelmRelease", _HELM):
        by_root.setdefault(id(item.root), []).append(item)
    for root in model.repository.roots:
        if root.kustomization is None:
            continue
        ours = seconds(root.kustomization.spec.get("timeout"))
        for item in by_root.get(id(root), []):
            if not _waits_for(root.kustomization.spec, item):
                continue
            theirs = seconds(item.get("spec", "timeout") or "5m")
            if ours is not None and theirs is not None and ours < theirs:
                at = root.kustomization.position("spec", "timeout")
                text = (
                    f"{root.kustomization.title} waits {root.kustomization.spec['timeout']}, but "
                    f"{item.title} ({item.at('spec', 'timeout')}) may take {item.get('spec', 'timeout') or '5m'}"
                )
                yield Hit(at, text, subject=root.kustomization.title)
                break


def _waits_for(spec: Mapping[str, Any], release: Item) -> bool:
    """Whether a Kustomization waits for a HelmRelease, with wait or as one of its healthChecks."""
    if spec.get("wait") is True:
        return True
    wanted = ("HelmRelease", release.namespace, release.name)
    return any(
        (entry.get("kind"), entry.get("namespace", ""), entry.get("name")) == wanted
        for entry in map(mapping_of, items_of(spec.get("healthChecks")))
    )


@rule(
    "MW708",
    "valuesfrom-other-namespace",
    "valuesFrom names an object in another namespace",
    why="valuesFrom reads only from the HelmRelease's own namespace, so the release waits for an object "
    "that is elsewhere.",
    fix="move the ConfigMap or Secret to the HelmRelease's namespace",
    source="fluxcd helm-controller v1.6, spec.valuesFrom",
    engine=Engine.FLUX,
)
def values_elsewhere(model: Model) -> Iterator[Hit]:
    for item in model.items("HelmRelease", _HELM):
        for number, entry in enumerate(item.list("spec", "valuesFrom")):
            if not isinstance(entry, dict) or entry.get("optional") is True:
                continue
            kind, name = str(entry.get("kind")), str(entry.get("name"))
            if model.find(item.cluster, kind, item.namespace, name):
                continue
            for other in model.items(kind, ""):
                if other.cluster == item.cluster and other.name == name:
                    at = item.at("spec", "valuesFrom", number, "name")
                    text = f"{item.title} reads {kind} {name}, which is in namespace {other.namespace} ({other.at()})"
                    yield Hit(at, text, subject=item.title)
                    break


@rule(
    "MW709",
    "chart-crds-not-upgraded",
    "A chart's CRDs are never upgraded",
    why="Helm installs a chart's crds/ folder only once. After an upgrade the old CRDs stay, and fields "
    "that they do not know are dropped. upgrade.crds: Skip is the default, so writing it changes nothing.",
    fix="set upgrade.crds: CreateReplace; if something outside the repository upgrades the CRDs, set install.crds: "
    "Skip too",
    source="fluxcd helm-controller v1.6, spec.upgrade.crds: Skip by default; internal/action/crds.go",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def stale_crds(model: Model) -> Iterator[Hit]:
    for release in model.releases:
        if release.built is None or release.chart.name not in CRDS_FOLDER:
            continue
        spec = release.built.data.get("spec")
        upgrade = spec.get("upgrade") if isinstance(spec, dict) else None
        policy = upgrade.get("crds") if isinstance(upgrade, dict) else None
        # A chart whose CRDs somebody else brings has none to upgrade.
        brings = release.value("crds", "enabled") is not False and not skips_crds(release)
        brings = brings and release.value("crds", "upgradeJob", "enabled") is not True
        brings = brings and not _brought_by_others(model, release)
        if policy in (None, "Skip") and brings:
            text = f"{release.title} installs the CRDs of {release.chart.name} once, but never upgrades them"
            yield Hit(release.position, text, subject=release.title)


def _brought_by_others(model: Model, release: ChartRelease) -> bool:
    """Whether another chart, or manifests, bring the CRDs of a chart, and so upgrade them."""
    groups = set(FACTS[release.chart.name].groups)
    charts = (
        FACTS[other.chart.name].groups
        for other in model.releases
        if other.cluster == release.cluster and other.chart.name in FACTS.keys() - CRDS_FOLDER
    )
    if any(groups & set(found) for found in charts):
        return True
    return any(
        item.cluster == release.cluster and str(item.get("spec", "group")) in groups
        for item in model.items("CustomResourceDefinition")
    )


@rule(
    "MW710",
    "source-missing",
    "A source does not exist",
    why="An object whose source does not exist never becomes ready, and only its status shows it.",
    fix="name a source that exists, with its namespace",
    source="fluxcd kustomize-controller and helm-controller, spec.sourceRef",
    engine=Engine.FLUX,
)
def missing_source(model: Model) -> Iterator[Hit]:
    places = (
        ("Kustomization", _KUSTOMIZE, ("spec", "sourceRef")),
        ("HelmRelease", _HELM, ("spec", "chart", "spec", "sourceRef")),
        ("HelmRelease", _HELM, ("spec", "chartRef")),
    )
    for kind, group, pointer in places:
        for item in model.items(kind, group):
            reference = item.mapping(*pointer)
            wanted, name = str(reference.get("kind") or ""), str(reference.get("name") or "")
            namespace = str(reference.get("namespace") or item.namespace)
            known = [other for other in model.items(wanted) if other.cluster == item.cluster]
            # Bootstrap makes flux-system; others of a kind that is never seen may come from there too.
            if not known or name == "flux-system":
                continue
            by_hand = [other for other in model.items(wanted) if not (other.cluster and item.cluster)]
            if not any((other.name, other.namespace) == (name, namespace) for other in (*known, *by_hand)):
                names = [other.name for other in known]
                there = [other.namespace for other in known if other.name == name]
                hint = f"; namespace {there[0]} has one" if there else did_you_mean(name, names)
                text = f"{item.title} reads from {wanted} {namespace}/{name}, which does not exist{hint}"
                absent = Absence(item.cluster, (wanted,), namespace)
                yield Hit(item.at(*pointer, "name"), text, subject=item.title, absent=absent)
