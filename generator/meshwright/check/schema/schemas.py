"""The embedded schemas of Kubernetes' own kinds and of custom resources, in kubeconform's layout."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from meshwright.errors import MeshwrightError
from meshwright.manifests.unit import BuiltObject
from meshwright.pins import load_pins
from meshwright.resources import schema_root
from meshwright.words import closest

_MINOR = re.compile(r"v?(\d+\.\d+)(?:\.\d+)?\Z")

# Valid kinds and versions, in lower case; they become parts of file names.
_NAME = re.compile(r"[a-z0-9]{1,63}\Z")
_MAX_GROUP_LENGTH = 254

# Why versions of these kinds are no longer served.
_REMOVALS = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"): "removed in Flux 2.8",
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): "removed in Flux 2.8",
    ("source.toolkit.fluxcd.io", ""): "removed in Flux 2.8",
    ("notification.toolkit.fluxcd.io", ""): "not served by Flux 2.9",
}

# source: Kubernetes 1.37, the current and former API groups of kube-apiserver.
_BUILTIN_GROUPS = frozenset(
    {"", "apps", "autoscaling", "batch", "extensions", "policy"}
    | {
        f"{name}.k8s.io"
        for name in (
            "admissionregistration",
            "apiextensions",
            "apiregistration",
            "authentication",
            "authorization",
            "certificates",
            "coordination",
            "discovery",
            "events",
            "flowcontrol.apiserver",
            "internal.apiserver",
            "networking",
            "node",
            "rbac.authorization",
            "resource",
            "scheduling",
            "storage",
            "storagemigration",
        )
    }
)
# Groups that other projects use too: Argo Rollouts, Workflows and Events share Argo CD's group.
_SHARED_GROUPS = frozenset({"argoproj.io"})


@dataclass(frozen=True)
class Missing:
    """Why an object has no schema; ``is_fault`` means that no cluster accepts it."""

    is_fault: bool
    message: str


class Schemas:
    """The schemas of one Kubernetes minor version, such as 1.36."""

    def __init__(self, minor: str) -> None:
        self.minor = minor
        self.root = schema_root()
        self._builtin = self.root / "kubernetes" / f"v{minor}.0"
        self._crds = self.root / "crds"
        self._loaded: dict[Path, dict[str, Any]] = {}
        self._found: dict[tuple[str, str], Path | None] = {}

    @property
    def locations(self) -> list[str]:
        """kubeconform's -schema-location values, custom resources first for Gateway API's *.k8s.io group."""
        return [
            f"{self._crds}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
            f"{self.root}/kubernetes/{{{{.NormalizedKubernetesVersion}}}}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        ]

    def file(self, built: BuiltObject) -> Path | None:
        """The schema that kubeconform uses for an object."""
        key = (built.api_version, built.kind)
        if key not in self._found:
            self._found[key] = self._find(built)
        return self._found[key]

    def _find(self, built: BuiltObject) -> Path | None:
        kind, version = built.kind.lower(), built.api_version.rpartition("/")[2].lower()
        if not (_NAME.match(kind) and _NAME.match(version) and len(built.group) < _MAX_GROUP_LENGTH):
            return None
        custom = self._crds / built.group / f"{kind}_{version}.json"
        if built.group and custom.is_file():
            return custom
        if not _is_builtin_group(built.group) or built.group in self._groups:
            return None
        prefix = f"{built.group.partition('.')[0]}-" if built.group else ""
        builtin = self._builtin / f"{kind}-{prefix}{version}.json"
        return builtin if builtin.is_file() else None

    def load(self, file: Path) -> dict[str, Any]:
        """The content of a schema."""
        if file not in self._loaded:
            self._loaded[file] = json.loads(file.read_text(encoding="utf-8"))
        return self._loaded[file]

    def missing(self, built: BuiltObject) -> Missing:
        """Why an object has no schema, and what to use instead if that is known."""
        title = f"{built.kind} {built.api_version}"
        if not built.api_version and (served := self._served(built.kind)):
            return Missing(True, f"{built.kind} has no apiVersion, use {served}")
        unknown = Missing(False, f"no embedded schema for {title}")
        if built.group not in self._groups and not _is_builtin_group(built.group):
            return unknown
        versions = self._versions(built)
        if versions:
            why = self._removal_reason(built)
            return Missing(True, f"{title}: {why}, use {' or '.join(versions)}")
        where = f"Kubernetes {self.minor}" if _is_builtin_group(built.group) else f"group {built.group}"
        if _is_builtin_group(built.group) and (served := self._served(built.kind)):
            return Missing(True, f"{title}: {where} has no such kind, use {served}")
        near = closest(built.kind.lower(), self._kinds(built.group))
        if built.group in _SHARED_GROUPS and not near:
            return unknown
        hint = f"; did you mean '{self._as_written(built.group, near)}'?" if near else ""
        return Missing(True, f"{title}: {where} has no such kind{hint}")

    @cached_property
    def _groups(self) -> frozenset[str]:
        return frozenset(path.name for path in self._crds.iterdir() if path.is_dir())

    def _versions(self, built: BuiltObject) -> list[str]:
        """The embedded versions of the kind, most stable first."""
        kind = built.kind.lower()
        found: list[str] = []
        if not _NAME.match(kind):
            return found
        if built.group in self._groups:
            found = [
                path.stem.rpartition("_")[2] for path in (self._crds / built.group).glob(f"{kind}_*.json")
            ]
        else:
            prefix = f"{kind}-{built.group.partition('.')[0]}-" if built.group else f"{kind}-"
            stems = [path.stem.removeprefix(prefix) for path in self._builtin.glob(f"{prefix}*.json")]
            found = [stem for stem in stems if re.fullmatch(r"v\d+(?:(?:alpha|beta)\d+)?", stem)]
        return sorted(found, key=lambda version: (len(version), version))

    def _kinds(self, group: str) -> set[str]:
        if group in self._groups:
            return {path.stem.rpartition("_")[0] for path in (self._crds / group).glob("*.json")}
        return {path.stem.partition("-")[0] for path in self._builtin.glob("*.json")}

    def _served(self, kind: str) -> str:
        """The apiVersions that have the kind, whatever its group: ``apps/v1``; empty if there is none."""
        name = kind.lower()
        if not _NAME.match(name):
            return ""
        custom = self._crds.glob(f"*/{name}_*.json")
        found = {f"{file.parent.name}/{file.stem.rpartition('_')[2]}" for file in custom}
        for file in self._builtin.glob(f"{name}-*.json"):
            found.update(self._allowed(file, "apiVersion"))
        stable = {version for version in found if re.search(r"(^|/)v\d+$", version)}
        return " or ".join(sorted(stable or found))

    def _as_written(self, group: str, kind: str) -> str:
        """A kind in its own case; the names of the files have lower case."""
        is_custom = group in self._groups
        files = (
            (self._crds / group).glob(f"{kind}_*.json") if is_custom else self._builtin.glob(f"{kind}-*.json")
        )
        return next((name for file in files for name in self._allowed(file, "kind")), kind)

    def _allowed(self, file: Path, field: str) -> list[str]:
        return [str(value) for value in self.load(file)["properties"].get(field, {}).get("enum", ())]

    def _removal_reason(self, built: BuiltObject) -> str:
        for kind in (built.kind, ""):
            if (built.group, kind) in _REMOVALS:
                return _REMOVALS[built.group, kind]
        if _is_builtin_group(built.group) and built.group not in self._groups:
            return f"not served by Kubernetes {self.minor}"
        return "unknown version"


def choose_minor(wanted: str | None) -> str:
    """The Kubernetes minor version to validate against, by default the pinned one.

    Raises MeshwrightError if its schemas are not embedded.
    """
    asked = wanted or load_pins().kubernetes
    folder = schema_root() / "kubernetes"
    embedded = sorted(
        (path.name.removeprefix("v").removesuffix(".0") for path in folder.glob("v*.0")),
        key=lambda minor: [int(part) for part in minor.split(".")],
    )
    match = _MINOR.match(asked)
    if not match or match[1] not in embedded:
        raise MeshwrightError(
            f"Kubernetes {asked}: no embedded schemas for it; available: {', '.join(embedded) or 'none'}"
        )
    return match[1]


def _is_builtin_group(group: str) -> bool:
    # Other projects use *.k8s.io too: snapshot.storage.k8s.io, autoscaling.k8s.io, externaldns.k8s.io.
    return group in _BUILTIN_GROUPS
