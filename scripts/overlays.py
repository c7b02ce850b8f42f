"""Writes template/includes/apps/overlays/: the catalog's overlays as `meshwright generate` makes them.

The scaffold includes them behind their header, so that a plain `copier copy` is complete. Run it after a
change of the catalog or of the generator; a test holds the files to what it writes.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from meshwright.apps.base import read_bases
from meshwright.apps.clusters import read_clusters
from meshwright.apps.loading import load_apps
from meshwright.apps.model import AppsContext
from meshwright.apps.overlay.planner import plan
from meshwright.resources import includes_root
from meshwright.scaffold.render import render

ENGINES = ("flux", "argocd")
# Stands for the name of the cluster, which is in the paths of Components.
_CLUSTER = "name-of-the-cluster"


def catalog(key: str) -> list[str]:
    """The catalog's applications (``""``), or the values of a key of theirs, each once."""
    pattern = rf"^  {key}: (\S+)$" if key else r"^([a-z][-a-z0-9]*):$"
    text = (includes_root() / "catalog.yml").read_text(encoding="utf-8")
    return list(dict.fromkeys(re.findall(pattern, text, re.MULTILINE)))


CHOICES = catalog("choice")


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
    files = {
        (engine, name): includes_root() / "apps" / "overlays" / engine / f"{name}.yaml"
        for engine in ENGINES
        for name in catalog("")
    }
    # The scaffold, from which they are made, includes them.
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    with tempfile.TemporaryDirectory() as scratch:
        for engine in ENGINES:
            for name, text in overlays(engine, Path(scratch)).items():
                files[engine, name].write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
