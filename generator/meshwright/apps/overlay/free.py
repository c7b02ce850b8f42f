"""The user's own patches: each must match an object, because kustomize silently ignores one that does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.apps.model import App, Base, Patch, RepositorySettings
from meshwright.apps.overlay.patches import target_of
from meshwright.apps.spec import FreePatch
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.words import did_you_mean


def free_patches(app: App, base: Base, settings: RepositorySettings) -> tuple[list[Patch], list[Finding]]:
    """The spec's patches with the full identity of the objects they match, and findings for those without."""
    found: list[Patch] = []
    findings: list[Finding] = []
    for number, patch in enumerate(app.spec.patches):
        matched = [item for item in base.objects if _matches(patch, item)]
        if not matched:
            # The patch may match an object from a chart or a remote base, which is not visible here.
            if base.not_seen or (base.charts and settings.engine == "argocd"):
                found.append(Patch(patch.target, patch.patch, chart="unseen"))
                continue
            findings.append(_unmatched(app, number, patch, base))
        for item in matched:
            if isinstance(patch.patch, list):
                findings += _json_faults(app, number, patch.patch, item)
            found.append(Patch(target_of(item), patch.patch))
    return found, findings


def _matches(patch: FreePatch, item: BuiltObject) -> bool:
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


def _unmatched(app: App, number: int, patch: FreePatch, base: Base) -> Finding:
    target = patch.target
    names = [item.name for item in base.objects if item.kind == target.kind]
    kinds = {item.kind for item in base.objects}
    if target.kind not in kinds:
        hint = did_you_mean(target.kind, kinds)
    else:
        hint = did_you_mean(target.name, names) or f"; it has {', '.join(sorted(names))}"
    at = app.at("patches", number, "target", "name")
    text = f"the patch for {target.kind} '{target.name}' matches nothing in '{app.base_path}'{hint}"
    return Finding("mesh/patch", at, text)


def _json_faults(app: App, number: int, operations: list[Any], item: BuiltObject) -> Iterator[Finding]:
    """Findings for paths that must exist but do not, unless an earlier operation adds them."""
    added: list[str] = []
    for index, operation in enumerate(operations):
        path = str(operation.get("path", ""))
        at = app.at("patches", number, "patch", index, "path")
        if operation.get("op") in ("add", "copy", "move"):
            added.append(path)
        if operation.get("op") not in ("replace", "remove", "test") or any(
            path.startswith(one) for one in added
        ):
            continue
        if not _exists(item.data, path):
            where = f"{item.short_title} ({item.origin.position})"
            text = f"the patch cannot {operation['op']} '{path}': {where} does not have it"
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
