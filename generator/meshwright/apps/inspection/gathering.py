"""Reads everything that an inspection of applications needs."""

from __future__ import annotations

from pathlib import Path

from meshwright.apps.base import read_bases
from meshwright.apps.inventory import inventory_findings
from meshwright.apps.loading import load_apps
from meshwright.apps.model import AppsContext, Base
from meshwright.apps.settings import read_settings
from meshwright.finding import Finding


def gather(root: Path) -> tuple[AppsContext, list[Finding]]:
    """The applications of a repository with their bases, and all findings.

    Raises MeshwrightError if ``root`` is not a generated repository.
    """
    settings = read_settings(root)
    apps, findings = load_apps(root, settings)
    bases, faults = read_bases(root, [app.base_path for app in apps])
    by_name = {app.name: bases.get(app.base_path, Base(app.base_path)) for app in apps}
    context = AppsContext({app.name: app for app in apps}, by_name, settings)
    return context, [*findings, *faults, *inventory_findings(context)]
