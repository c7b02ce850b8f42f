"""A shop: a small repository, and others with variables, a release or Argo CD."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshwright.difference import Difference
from support.argocd import application
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization

Told = Callable[[Mapping[str, str], Mapping[str, str | None]], list[str]]
Changes = Callable[[Mapping[str, str], Mapping[str, str | None]], Difference]
WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 2
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - {name: web, image: "web:1", env: [{name: LOG, value: info}]}
            - {name: log, image: "log:1"}
"""
SERVICE = """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {selector: {app: web}, ports: [{port: 80}]}
"""
SHOP = {
    "clusters/home/flux-system/sync.yaml": GITOPS_SYNC,
    "clusters/home/shop.yaml": flux_kustomization("shop", "./apps/shop"),
    "apps/shop/kustomization.yaml": "resources: [web.yaml, service.yaml]\n",
    "apps/shop/web.yaml": WEB,
    "apps/shop/service.yaml": SERVICE,
}
HEAD = "Kustomization flux-system/shop (apps/shop, clusters/home)"
VARIABLES = {
    **SHOP,
    "apps/shop/web.yaml": WEB.replace("value: info", "value: '${LEVEL}'"),
    "clusters/home/settings.yaml": config_map("settings", LEVEL="info").replace(
        "{name: settings, namespace: shop}", "{name: settings, namespace: flux-system}"
    ),
    "clusters/home/shop.yaml": flux_kustomization(
        "shop", "./apps/shop", "postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}"
    ),
}
RELEASE = {
    "clusters/home/flux-system/sync.yaml": GITOPS_SYNC,
    "clusters/home/viz.yaml": flux_kustomization("viz", "./viz"),
    "viz/kustomization.yaml": """
        resources: [release.yaml]
        configMapGenerator: [{name: viz-values, namespace: viz, files: [values.yaml]}]
        configurations: [names.yaml]
    """,
    "viz/names.yaml": """
        nameReference: [{kind: ConfigMap, fieldSpecs: [{path: spec/valuesFrom/name, kind: HelmRelease}]}]
    """,
    "viz/release.yaml": """
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {name: viz, namespace: viz}
        spec:
          interval: 1h
          chart: {spec: {chart: linkerd-viz, version: 1.0.0, sourceRef: {kind: HelmRepository, name: l5d}}}
          valuesFrom: [{kind: ConfigMap, name: viz-values}]
    """,
    "viz/values.yaml": "dashboard:\n  replicas: 1\n  hosts: [a, b]\n",
}
ARGO = {
    "argocd/root.yaml": application("root", "path: argocd"),
    "argocd/web.yaml": application("web", "path: apps/web"),
    "apps/web/kustomization.yaml": """
        namespace: web
        helmCharts: [{name: tiny, version: 1.2.3, releaseName: tiny, namespace: web, valuesFile: values.yaml}]
        patches: [{path: patch.yaml, target: {kind: Deployment}}]
    """,
    "apps/web/patch.yaml": "- {op: replace, path: /spec/paused, value: true}",
    "apps/web/values.yaml": "replicas: 1\n",
}
