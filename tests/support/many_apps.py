"""A generated repository with any number of applications, such as a platform team has."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from meshwright.scaffold import render

_KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: {name}
resources:
  - deployment.yaml
  - service.yaml
"""
_DEPLOYMENT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      serviceAccountName: {name}
      containers:
        - name: {name}
          image: registry.example.org/team/{name}:1.4.2
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
          readinessProbe:
            httpGet:
              path: /ready
              port: http
          resources:
            requests:
              cpu: 50m
              memory: 64Mi
            limits:
              memory: 128Mi
"""
_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
"""
_SPEC = """\
# yaml-language-server: $schema=https://raw.githubusercontent.com/meshwright/meshwright/main/schema/mesh.schema.json
schema_version: 1
namespace: {name}
createNamespace: true
inject: enabled
"""


@cache
def _platform(engine: str, cluster: str = "home") -> Path:
    """The scaffold's own files, rendered once in a process."""
    keep = TemporaryDirectory(prefix="meshwright-platform-")
    # Alive as long as the process: the cache holds the path only.
    _KEPT.append(keep)
    destination = Path(keep.name) / "repository"
    url = "https://github.com/example/home-cluster.git"
    render({"cluster_name": cluster, "engine": engine, "git_url": url}, destination)
    return destination


_KEPT: list[TemporaryDirectory[str]] = []


def app_name(number: int) -> str:
    """The name of one application: sorted as counted."""
    return f"app-{number:05}"


def spec(number: int, count: int, generation: int = 0) -> str:
    """Its mesh.yaml: each third depends on another, each fifth lets only some clients in.

    A ``generation`` other than 0 gives other output, in the overlay and, by a timeout, in the wiring.
    """
    text = _SPEC.format(name=app_name(number))
    if number % 3 == 1:
        text += f"dependsOn:\n  - {app_name(number - 1)}\n"
    if number % 5 == 2:
        text += f"policy:\n  allowFrom:\n    apps:\n      - {app_name((number * 7 + 1) % count)}\n"
    if generation:
        text += f"opaquePorts: [{1000 + generation}]\ntimeout: {10 + generation}m\n"
    return text


def add_app(root: Path, number: int, count: int, generation: int = 0) -> Path:
    """Write one application; the folder that it is in."""
    name = app_name(number)
    folder = root / "apps" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in (
        ("kustomization.yaml", _KUSTOMIZATION),
        ("deployment.yaml", _DEPLOYMENT),
        ("service.yaml", _SERVICE),
    ):
        (folder / file).write_text(text.format(name=name), encoding="utf-8")
    (folder / "mesh.yaml").write_text(spec(number, count, generation), encoding="utf-8")
    return folder


def make_repository(root: Path, count: int, *, engine: str = "flux", generation: int = 0) -> Path:
    """A repository of ``count`` applications below ``root``, not generated yet."""
    shutil.copytree(_platform(engine), root, dirs_exist_ok=True)
    for number in range(count):
        add_app(root, number, count, generation)
    return root


def add_cluster(root: Path, cluster: str, *, engine: str = "flux") -> None:
    """Add a cluster to a repository, with the files that its answers file renders."""
    made = _platform(engine, cluster)
    for folder in (f"platform/{cluster}", f"clusters/{cluster}", f"mesh/components/{cluster}"):
        shutil.copytree(made / folder, root / folder)
    shutil.copy(made / ".copier-answers.yml", root / f".copier-answers.{cluster}.yml")
