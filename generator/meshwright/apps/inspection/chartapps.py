"""Applications that are Helm charts: their objects if the chart is available, and the files of their base."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.apps.model import Base, RepositorySettings
from meshwright.apps.modeline import modeline
from meshwright.apps.releases import InstalledChart
from meshwright.errors import MeshwrightError, Position
from meshwright.flux.helmrelease import ChartReference
from meshwright.limits import current
from meshwright.manifests.chartstore import ChartStore
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.pins import load_pins
from meshwright.programs import Bounds, ProgramTimeout, bare_environment, run
from meshwright.tools import locate
from meshwright.yaml import dump, parse_all

_CHART_ARGUMENT = re.compile(
    r"(?P<url>(?:https?|oci)://\S+)/(?P<name>[a-z0-9][-a-z0-9.]*)@(?P<version>\S+)\Z"
)


@dataclass(frozen=True)
class Chart:
    """A chart from a Helm repository, with an exact version."""

    repository: str
    name: str
    version: str


@dataclass(frozen=True)
class ChartPlaces:
    """Where charts are looked up: the folder of --charts, and the repository whose lock file pins some."""

    given: Path | None
    root: Path | None = None


def read_chart(text: str) -> Chart:
    """Parse a chart argument. Raises MeshwrightError unless it is URL/NAME@VERSION."""
    found = _CHART_ARGUMENT.match(text)
    if not found:
        example = "https://charts.longhorn.io/longhorn@1.12.1"
        raise MeshwrightError(f"--chart {text}: expected REPOSITORY-URL/NAME@VERSION, such as {example}")
    return Chart(found["url"], found["name"], found["version"])


def render_chart(chart: Chart, release: str, namespace: str, charts: Path | None) -> Base | None:
    """The chart rendered with its default values; None if it is not available. Raises MeshwrightError."""
    at = Position(f"chart {chart.name} {chart.version}")
    reference = ChartReference(chart.name, chart.version, chart.repository)
    objects = _rendered(reference, release, namespace, ChartPlaces(charts), {}, at)
    return None if objects is None else Base("", tuple(objects))


def render_release(
    chart: ChartReference,
    release: InstalledChart,
    namespace: str,
    charts: ChartPlaces,
    values: Mapping[str, Any],
) -> list[BuiltObject] | None:
    """The objects of a release; None if its chart is not available. Raises MeshwrightError."""
    return _rendered(chart, release.helm_name, namespace, charts, values, release.position)


def _rendered(
    chart: ChartReference,
    release: str,
    namespace: str,
    charts: ChartPlaces,
    values: Mapping[str, Any],
    at: Position,
) -> list[BuiltObject] | None:
    with tempfile.TemporaryDirectory(prefix="meshwright-") as name:
        scratch = Path(name)
        store = ChartStore(scratch, charts.given, charts.root)
        folder = store.find(chart)
        if folder is None:
            return None
        place = str(store.copied(folder))
        command = [str(locate("helm").path), "template", release, place, "--namespace", namespace]
        command += ["--include-crds", "--skip-tests", "--kube-version", f"{load_pins().kubernetes}.0"]
        if values:
            file = scratch / "values.yaml"
            file.write_text(dump(values), encoding="utf-8")
            command += ["--values", str(file)]
        try:
            done = run(
                command,
                folder=scratch,
                environment=bare_environment(scratch),
                seconds=current().build,
                network=False,
                bounds=Bounds(memory=current().memory * 2**20),
            )
        except ProgramTimeout as late:
            option = current().option("build")
            raise MeshwrightError(f"{at.path}: {late}; raise the limit with {option}") from None
        if done.status:
            reason = " ".join(done.stderr.decode("utf-8", "replace").split()) or f"code {done.status}"
            raise MeshwrightError(f"helm cannot render {chart.name} {chart.version}: {reason}")
    rendered = done.output.decode("utf-8", "replace")
    items = [data for data in parse_all(rendered, at.path) if isinstance(data, dict)]
    origin = Origin(place=at)
    return [BuiltObject(data, origin) for data in items if isinstance(data.get("metadata"), dict)]


def base_files(
    name: str, chart: Chart, namespace: str, settings: RepositorySettings, *, bring: bool
) -> dict[str, str]:
    """The files in ``apps/<name>/`` that install the chart with the engine's own means; the user owns them.

    ``bring`` adds the Namespace.
    """
    folder = f"apps/{name}"
    values = f"# Values for the chart {chart.name}. Its own values.yaml lists all settings.\n{{}}\n"
    files = {f"{folder}/values.yaml": values}
    kustomization = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    resources = []
    if bring:
        resources.append("namespace.yaml")
        data = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        files[f"{folder}/namespace.yaml"] = dump(data)
    if settings.engine == "argocd":
        entry = {
            "name": chart.name,
            "repo": chart.repository,
            "version": chart.version,
            "releaseName": name,
            "namespace": namespace,
            "includeCRDs": True,
            "valuesFile": "values.yaml",
        }
        listed = {"resources": resources} if resources else {}
        files[f"{folder}/kustomization.yaml"] = _text({**kustomization, **listed, "helmCharts": [entry]})
        return files
    resources += ["repository.yaml", "helmrelease.yaml"]
    generator = {"name": f"{name}-values", "namespace": namespace, "files": ["values.yaml"]}
    files[f"{folder}/kustomization.yaml"] = _text(
        {
            **kustomization,
            "resources": resources,
            "configMapGenerator": [generator],
            "configurations": ["kustomizeconfig.yaml"],
        }
    )
    specs = [{"kind": "HelmRelease", "path": "spec/valuesFrom/name"}]
    reference = {"kind": "ConfigMap", "version": "v1", "fieldSpecs": specs}
    files[f"{folder}/kustomizeconfig.yaml"] = dump({"nameReference": [reference]})
    files[f"{folder}/repository.yaml"] = _text(_repository(name, chart, namespace))
    files[f"{folder}/helmrelease.yaml"] = _text(_release(name, chart, namespace))
    return files


def _text(data: Mapping[str, object]) -> str:
    return modeline([data]) + dump(data)


def _repository(name: str, chart: Chart, namespace: str) -> dict[str, object]:
    # Short: Flux finds a new chart version only after it has fetched the index again.
    spec: dict[str, object] = {"url": chart.repository, "interval": "10m"}
    if chart.repository.startswith("oci://"):
        spec["type"] = "oci"
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _release(name: str, chart: Chart, namespace: str) -> dict[str, object]:
    # Flux's default never retries a failed first installation.
    retry = {"crds": "CreateReplace", "strategy": {"name": "RetryOnFailure", "retryInterval": "1m"}}
    source = {"kind": "HelmRepository", "name": name}
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "releaseName": name,
            "chart": {
                "spec": {
                    "chart": chart.name,
                    "version": chart.version,
                    "sourceRef": source,
                    "interval": "24h",
                }
            },
            "interval": "1h",
            "timeout": "10m",
            "install": retry,
            "upgrade": retry,
            "valuesFrom": [{"kind": "ConfigMap", "name": f"{name}-values"}],
        },
    }
