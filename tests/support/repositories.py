"""Small repositories written from text, and reports of checks as lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from meshwright.check import check_repository
from meshwright.check.report import Report

GITOPS_SYNC = """
    apiVersion: kustomize.toolkit.fluxcd.io/v1
    kind: Kustomization
    metadata: {name: flux-system, namespace: flux-system}
    spec:
      interval: 10m
      path: ./clusters/home
      prune: true
      sourceRef: {kind: GitRepository, name: flux-system}
"""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write ``files``, by their path, into ``folder``; common indentation is taken off."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def flux_kustomization(name: str, path: str, spec: str = "") -> str:
    """A Flux Kustomization on the repository's own source; ``spec`` is further YAML, in flow style."""
    more = f", {spec}" if spec else ""
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\n"
        "kind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{interval: 10m, path: {path}, prune: true, "
        f"sourceRef: {{kind: GitRepository, name: flux-system}}{more}}}\n"
    )


def config_map(name: str, **data: str) -> str:
    """A ConfigMap whose values are written as they are given."""
    lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata:\n{lines}"


def deployment(name: str, namespace: str, *, inject: str = "", account: str = "default") -> str:
    """A Deployment of one container, with Linkerd's annotation where ``inject`` is given."""
    annotations = f", annotations: {{linkerd.io/inject: {inject}}}" if inject else ""
    return (
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        "spec:\n"
        f"  selector: {{matchLabels: {{app: {name}}}}}\n"
        "  template:\n"
        f"    metadata: {{labels: {{app: {name}}}{annotations}}}\n"
        f'    spec: {{serviceAccountName: {account}, containers: [{{name: main, image: "{name}:1"}}]}}\n'
    )


def as_text(objects: Iterable[Mapping[str, Any]]) -> str:
    """Objects as the documents of one YAML file."""
    return yaml.dump_all(objects, Dumper=yaml.CSafeDumper)


def lines(report: Report) -> list[str]:
    """Each finding as ``place id``."""
    return [f"{finding.position} {finding.id}" for finding in report.findings]


def check(folder: Path, files: Mapping[str, str]) -> Report:
    """The report on a repository of ``files``."""
    return check_repository(write(folder, files))
