"""Order: what never starts, and what starts correctly only if one part is faster than another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from meshwright.check.model.argocdconfig import health_script, settings
from meshwright.check.model.index import Item, Model
from meshwright.check.order.analysis import OrderFault, order_of
from meshwright.check.order.flux import checks_ready
from meshwright.check.rules.rule import Engine, Hit, Severity, rule

_WAVE = "argocd.argoproj.io/sync-wave"


def _diagnosed(fault: OrderFault, *kinds: str) -> Callable[[Model], Iterator[Hit]]:
    """The diagnoses of one fault, of some kinds when they are named."""

    def find(model: Model) -> Iterator[Hit]:
        for diagnosis in order_of(model).diagnoses:
            if diagnosis.fault is fault and (not kinds or diagnosis.kind in kinds):
                # What another repository holds is a guess by its name.
                severity = Severity.WARNING if diagnosis.kind == "unseen-injector" else None
                yield Hit(diagnosis.position, diagnosis.text, diagnosis.fix, diagnosis.subject, severity)

    return find


rule(
    "MW001",
    "dependency-cycle",
    "Dependencies form a cycle",
    why="Each of them waits until another one is Ready, so none is ever applied, and only their status shows it.",
    fix="remove one of the dependencies",
    source="fluxcd kustomize-controller and helm-controller, spec.dependsOn: cycles are not detected",
    engine=Engine.FLUX,
)(_diagnosed(OrderFault.CIRCLE))

rule(
    "MW002",
    "crd-provider-in-same-kustomization",
    "An object is applied together with the release that provides its kind",
    why="Flux dry-runs a whole stage before it applies any of it. An unknown kind, or a webhook that is not "
    "running yet, makes this dry run fail every time, so the HelmRelease is not applied either.",
    fix="move the object to a Kustomization of its own that depends on this one, and set wait: true on "
    "this one",
    source="fluxcd/pkg ssa/manager_apply.go, ApplyAllStaged",
    engine=Engine.FLUX,
)(_diagnosed(OrderFault.SAME_APPLY))

rule(
    "MW003",
    "startup-deadlock",
    "Different kinds of waiting form a deadlock",
    why="Waiting for a dependency, for health, for a kind or for a mounted Secret blocks in the same way, "
    "so this cycle never ends.",
    fix="break the cycle: split the unit in two, or move what is needed to a unit that comes earlier",
    source="fluxcd kustomize-controller, spec.wait; argo-cd gitops-engine pkg/sync; Kubernetes volumes",
)(_diagnosed(OrderFault.DEADLOCK))

rule(
    "MW004",
    "pods-race-injector",
    "Pods may start before the injector",
    why="The injector's webhook fails open: a pod that is created before the injector runs gets no proxy, "
    "and nothing reports it.",
    fix="make it wait until the control plane is ready: with dependsOn in Flux, or with a later sync wave and a "
    "health check for Applications in Argo CD",
    source="linkerd2 charts/linkerd-control-plane, webhookFailurePolicy: Ignore; linkerd2#11623, #13702",
)(_diagnosed(OrderFault.RACE, "injector", "unseen-injector"))

rule(
    "MW005",
    "pods-before-injector",
    "Pods always start before the injector",
    why="The control plane needs these pods to be ready first, so they cannot be meshed on a new cluster.",
    fix="reverse the dependency, or leave these pods out of the mesh",
    source="linkerd2 charts/linkerd-control-plane, webhookFailurePolicy: Ignore",
)(_diagnosed(OrderFault.TOO_EARLY, "injector", "unseen-injector"))

rule(
    "MW006",
    "missing-prerequisite-without-retry",
    "A release or Application starts too early and is not retried",
    why="A failed first install of a HelmRelease, or the fifth failed sync of an Application, is the last "
    "attempt for that commit. An install that fails because a kind is unknown does not count: Helm stores "
    "no release for it, and Flux retries.",
    fix="make it wait for what it needs, or retry without limit: install.strategy.name: RetryOnFailure in "
    "Flux, syncPolicy.retry.limit: -1 in Argo CD",
    source="fluxcd helm-controller, spec.install.remediation and internal/reconcile/install.go; argo-cd controller/appcontroller.go, autoSync",
    severity=Severity.WARNING,
)(_diagnosed(OrderFault.GIVEN_UP))


@rule(
    "MW007",
    "control-plane-before-gateway-api",
    "The control plane may start before the Gateway API CRDs",
    why="The destination and policy controllers look for these kinds only once, at startup. If the CRDs "
    "come later, routes are ignored until the controllers restart.",
    fix="make the control plane wait for the CRDs",
    source="linkerd2 policy-controller/runtime/src/args.rs",
    severity=Severity.WARNING,
)
def before_gateway(model: Model) -> Iterator[Hit]:
    for fault in (OrderFault.RACE, OrderFault.TOO_EARLY):
        yield from _diagnosed(fault, "gateway")(model)


@rule(
    "MW008",
    "application-waves-without-health",
    "Sync waves of Applications do not wait",
    why="Since version 1.8 Argo CD has no health check for Applications: a wave of Applications counts as "
    "healthy as soon as it is applied.",
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
            text = f"{first.title} and {len(items) - 1} more have sync waves, but {_why_not(model)}"
            yield Hit(first.at("metadata", "annotations", _WAVE), text, subject=first.title)


def _why_not(model: Model) -> str:
    if any(health_script(one.data)[0] for one in settings(model, "argocd-cm", "cm")):
        return "the health check of Applications in argocd-cm never reads them"
    return "argocd-cm defines no health check for Applications"


@rule(
    "MW009",
    "dependency-suspended",
    "A dependency is suspended, or only synced manually",
    why="On a new cluster it is never applied and never becomes Ready, so whatever depends on it, or waits for "
    "its health, never becomes Ready either. The same holds for a sync wave of Argo CD after an Application without automated sync.",
    fix="resume it, or remove the dependency; for an Application, set syncPolicy.automated or move it to the "
    "last wave",
    source="fluxcd kustomize-controller and helm-controller, spec.suspend; argo-cd gitops-engine pkg/sync, "
    "waves; controller/appcontroller.go, autoSync",
    severity=Severity.WARNING,
)
def suspended_dependency(model: Model) -> Iterator[Hit]:
    yield from _diagnosed(OrderFault.HELD)(model)
    kinds = (("Kustomization", "kustomize.toolkit.fluxcd.io"), ("HelmRelease", "helm.toolkit.fluxcd.io"))
    for kind, group in kinds:
        for item in model.items(kind, group):
            for number, entry in enumerate(item.list("spec", "dependsOn")):
                if not isinstance(entry, dict) or not entry.get("name"):
                    continue
                # Another readyExpr may hold for an object that was never applied.
                if not checks_ready(entry.get("readyExpr")):
                    continue
                namespace = str(entry.get("namespace") or item.namespace)
                found = model.find(item.cluster, kind, namespace, str(entry["name"]))
                if found is not None and found.built.group == group and found.get("spec", "suspend") is True:
                    at = item.at("spec", "dependsOn", number, "name")
                    where = found.at("spec", "suspend")
                    text = f"{item.title} depends on {found.title}, which is suspended ({where})"
                    yield Hit(at, text, subject=item.title)


@rule(
    "MW010",
    "control-plane-before-linkerd-crds",
    "The control plane may start before Linkerd's CRDs",
    why="The policy controller looks for HTTPRoutes of policy.linkerd.io only once, at startup: if the CRDs come "
    "later, it ignores these routes until it restarts. The destination controller restarts until the CRDs exist.",
    fix="make linkerd-control-plane wait for linkerd-crds",
    source="linkerd2 policy-controller/runtime/src/args.rs, api_resource_exists; controller/k8s/api.go, initAPI",
    since="2024.8.1",
    severity=Severity.WARNING,
)
def before_crds(model: Model) -> Iterator[Hit]:
    for fault in (OrderFault.RACE, OrderFault.TOO_EARLY):
        yield from _diagnosed(fault, "crds")(model)
