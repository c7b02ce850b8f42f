"""Cases of applications: the files of a small generated repository, and what is said about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.apps.inspection.gathering import gather
from meshwright.apps.model import Overlay
from meshwright.apps.overlay.planner import plan
from meshwright.finding import Finding
from meshwright.yaml import dump, parse

ANSWERS: dict[str, Any] = {
    "cluster_name": "home",
    "engine": "flux",
    "git_url": "https://github.com/example/home.git",
    "ingress": "own",
    "metrics": "install",
}
_LAYERS = ("namespaces", "linkerd-control-plane", "linkerd-gate", "traefik", "kube-prometheus-stack")
_NAMESPACES = """\
apiVersion: v1
kind: Namespace
metadata:
  name: monitoring
  annotations:
    linkerd.io/inject: disabled
"""
_COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - target:
      kind: StatefulSet
    patch: |
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: any
"""


@dataclass(frozen=True)
class SpecCase:
    """Files by path, answers that differ from the usual, and the lines that are expected.

    ``output`` is every overlay file by path, ``needs`` each application's dependencies with their reasons.
    """

    name: str
    files: dict[str, str]
    expect: tuple[str, ...]
    answers: dict[str, Any] = field(default_factory=dict)
    output: dict[str, str] = field(default_factory=dict)
    needs: dict[str, dict[str, str]] = field(default_factory=dict)


def load_spec_cases(folder: Path) -> list[SpecCase]:
    """Every case of a folder, which has one file per family, by name."""
    found = [
        SpecCase(name, **{**data, "expect": tuple(data["expect"])})
        for file in folder.glob("*.yaml")
        for name, data in parse(file.read_text(encoding="utf-8"), file.name).items()
    ]
    return sorted(found, key=lambda case: case.name)


def write_case(root: Path, case: SpecCase) -> Path:
    """The case as a repository below ``root``."""
    files = {
        ".copier-answers.yml": dump({**ANSWERS, **case.answers}),
        "platform/home/namespaces/namespaces.yaml": _NAMESPACES,
        "mesh/components/for-statefulsets/kustomization.yaml": _COMPONENT,
        **{f"clusters/home/platform/{layer}.yaml": "" for layer in _LAYERS},
        **case.files,
    }
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def planned(root: Path) -> tuple[dict[str, Overlay], list[Finding]]:
    """The overlays of a repository by application, and everything that stands against them."""
    gathered = gather(root)
    [landscape] = gathered.contexts
    overlays = {name: plan(app, landscape) for name, app in landscape.apps.items()}
    findings = [*gathered.findings, *gathered.base_faults]
    findings += [finding for overlay in overlays.values() for finding in overlay.findings]
    return overlays, findings


def lines(findings: list[Finding]) -> list[str]:
    """As a person reads them, without the fix."""
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key)
    return [f"{item.position}: {item.severity}: {item.message} [{item.id}]" for item in ordered]
