"""Order: what never comes up, and what comes up rightly only when one part is faster than another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.order.analysis import OrderFault, order_of
from meshwright.check.rules.rule import Engine, Hit, Severity, rule

_WAVE = "argocd.argoproj.io/sync-wave"


def _diagnosed(fault: OrderFault, *kinds: str) -> Callable[[Model], Iterator[Hit]]:
    """The diagnoses of one fault, of some kinds when they are named."""

    def find(model: Model) -> Iterator[Hit]:
        for diagnosis in order_of(model).diagnoses:
            if diagnosis.fault is fault and (not kinds or diagnosis.kind in kinds):
                yield Hit(diagnosis.position, diagnosis.text, diagnosis.fix, diagnosis.subject)

    return find


rule(
    "MW001",
    "dependency-cycle",
    "Dependencies go round in a circle",
    why="Each waits until another of them is Ready, so none is ever applied, and only their status says so.",
    fix="take one of the dependencies out",
    source="fluxcd kustomize-controller and helm-controller, spec.dependsOn: cycles are not detected",
    engine=Engine.FLUX,
)(_diagnosed(OrderFault.CIRCLE))

rule(
    "MW002",
    "crd-provider-in-same-kustomization",
    "An object is applied together with the release that makes its kind",
    why="A whole stage is dry-run before any of it is applied: the unknown kind, or the webhook that does "
    "not answer yet, fails all of it, the HelmRelease included, for ever.",
    fix="move the object into a Kustomization of its own that depends on this one, which gets wait: true",
    source="fluxcd/pkg ssa/manager_apply.go, ApplyAllStaged",
    engine=Engine.FLUX,
)(_diagnosed(OrderFault.SAME_APPLY))

rule(
    "MW003",
    "startup-deadlock",
    "Two kinds of waiting go round in a circle",
    why="What waits for a dependency, for health, for a kind or for a mounted Secret waits all the same: "
    "together they never end.",
    fix="break the circle: split the unit in two, or move what is needed to one that comes earlier",
    source="fluxcd kustomize-controller, spec.wait; argo-cd gitops-engine pkg/sync; Kubernetes volumes",
)(_diagnosed(OrderFault.DEADLOCK))

rule(
    "MW004",
    "pods-race-injector",
    "Pods may come up before the injector",
    why="The injector's webhook fails open: a pod made before it serves has no proxy, and nobody says so.",
    fix="let it wait until the control plane is ready: dependsOn on Flux, a later wave that gates on Argo CD",
    source="linkerd2 charts/linkerd-control-plane, webhookFailurePolicy: Ignore; linkerd2#11623, #13702",
)(_diagnosed(OrderFault.RACE, "injector"))

rule(
    "MW005",
    "pods-before-injector",
    "Pods always come up before the injector",
    why="What must be ready for the control plane cannot itself be meshed on a new cluster.",
    fix="turn the dependency around, or leave these pods out of the mesh",
    source="linkerd2 charts/linkerd-control-plane, webhookFailurePolicy: Ignore",
)(_diagnosed(OrderFault.TOO_EARLY, "injector"))

rule(
    "MW006",
    "missing-prerequisite-without-retry",
    "What comes too early fails for good",
    why="A failed first install of a HelmRelease, or the fifth failed sync of an Application, is the last "
    "one for that commit. An install that fails because a kind is not known yet does not count: Helm stores "
    "no release for it, and Flux tries again.",
    fix="let it wait for what it needs, or retry without end: install.strategy.name: RetryOnFailure on Flux, "
    "syncPolicy.retry.limit: -1 on Argo CD",
    source="fluxcd helm-controller, spec.install.remediation and internal/reconcile/install.go; argo-cd controller/appcontroller.go, autoSync",
    severity=Severity.WARNING,
)(_diagnosed(OrderFault.GIVEN_UP))


@rule(
    "MW007",
    "control-plane-before-gateway-api",
    "The control plane may start before the Gateway API's CRDs",
    why="Its destination and policy controllers look for these kinds once, at start: routes made later are "
    "ignored until they restart.",
    fix="let the control plane wait for the CRDs",
    source="linkerd2 policy-controller/runtime/src/args.rs",
    severity=Severity.WARNING,
)
def before_gateway(model: Model) -> Iterator[Hit]:
    for fault in (OrderFault.RACE, OrderFault.TOO_EARLY):
        yield from _diagnosed(fault, "gateway")(model)


@rule(
    "MW008",
    "application-waves-without-health",
    "Waves of Applications wait for nothing",
    why="Argo CD has no health check for the kind Application since 1.8: a wave of Applications counts as "
    "healthy the moment it is applied.",
    fix="set resource.customizations.health.argoproj.io_Application in argocd-cm",
    source="argo-cd docs/operator-manual/health.md; resource_customizations has no Application health",
    engine=Engine.ARGOCD,
)
def waves_that_do_not_wait(model: Model) -> Iterator[Hit]:
    if order_of(model).gates is not False:
        return
    by_root: dict[int, list[Item]] = {}
    for item in model.items("Application", "argoproj.io"):
        by_root.setdefault(id(item.root), []).append(item)
    for items in by_root.values():
        waved = [item for item in items if _WAVE in item.annotations]
        if len({str(item.annotations.get(_WAVE, "0")) for item in items}) > 1:
            first = min(waved, key=lambda item: item.at("metadata", "annotations", _WAVE))
            text = (
                f"{first.title} and {len(items) - 1} more are put into waves, and argocd-cm gives "
                "Applications no health"
            )
            yield Hit(first.at("metadata", "annotations", _WAVE), text, subject=first.title)


@rule(
    "MW009",
    "dependency-suspended",
    "What is waited for is suspended",
    why="On a new cluster it is never applied, so never Ready, and what depends on it never starts.",
    fix="resume it, or take the dependency out",
    source="fluxcd kustomize-controller and helm-controller, spec.suspend",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def suspended_dependency(model: Model) -> Iterator[Hit]:
    kinds = (("Kustomization", "kustomize.toolkit.fluxcd.io"), ("HelmRelease", "helm.toolkit.fluxcd.io"))
    for kind, group in kinds:
        for item in model.items(kind, group):
            for number, entry in enumerate(item.list("spec", "dependsOn")):
                if not isinstance(entry, dict) or not entry.get("name"):
                    continue
                namespace = str(entry.get("namespace") or item.namespace)
                found = model.find(item.cluster, kind, namespace, str(entry["name"]))
                if found is not None and found.built.group == group and found.get("spec", "suspend") is True:
                    at = item.at("spec", "dependsOn", number, "name")
                    where = found.at("spec", "suspend")
                    text = f"{item.title} depends on {found.title}, which is suspended ({where})"
                    yield Hit(at, text, subject=item.title)
