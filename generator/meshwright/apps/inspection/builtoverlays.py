"""Builds the overlays whose result is not known from the plan alone, because of the user's patches."""

from __future__ import annotations

import posixpath
from pathlib import Path

from meshwright.apps.inspection.status import is_patched
from meshwright.apps.model import App, AppsContext
from meshwright.apps.overlay.planner import plan
from meshwright.manifests.entry import EntryPoint
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import Expected, KustomizationIndex, join
from meshwright.manifests.steadybuilds import SteadyBuilds
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.yaml import parse
from meshwright.yaml.pointer import items_of, mapping_of


def built_overlays(root: Path, context: AppsContext) -> dict[str, tuple[BuiltObject, ...]]:
    """The objects of each overlay with patches or components of the user, as kustomize builds it.

    Overlays are planned, not read, and nothing is written to the repository. One that cannot be built is left
    out; a check says why. Raises MeshwrightError without kustomize.
    """
    apps = [app for app in context.apps.values() if is_patched(app)]
    if not apps:
        return {}
    files = RepositoryFiles(root)
    index = KustomizationIndex(files)
    inputs_reader = BuildInputsReader(files, index)
    with Workspace(files.root) as workspace:
        builds = SteadyBuilds(files, index, workspace)
        units = {app.name: _unit(app, context, inputs_reader) for app in apps}
        builds.ensure(unit for unit in units.values() if not unit.blocked)
        results = {name: builds.result(unit) for name, unit in units.items() if not unit.blocked}
    return {name: tuple(result.objects) for name, result in results.items() if result.built}


def _unit(app: App, context: AppsContext, inputs_reader: BuildInputsReader) -> BuildUnit:
    folder, at = app.overlay_path, app.at()
    planned = plan(app, context).files[f"{folder}/kustomization.yaml"]
    document = dict(mapping_of(parse(planned, folder)))
    # What the overlay adds has no pods, and may not have been written yet.
    document["resources"] = [posixpath.relpath(app.base_path, folder)]
    entries = [(name, Expected.RESOURCE) for name in document["resources"]]
    entries += [(name, Expected.COMPONENT) for name in items_of(document.get("components"))]
    inputs = inputs_reader.read(EntryPoint(join(folder, name), at, expected) for name, expected in entries)
    blocked = not inputs.buildable
    return BuildUnit(f"overlay:{app.name}", folder, inputs, at, document, False, blocked, "", app.spec_path)
