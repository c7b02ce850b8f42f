"""Kinds that a cluster has before any repository is synced.

Gateway API's CRDs are its own. Kinds whose controllers are stood in for have no schema: they take any object.
"""

from __future__ import annotations

from pathlib import Path

from engine.api import Api, Object, conditions, read
from engine.builds import module_folder
from engine.deadlines import LONG
from engine.processes import wait_until

TRAEFIK = (
    "traefik.io",
    "v1alpha1",
    ("IngressRoute", "IngressRouteTCP", "Middleware", "TLSOption", "ServersTransport"),
)
K3S = ("helm.cattle.io", "v1", ("HelmChart", "HelmChartConfig"))
MONITORING = (
    "monitoring.coreos.com",
    "v1",
    ("Alertmanager", "PodMonitor", "Probe", "Prometheus", "PrometheusRule", "ServiceMonitor", "ThanosRuler"),
)


def crds(group: str, version: str, kinds: tuple[str, ...]) -> list[Object]:
    """One CRD a kind."""
    return [_crd(group, version, kind) for kind in kinds]


def gateway_folder() -> Path:
    """Gateway API's own folder of CRDs."""
    return module_folder("gateway-api") / "config" / "crd"


def gateway() -> list[Object]:
    """The CRDs of Gateway API's standard channel."""
    found = read(*sorted((gateway_folder() / "standard").glob("*.yaml")))
    return [one for one in found if one["kind"] == "CustomResourceDefinition"]


def serve(api: Api, made: list[Object]) -> None:
    """Apply CRDs, and wait until the API server serves them in every version."""
    for crd in made:
        api.apply(crd, "installer")
    for crd in made:
        name = crd["metadata"]["name"]

        def served(name: str = name, spec: Object = crd["spec"]) -> bool:
            found = api.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", name) or {}
            return conditions(found).get("Established", {}).get("status") == "True" and _listed(api, spec)

        wait_until(f"CRD {name}", served, LONG)


def _listed(api: Api, spec: Object) -> bool:
    """Whether discovery lists a kind in every version that its definition serves."""
    for version in spec["versions"]:
        if version["served"]:
            listed = api.request("GET", f"/apis/{spec['group']}/{version['name']}")
            if spec["names"]["plural"] not in [one["name"] for one in listed["resources"]]:
                return False
    return True


def _crd(group: str, version: str, kind: str) -> Object:
    plural = f"{kind.lower()}{'es' if kind.endswith('s') else 's'}"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
        },
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": anything},
                    "subresources": {"status": {}},
                }
            ],
        },
    }
