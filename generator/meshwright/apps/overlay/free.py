"""The user's own patches: each must hit something, for kustomize would pass over it without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.apps.model import App, Base, Patch, RepositorySettings
from meshwright.apps.overlay.patches import target_of
from meshwright.apps.spec import FreePatch
from meshwright.manifests.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.words import did_you_mean


def free_patches(app: App, base: Base, settings: RepositorySettings) -> tuple[list[Patch], list[Finding]]:
    """The patches of the spec, each with the whole identity of what it hits, and those that hit nothing."""
    found: list[Patch] = []
    findings: list[Finding] = []
    for number, patch in enumerate(app.spec.patches):
        hit = [item for item in base.objects if _fits(patch, item)]
        if not hit:
            # What kustomize renders from a chart, or fetches, can be patched there and not be seen here.
            if base.not_seen or (base.charts and settings.engine == "argocd"):
                found.append(Patch(patch.target, patch.patch, chart="unseen"))
                continue
            findings.append(_missed(app, number, patch, base))
        for item in hit:
            if isinstance(patch.patch, list):
                findings += _json_faults(app, number, patch.patch, item)
            found.append(Patch(target_of(item), patch.patch))
    return found, findings


def _fits(patch: FreePatch, item: BuiltObject) -> bool:
    target = patch.target
    group, slash, version = item.api_version.rpartition("/")
    pairs = (
        (target.group, group if slash else ""),
        (target.version, version),
        (target.namespace, item.namespace),
    )
    if (item.kind, item.name) != (target.kind, target.name):
        return False
    return all(wanted is None or wanted == value for wanted, value in pairs)


def _missed(app: App, number: int, patch: FreePatch, base: Base) -> Finding:
    target = patch.target
    names = [item.name for item in base.objects if item.kind == target.kind]
    kinds = {item.kind for item in base.objects}
    if target.kind not in kinds:
        hint = did_you_mean(target.kind, kinds)
    else:
        hint = did_you_mean(target.name, names) or f"; it has {', '.join(sorted(names))}"
    at = app.at("patches", number, "target", "name")
    text = f"the patch for {target.kind} '{target.name}' hits nothing in '{app.base_path}'{hint}"
    return Finding("mesh/patch", at, text)


def _json_faults(app: App, number: int, operations: list[Any], item: BuiltObject) -> Iterator[Finding]:
    """Paths that must exist and do not; an earlier operation may have made them."""
    made: list[str] = []
    for index, operation in enumerate(operations):
        path = str(operation.get("path", ""))
        at = app.at("patches", number, "patch", index, "path")
        if operation.get("op") in ("add", "copy", "move"):
            made.append(path)
        if operation.get("op") not in ("replace", "remove", "test") or any(
            path.startswith(one) for one in made
        ):
            continue
        if not _exists(item.data, path):
            where = f"{item.short_title} ({item.origin.position})"
            text = f"the patch wants to {operation['op']} '{path}', which {where} has not"
            yield Finding("mesh/patch", at, text)


def _exists(data: Any, path: str) -> bool:
    for step in path.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(data, Mapping) and key in data:
            data = data[key]
        elif isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return False
    return True
