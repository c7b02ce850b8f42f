"""Applications written from text, and a chart that is small enough to read."""

from __future__ import annotations

import tarfile
from pathlib import Path

from support.repositories import write

REPOSITORY = "https://git.example.org/home/cluster.git"

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: tiny\nversion: 1.2.3\n",
    "values.yaml": "replicas: 1\nkey: data\n",
    "templates/map.yaml": """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {{ .Release.Name }}-map
          namespace: {{ .Release.Namespace }}
        {{ .Values.key }}:
          kubernetes: {{ .Capabilities.KubeVersion.Version | quote }}
        """,
    "templates/deployment.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{ required "say who you are" .Release.Name }}
          namespace: {{ .Release.Namespace }}
        spec:
          replicas: {{ .Values.replicas }}
          selector: {matchLabels: {app: tiny}}
          template:
            metadata: {labels: {app: tiny}}
            spec:
              containers: [{name: tiny, image: tiny:1}]
        """,
    "crds/thing.yaml": """
        apiVersion: v1
        kind: Namespace
        metadata: {name: from-crds}
        """,
}


def application(name: str, source: str) -> str:
    """An Application with one source in flow style, such as ``path: apps/web``."""
    return (
        "apiVersion: argoproj.io/v1alpha1\n"
        "kind: Application\n"
        f"metadata: {{name: {name}, namespace: argocd}}\n"
        "spec:\n"
        "  project: default\n"
        f"  source: {{repoURL: '{REPOSITORY}', {source}}}\n"
        f"  destination: {{server: 'https://kubernetes.default.svc', namespace: {name}}}\n"
    )


def write_chart(folder: Path) -> Path:
    """The chart's files in ``folder``."""
    return write(folder, CHART)


def write_archive(folder: Path, scratch: Path) -> Path:
    """``tiny-1.2.3.tgz`` in ``folder``, as `helm package` makes it."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "tiny-1.2.3.tgz"
    with tarfile.open(archive, "w:gz") as content:
        content.add(write_chart(scratch / "tiny"), "tiny")
    return archive
