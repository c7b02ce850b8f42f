"""Checks the applications of a generated repository: each mesh.yaml, and faults between them."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.apps.base import read_bases
from meshwright.apps.inventory import inventory_findings
from meshwright.apps.loading import load_apps
from meshwright.apps.model import AppsContext, Base
from meshwright.apps.settings import ANSWERS, read_settings
from meshwright.errors import MeshwrightError
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles


def apps_findings(files: RepositoryFiles) -> Iterator[Finding]:
    """Findings for the applications of a generated repository; empty for other repositories.

    Stale output is reported by `meshwright generate --check`, not here.
    """
    specs = [path for path in files.below("apps") if path.endswith("/mesh.yaml")]
    if not specs or not files.is_file(ANSWERS):
        return
    try:
        settings = read_settings(files.root)
    except MeshwrightError:
        # Answers of another template, or invalid ones, which are reported separately.
        return
    apps, findings = load_apps(files.root, settings)
    yield from findings
    # Faults in the manifests are reported when they are built.
    bases, _ = read_bases(files.root, [app.base_path for app in apps], files.documents)
    by_name = {app.name: bases.get(app.base_path, Base(app.base_path)) for app in apps}
    yield from inventory_findings(AppsContext({app.name: app for app in apps}, by_name, settings))
