"""Facts of real charts that the stand-ins of tests/engine/charts are held to, one file a chart.

    python -m realcharts.facts --charts DIR      writes tests/engine/charts/facts/ from the charts in DIR

Only names, ports, labels, hooks and security contexts: they decide whether a pod is admitted and found.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.check.schema.schemas import choose_minor
from meshwright.manifests.values import ChartReference
from meshwright.pins import load_pins
from meshwright.yaml import dump, parse, parse_all
from realcharts.charts import Charts
from realcharts.helm import Helm
from realcharts.installation import Installation, Part
from realcharts.pods import Pod, pods

FACTS = Path(__file__).resolve().parents[1] / "engine" / "charts" / "facts"
Facts = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """A chart with a stand-in, as the template installs it; ``values`` are those of the recorded render."""

    name: str
    pin: str
    namespace: str
    values: Mapping[str, Any]


SUBJECTS = (
    Subject("eck-operator", "eck_operator", "elastic-system", {}),
    Subject("fluent-bit", "fluent_bit", "elastic", {}),
    Subject("kube-prometheus-stack", "kube_prometheus_stack", "monitoring", {}),
    Subject("longhorn", "longhorn", "longhorn-system", {}),
    Subject("prometheus-operator-crds", "prometheus_operator_crds", "monitoring", {}),
    Subject("traefik", "traefik", "traefik", {}),
    Subject("velero", "velero", "velero", {"deployNodeAgent": True}),
)


def facts_of(rendered: str) -> Facts:
    """The facts of a rendered chart: pods by workload, Services, webhooks and CRDs."""
    objects = [one for one in parse_all(rendered) if isinstance(one, dict)]
    placed = tuple({**one, "metadata": {"namespace": "", **one["metadata"]}} for one in objects)
    found = Installation(parts=[Part("chart", "chart", placed)])
    services = {one["metadata"]["name"]: _service(one) for _, one in found.objects("Service")}
    return _filled(
        {
            "pods": {f"{pod.kind}/{pod.name}": _pod(pod) for pod in pods(found)},
            "services": services,
            "webhooks": sorted(_webhooks(found)),
            "crds": sorted(one["metadata"]["name"] for _, one in found.objects("CustomResourceDefinition")),
        }
    )


def _pod(pod: Pod) -> Facts:
    spec = pod.spec
    volumes = spec.get("volumes") or []
    return _filled(
        {
            "hook": pod.hook,
            "labels": dict(pod.labels),
            "host": sorted(key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)),
            "hostPaths": sorted(one["hostPath"]["path"] for one in volumes if "hostPath" in one),
            "securityContext": spec.get("securityContext"),
            "initContainers": _containers(spec.get("initContainers") or []),
            "containers": _containers(spec.get("containers") or []),
        }
    )


def _containers(containers: Iterable[Mapping[str, Any]]) -> Facts:
    return {
        one["name"]: _filled(
            {
                "securityContext": one.get("securityContext"),
                "ports": {
                    port["name"]: port["containerPort"] for port in one.get("ports") or [] if "name" in port
                },
                "hostPorts": sorted(
                    port["hostPort"] for port in one.get("ports") or [] if port.get("hostPort")
                ),
            }
        )
        for one in containers
    }


def _service(one: Mapping[str, Any]) -> Facts:
    spec = one["spec"]
    ports = {
        port.get("name") or str(port["port"]): port.get("targetPort") for port in spec.get("ports") or []
    }
    return _filled({"selector": spec.get("selector"), "ports": ports})


def _webhooks(found: Installation) -> Iterator[str]:
    for _, one in found.objects("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for hook in one.get("webhooks") or []:
            yield f"{one['kind']}/{hook['name']}"


def _filled(facts: Facts) -> Facts:
    """The facts that say something."""
    return {key: value for key, value in facts.items() if value}


def load(name: str) -> Facts:
    """The recorded facts of a chart."""
    found: Facts = parse((FACTS / f"{name}.yaml").read_text(encoding="utf-8"), name)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="realcharts.facts")
    parser.add_argument(
        "--charts", type=Path, required=True, help="folder of charts, as for meshwright check"
    )
    options = parser.parse_args()
    helm, pins = Helm(choose_minor(None)), load_pins().charts
    FACTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        charts = Charts(options.charts.resolve(), Path(scratch))
        for one in SUBJECTS:
            chart = ChartReference(one.name, pins[one.pin])
            missing = charts.provide([chart])
            folder = charts.find(chart)
            if folder is None:
                print("\n".join(missing), file=sys.stderr)
                return 1
            rendered = helm.template(folder, one.name, one.namespace, one.values)
            about = {"chart": one.name, "version": charts.versions[chart], "values": dict(one.values)}
            text = dump({**about, **facts_of(rendered)})
            header = "# Recorded by `python -m realcharts.facts` from a render of the real chart.\n"
            (FACTS / f"{one.name}.yaml").write_text(header + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
