"""Flux: what waits for what, what Ready means, and what is never tried again."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.rules.model import Item, Model
from meshwright.check.rules.rule import Engine, Hit, Severity, rule
from meshwright.manifests.words import did_you_mean

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
    "dependsOn names what does not exist",
    why="What waits for a dependency that is not there is never applied, and only its status says so.",
    fix="name one that exists in the same cluster",
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
            if not model.sees_all_of(item.cluster):
                continue
            for number, namespace, name in _dependencies(item):
                if (namespace, name) in known[item.cluster]:
                    continue
                at = item.at("spec", "dependsOn", number, "name")
                text = f"{item.title} depends on {kind} {namespace}/{name}, which is not in this cluster"
                fix = ""
                if model.find(item.cluster, other, namespace, name):
                    text = (
                        f"{item.title} depends on {namespace}/{name}, a {other}, where a {kind} is looked for"
                    )
                    fix = f"depend on the {kind} that brings it, and let that one wait"
                names = [found for space, found in known[item.cluster] if space == namespace]
                yield Hit(at, text + ("" if fix else did_you_mean(name, names)), fix, item.title)


@rule(
    "MW702",
    "A dependency is ready before what it brings is",
    why="Without wait and healthChecks a Kustomization is Ready once it is applied: nothing is waited for.",
    fix="set wait: true on the dependency, or list healthChecks",
    source="fluxcd kustomize-controller, spec.wait",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def ready_too_early(model: Model) -> Iterator[Hit]:
    for item in model.items("Kustomization", _KUSTOMIZE):
        for number, namespace, name in _dependencies(item):
            found = model.find(item.cluster, "Kustomization", namespace, name)
            if found is None or found.built.group != _KUSTOMIZE:
                continue
            if found.get("spec", "wait") is not True and not found.list("spec", "healthChecks"):
                at = item.at("spec", "dependsOn", number, "name")
                text = (
                    f"{item.title} waits for {found.title}, which is Ready once it is applied: it has no wait"
                )
                yield Hit(at, text, subject=item.title)


@rule(
    "MW703",
    "healthChecks are ignored",
    why="With wait: true every object is waited for, and healthChecks are not read.",
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
    "A first installation that fails is given up",
    why="By default a failed first install is uninstalled, and not tried again until the spec changes.",
    fix="set install.strategy.name: RetryOnFailure, or install.remediation.retries: -1",
    source="fluxcd helm-controller v1.6, spec.install.strategy and spec.install.remediation",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def given_up(model: Model) -> Iterator[Hit]:
    for item in model.items("HelmRelease", _HELM):
        retries = item.get("spec", "install", "remediation", "retries")
        strategy = item.get("spec", "install", "strategy", "name")
        if strategy != "RetryOnFailure" and (retries is None or retries == 0):
            at = item.at("spec", "install", key=True)
            yield Hit(at, f"{item.title} never tries a failed first install again", subject=item.title)


@rule(
    "MW705",
    "The API server refuses retryInterval here",
    why="A validation rule of the CRD allows retryInterval with the strategy RetryOnFailure alone.",
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
                text = f"{item.title} has {action}.strategy RemediateOnFailure with a retryInterval"
                yield Hit(at, text, subject=item.title)
