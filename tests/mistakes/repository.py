"""A generated repository for mistakes, and the edits that make them."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = {
    "mesh.yaml": "schema_version: 1\nnamespace: blog\ninject: enabled\n",
    "kustomization.yaml": "resources:\n  - namespace.yaml\n  - blog.yaml\n  - ingress.yaml\n",
    "namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: blog\n",
    "blog.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: blog
  namespace: blog
spec:
  selector:
    matchLabels:
      app: blog
  template:
    metadata:
      labels:
        app: blog
    spec:
      containers:
        - name: blog
          image: nginx:1.29
          ports:
            - containerPort: 8080
---
apiVersion: v1
kind: Service
metadata:
  name: blog
  namespace: blog
spec:
  selector:
    app: blog
  ports:
    - port: 80
      targetPort: 8080
""",
    "ingress.yaml": """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: blog
  namespace: blog
spec:
  rules:
    - host: blog.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: blog
                port:
                  number: 80
""",
}


def make_repository(folder: Path) -> None:
    """The example with one more application, not yet generated."""
    shutil.copytree(ROOT / "examples/pi-cluster", folder)
    for name, text in APP.items():
        file = folder / "apps/blog" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def edit(folder: Path, line: str) -> None:
    """Apply one edit; what it names must exist."""
    verb, _, rest = line.partition(" ")
    name, _, text = rest.partition(" ")
    file = folder / name
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    if verb in ("move", "copy", "write"):
        target = file if verb == "write" else folder / text
        target.parent.mkdir(parents=True, exist_ok=True)
        if verb == "write":
            target.write_text(text, encoding="utf-8")
        elif verb == "move":
            file.rename(target)
        elif file.is_dir():
            shutil.copytree(file, target)
        else:
            shutil.copy(file, target)
    elif verb == "delete":
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    else:
        before = file.read_bytes().decode()
        if verb == "append":
            after = before + text
        elif verb == "replace":
            old, new = text.split(" => ") if " => " in text else (text.removesuffix(" =>"), "")
            assert old in before, f"{name} has no {old!r}"
            after = before.replace(old, new, 1)
        else:
            after = {"crlf": before.replace("\n", "\r\n"), "bom": f"\ufeff{before}"}[verb]
        file.write_bytes(after.encode())
