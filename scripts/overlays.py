"""Writes template/includes/apps/overlays/: the catalog's overlays as `meshwright generate` makes them.

The scaffold includes them behind their header, so that a plain `copier copy` is complete. Run it after a
change of the catalog or of the generator; a test holds the files to what it writes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from meshwright.apps.base import read_bases
from meshwright.apps.clusters import read_clusters
from meshwright.apps.loading import load_apps
from meshwright.apps.model import AppsContext
from meshwright.apps.overlay.planner import plan
from meshwright.resources import includes_root
from meshwright.scaffold.render import render

CHOICES = ["longhorn", "elastic", "velero", "demo"]
ENGINES = ("flux", "argocd")
# Stands for the name of the cluster, which is in the paths of Components.
_CLUSTER = "name-of-the-cluster"


def overlays(engine: str, folder: Path) -> dict[str, str]:
    """Application -> its overlay's kustomization.yaml without its header, rendered below ``folder``."""
    root = folder / engine
    render({"engine": engine, "apps": CHOICES, "cluster_name": _CLUSTER}, root)
    [settings] = read_clusters(root)
    loaded = load_apps(root, [settings])
    apps = loaded.on[_CLUSTER]
    found, _ = read_bases(root, loaded.base_paths)
    landscape = AppsContext(apps, {name: found[app.base_path] for name, app in apps.items()}, settings)
    bodies = {
        name: plan(app, landscape).files[f"{app.overlay_path}/kustomization.yaml"]
        for name, app in apps.items()
    }
    return {name: body.replace(_CLUSTER, "[[ cluster_name ]]") for name, body in bodies.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for engine in ENGINES:
            for name, text in overlays(engine, Path(scratch)).items():
                file = includes_root() / "apps" / "overlays" / engine / f"{name}.yaml"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
