"""Argo CD's own settings, and what they do to Linkerd's Applications."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.argocdconfig import settings
from meshwright.check.model.index import CONTROL_PLANE, Item, Model
from meshwright.check.rules.rule import Engine, Hit, Severity, rule
from meshwright.manifests.pointer import items_of

_HEALTH = "resource.customizations.health.argoproj.io_Application"
_WAVE = "argocd.argoproj.io/sync-wave"
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
_PARALLEL = "reposerver.parallelism.limit"


def _settings(model: Model) -> Iterator[Item]:
    for item in model.items("ConfigMap", ""):
        if item.name == "argocd-cm" and item.get("data", _HEALTH):
            yield item


@rule(
    "MW810",
    "finalizer-deletes-linkerd-crds",
    "Removing an Application would remove every policy",
    why="With this finalizer Argo CD deletes what the Application made when the Application goes: the CRDs of "
    "linkerd-crds, and with them every Server, policy and ServiceProfile.",
    fix="leave the finalizer out of the Application of linkerd-crds",
    source="argo-cd docs/user-guide/app_deletion.md; linkerd2 charts/linkerd-crds/templates",
    engine=Engine.ARGOCD,
    severity=Severity.WARNING,
)
def deleted_with_application(model: Model) -> Iterator[Hit]:
    for release in model.charts("linkerd-crds"):
        application = release.application
        metadata = application.built.metadata if application is not None else {}
        finalizers = [str(name) for name in items_of(metadata.get("finalizers"))]
        if application is not None and any(name.startswith(_FINALIZER) for name in finalizers):
            at = application.position("metadata", "finalizers")
            yield Hit(
                at, f"{application.title} deletes Linkerd's CRDs with itself", subject=application.title
            )


@rule(
    "MW811",
    "application-health-before-sync",
    "Applications count as healthy before they were synced",
    why="Since Argo CD 3.4 objects that are not there yet are left out of an Application's health: one whose "
    "namespace exists already is Healthy before its first sync, and the next wave starts.",
    fix="report Progressing unless status.operationState.phase is Succeeded",
    source="argo-cd#27917; controller/health.go",
    engine=Engine.ARGOCD,
    severity=Severity.WARNING,
)
def early_health(model: Model) -> Iterator[Hit]:
    waved = any(_WAVE in item.annotations for item in model.items("Application", "argoproj.io"))
    for item in _settings(model) if waved else ():
        text = str(item.get("data", _HEALTH))
        if "operationState" not in text and "sync" not in text:
            at = item.at("data", _HEALTH, key=True)
            yield Hit(
                at, f"{item.title} takes an Application's health before it was synced", subject=item.title
            )


@rule(
    "MW812",
    "application-health-too-late",
    "The health of Applications comes after the waves that it is to gate",
    why="The setting has to be live before the first wave of Applications: in a later wave it gates nothing on a new "
    "cluster.",
    fix="give argocd-cm an earlier wave than every Application, such as -10",
    source="argo-cd docs/operator-manual/health.md; gitops-engine pkg/sync/syncwaves",
    engine=Engine.ARGOCD,
)
def late_health(model: Model) -> Iterator[Hit]:
    for item in _settings(model):
        beside = [other for other in model.items("Application", "argoproj.io") if other.root is item.root]
        waves = [_wave(other) for other in beside if _WAVE in other.annotations]
        if waves and _wave(item) >= min(waves):
            at = item.at("metadata", "annotations", _WAVE)
            text = f"{item.title} comes in wave {_wave(item)}, and the first Application in wave {min(waves)}"
            yield Hit(at, text, subject=item.title)


def _wave(item: Item) -> int:
    try:
        return int(str(item.annotations.get(_WAVE, "0")))
    except ValueError:
        return 0


@rule(
    "MW813",
    "webhook-certificate-half-ignored",
    "A webhook keeps its old certificate and gets a new CA",
    why="The chart makes both anew at each rendering; the Secret is left as it was, the caBundle is not: the API "
    "server refuses the webhook.",
    fix="let cert-manager make the certificates: externalSecret and injectCaFrom",
    source="linkerd2 charts, genSelfSignedCert; argo-cd, Sync Options: RespectIgnoreDifferences",
    engine=Engine.ARGOCD,
)
def half_ignored(model: Model) -> Iterator[Hit]:
    for release in model.charts(CONTROL_PLANE):
        application = release.application
        if application is None or release.value("proxyInjector", "externalSecret") is True:
            continue
        policy = application.spec.get("syncPolicy")
        options = policy.get("syncOptions") if isinstance(policy, dict) else None
        if "RespectIgnoreDifferences=true" not in items_of(options):
            continue
        entries = [
            entry for entry in items_of(application.spec.get("ignoreDifferences")) if isinstance(entry, dict)
        ]
        secrets = [n for n, entry in enumerate(entries) if entry.get("kind") == "Secret"]
        bundles = any("caBundle" in str(entry) for entry in entries)
        if secrets and not bundles:
            at = application.position("spec", "ignoreDifferences", secrets[0])
            text = f"{application.title} keeps Secrets and not the webhooks' caBundle"
            yield Hit(at, text, subject=application.title)


@rule(
    "MW814",
    "chart-rendered-concurrently",
    "One chart may be rendered twice at the same time",
    why="kustomize unpacks a chart of helmCharts into the checkout and takes a folder that is there for a whole chart. "
    "Argo CD renders one commit in parallel: the second render fails, or sees half of the templates, and a sync with "
    "prune deletes what the other half makes.",
    fix='set reposerver.parallelism.limit: "1" in argocd-cmd-params-cm (configs.params of the chart), or name the chart '
    "as the Application's source",
    source="kustomize api/internal/builtins/HelmChartInflationGenerator.go, chartExistsLocally; argo-cd "
    "reposerver/repository/lock.go, allowConcurrent; seen with Argo CD 3.5.3",
    engine=Engine.ARGOCD,
    severity=Severity.WARNING,
)
def rendered_twice(model: Model) -> Iterator[Hit]:
    inflated = [one for one in model.releases if one.folder and one.application is not None]
    if not inflated:
        return
    for one in settings(model, "argocd-cmd-params-cm", "params"):
        limit = one.data.get(_PARALLEL)
        if str(limit) != "1":
            told = f"sets {_PARALLEL} to {limit}" if limit is not None else f"sets no {_PARALLEL}"
            text = f"{one.title} {told}, and {inflated[0].title} is rendered by kustomize ({inflated[0].position})"
            yield Hit(one.at(_PARALLEL), text, subject=one.title)
