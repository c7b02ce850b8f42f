"""Scenarios of startup, each with the verdict that the engines' and Kubernetes' sources give.

scenarios/references.yaml has pods and what they need; the other files have whole repositories. ``expect``
lists the order rules that must speak, and ``because`` names the source of the verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from meshwright.check.model.repository import RootKind
from meshwright.check.rules.registry import rules_by_name
from meshwright.check.rules.runner import run_rules
from meshwright.finding import Finding
from support.repositories import as_text
from support.rulecases import Case, model_of

_SCENARIOS = Path(__file__).parent / "scenarios"
_HEALTH = "resource.customizations.health.argoproj.io_Application"
_STRICT = """
hs = {status = "Progressing"}
local operation = (obj.status or {}).operationState
if operation ~= nil and operation.phase == "Succeeded" then
  hs.status = obj.status.health.status
end
return hs
"""
_ORDER = [f"MW00{number}" for number in range(1, 10)]


def _load(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((_SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")))


def _verdicts(files: dict[str, str], engine: RootKind) -> list[str]:
    model = model_of(Case("", "", files, (), engine))
    rules = rules_by_name()
    found = list(run_rules(model, [rules[name] for name in _ORDER]))
    assert not model.faults
    return sorted({one.id for one in found if isinstance(one, Finding)})


def _kustomization(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {"path": f"./{name}", "sourceRef": {"kind": "GitRepository", "name": "x"}, **spec},
    }


@pytest.mark.parametrize("scenario", _load("references"), ids=lambda scenario: scenario["name"])
def test_a_pod_waits_for(scenario: dict[str, Any]) -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": scenario["pod"]}},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    waits = [_kustomization("shop", wait=True), _kustomization("later", dependsOn=[{"name": "shop"}])]
    files = {
        "flux.yaml": as_text(waits),
        "shop/web.yaml": as_text([namespace, deployment]),
        "later/one.yaml": as_text([scenario["later"]]),
    }

    assert _verdicts(files, RootKind.FLUX) == scenario["expect"]
    assert scenario["because"]


@pytest.mark.parametrize("scenario", _load("flux"), ids=lambda scenario: scenario["name"])
def test_flux(scenario: dict[str, Any]) -> None:
    waits = [_kustomization(name, **spec) for name, spec in scenario["kustomizations"].items()]
    folders = {f"{folder}/all.yaml": as_text(items) for folder, items in scenario["objects"].items()}

    assert _verdicts({"flux.yaml": as_text(waits), **folders}, RootKind.FLUX) == scenario["expect"]
    assert scenario["because"]


@pytest.mark.parametrize("scenario", _load("argocd"), ids=lambda scenario: scenario["name"])
def test_argocd(scenario: dict[str, Any]) -> None:
    applications = [_application(name, **given) for name, given in scenario["applications"].items()]
    folders = {f"{folder}/all.yaml": as_text(items) for folder, items in scenario["objects"].items()}
    data = scenario.get("cm") or ({_HEALTH: _STRICT} if scenario.get("health") else {})
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "argocd-cm", "namespace": "argocd"},
    }
    root = {**_application("root"), "spec": {"source": {"repoURL": "x", "path": "apps"}}}
    files = {"root.yaml": as_text([root]), "apps/all.yaml": as_text(applications), **folders}
    if data:
        files["settings/cm.yaml"] = as_text([{**settings, "data": data}])

    assert _verdicts(files, RootKind.ARGOCD) == scenario["expect"]
    assert scenario["because"]


def _application(name: str, wave: str = "", source: Any = None, policy: Any = None) -> dict[str, Any]:
    annotations = {"argocd.argoproj.io/sync-wave": wave} if wave else {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "annotations": annotations},
        "spec": {
            "source": source or {"repoURL": "x", "path": name},
            "destination": {"namespace": name},
            "syncPolicy": {"automated": {}, **(policy or {})},
        },
    }
