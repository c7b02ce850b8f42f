"""Argo CD's own settings in argocd-cm and argocd-cmd-params-cm."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.argocdconfig import health_script, settings
from meshwright.check.model.index import Item, Model
from meshwright.check.rules.rule import Engine, Hit, Severity, rule

_WAVE = "argocd.argoproj.io/sync-wave"
_PARALLEL = "reposerver.parallelism.limit"


def _settings(model: Model) -> Iterator[Item]:
    for item in model.items("ConfigMap", ""):
        if item.name == "argocd-cm" and health_script(item.mapping("data"))[0]:
            yield item


@rule(
    "MW809",
    "enable-helm-missing",
    "Argo CD does not render the charts of a kustomization",
    why="kustomize rejects helmCharts unless Argo CD is configured to allow them, so the Application stays "
    "in error.",
    fix="set kustomize.buildOptions: --enable-helm in argocd-cm",
    source="argo-cd, Kustomize: kustomize.buildOptions",
    engine=Engine.ARGOCD,
)
def charts_not_enabled(model: Model) -> Iterator[Hit]:
    settings = [item for item in model.items("ConfigMap", "") if item.name == "argocd-cm"]
    for cm in settings:
        if "--enable-helm" in str(cm.get("data", "kustomize.buildOptions") or ""):
            continue
        for release in model.releases:
            if release.folder and release.application is not None and release.hub == cm.cluster:
                text = f"{release.title} of {release.application.title} needs --enable-helm, which {cm.title} ({cm.at()}) does not set"
                yield Hit(release.position, text, subject=release.application.title)


@rule(
    "MW811",
    "application-health-before-sync",
    "Applications count as healthy before they are synced",
    why="Since Argo CD 3.4 missing objects do not count in an Application's health. If its namespace "
    "already exists, an Application is Healthy before its first sync, and the next wave starts.",
    fix="report Progressing unless status.operationState.phase is Succeeded",
    source="argo-cd#27917; controller/health.go",
    engine=Engine.ARGOCD,
    severity=Severity.WARNING,
)
def early_health(model: Model) -> Iterator[Hit]:
    waved = any(_WAVE in item.annotations for item in model.items("Application", "argoproj.io"))
    for setting in settings(model, "argocd-cm", "cm") if waved else ():
        key, script = health_script(setting.data)
        if key and "operationState" not in script and "sync" not in script:
            text = f"{setting.title} reports an Application's health before it is synced"
            yield Hit(setting.at(key), text, subject=setting.title)


@rule(
    "MW812",
    "application-health-too-late",
    "The health check of Applications comes after their sync waves",
    why="The setting must be live before the first wave of Applications; in a later wave it has no effect "
    "on a new cluster.",
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
            text = f"{item.title} is in wave {_wave(item)}, but the first Application is in wave {min(waves)}"
            yield Hit(at, text, subject=item.title)


def _wave(item: Item) -> int:
    try:
        return int(str(item.annotations.get(_WAVE, "0")))
    except ValueError:
        return 0


@rule(
    "MW814",
    "chart-rendered-concurrently",
    "A chart may be rendered twice at the same time",
    why="kustomize unpacks a chart of helmCharts into the checkout and treats an existing folder as the complete "
    "chart. Argo CD renders the same commit in parallel: the second render fails or reads only some of the "
    "templates, and a sync with prune then deletes the objects of the others.",
    fix='set reposerver.parallelism.limit: "1" in argocd-cmd-params-cm (configs.params of the chart), or '
    "use the chart as the Application's source",
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
            text = f"{one.title} {told}, but kustomize renders {inflated[0].title} ({inflated[0].position})"
            yield Hit(one.at(_PARALLEL), text, subject=one.title)
