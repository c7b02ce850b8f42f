"""Values that cannot be read are one finding: no rule judges the release as if it had none."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.repositories import check

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: linkerd-viz}
spec:
  rules:
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 8084}}}}]}
"""
TWICE = "a: 1\na: 2\n"
FLUX = {
    "kustomization.yaml": """\
resources: [release.yaml, ingress.yaml]
configMapGenerator:
  - {name: values, namespace: linkerd-viz, files: [values.yaml], options: {disableNameSuffixHash: true}}
""",
    "values.yaml": TWICE,
    "release.yaml": """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: linkerd-viz, namespace: linkerd-viz}
spec:
  interval: 1h
  chart: {spec: {chart: linkerd-viz, version: 2026.8.3, sourceRef: {kind: HelmRepository, name: linkerd}}}
  valuesFrom: [{kind: ConfigMap, name: values}]
""",
}
CHARTS = {
    "kustomization.yaml": """\
resources: [ingress.yaml]
helmCharts:
  - name: linkerd-viz
    repo: https://helm.linkerd.io/edge
    version: 2026.8.3
    namespace: linkerd-viz
    releaseName: linkerd-viz
    valuesFile: values.yaml
""",
    "values.yaml": TWICE,
}
APPLICATION = {
    "application.yaml": """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: linkerd-viz, namespace: argocd}
spec:
  project: default
  destination: {namespace: linkerd-viz, server: https://kubernetes.default.svc}
  source:
    repoURL: https://helm.linkerd.io/edge
    chart: linkerd-viz
    targetRevision: 2026.8.3
    helm: {values: "a: 1\\na: 2\\n"}
""",
}
MISSING_KEY = {
    **FLUX,
    "values.yaml": "",
    "release.yaml": FLUX["release.yaml"].replace("name: values", "name: values, valuesKey: v.yaml"),
}


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (FLUX, "values/yaml"),
        (MISSING_KEY, "values/missing-key"),
        (CHARTS, "values/yaml"),
        (APPLICATION, "values/yaml"),
    ],
)
def test_one_finding(files: dict[str, str], fault: str, tmp_path: Path) -> None:
    found = {finding.id for finding in check(tmp_path, {**files, "ingress.yaml": INGRESS}).findings}

    assert fault in found
    assert not {"MW514", "MW225", "MW516"} & found


@pytest.mark.parametrize("files", [FLUX, CHARTS, APPLICATION])
def test_values_that_are_read(files: dict[str, str], tmp_path: Path) -> None:
    readable = {name: text.replace("a: 2", "b: 2") for name, text in files.items()}

    found = {finding.id for finding in check(tmp_path, {**readable, "ingress.yaml": INGRESS}).findings}

    assert "MW225" in found
