"""Proposes a kustomization.yaml for a folder of manifests that has none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.apps.base.plain import PlainReader, read_documents
from meshwright.apps.kindscopes import can_be_moved, without_namespace
from meshwright.apps.model import Base
from meshwright.errors import MeshwrightError
from meshwright.manifests.inside import leads_out
from meshwright.manifests.kustomization import FILE_NAMES, misspelled, rename_fix
from meshwright.yaml import YamlFault, dump

_MAX_DEPTH = 4


@dataclass(frozen=True)
class Listing:
    """The text of the file, the base that it gives, and the names in the folder that it leaves out."""

    text: str
    base: Base
    resources: tuple[str, ...]
    left_out: tuple[str, ...]


def has_kustomization(folder: Path) -> bool:
    """Whether kustomize can build ``folder``."""
    return any((folder / name).is_file() for name in FILE_NAMES)


def propose_listing(root: Path, path: str, namespace: str, *, recurse: bool = True) -> Listing:
    """A kustomization of all manifests in the folder ``path``, and of its folders that have one.

    Of other folders it lists the manifests, as Flux does, unless not ``recurse``.

    It sets ``namespace`` if objects lack one and no object has another. Raises MeshwrightError if there are
    no manifests, if they cannot be read, or if a file is meant to be the kustomization.yaml.
    """
    if near := misspelled(entry.name for entry in (root / path).iterdir()):
        raise MeshwrightError(f"{path}: {rename_fix(path, near)}: kustomize does not read {near}")
    resources: list[str] = []
    left_out: list[str] = []
    _list(root, path, "", resources, left_out, recurse)
    if not resources:
        raise MeshwrightError(f"{path}: no kustomization.yaml and no manifests; {_instead(left_out)}")
    data: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    }
    base = _base(root, path, dump(data))
    if without_namespace(base.objects) and can_be_moved(base.objects, namespace):
        data = {**data, "namespace": namespace}
        base = _base(root, path, dump(data))
    return Listing(dump(data), base, tuple(resources), tuple(left_out))


def _list(
    root: Path, path: str, inner: str, resources: list[str], left_out: list[str], recurse: bool
) -> None:
    """Add what the folder ``inner`` of ``path`` holds, in the order of its names."""
    for entry in sorted((root / path / inner).iterdir()):
        name = f"{inner}{entry.name}"
        if leads_out(root, f"{path}/{name}") or entry.is_symlink():
            left_out.append(name)
        elif entry.is_dir() and has_kustomization(entry):
            resources.append(name)
        elif entry.is_dir() and recurse and name.count("/") < _MAX_DEPTH and not entry.name.startswith("."):
            _list(root, path, f"{name}/", resources, left_out, recurse)
        elif entry.is_dir():
            left_out.append(name)
        elif entry.suffix in (".yaml", ".yml") and name != "mesh.yaml":
            (resources if _is_manifest(root, f"{path}/{name}") else left_out).append(name)


def _instead(names: list[str]) -> str:
    """What to do with a folder of files for another tool."""
    for name in names:
        if name.startswith("helmfile"):
            return f"{name} is for helmfile, which no engine runs: add each release with --chart"
        if name.startswith(("docker-compose.", "compose.")):
            return f"{name} is for Docker Compose: convert it to manifests first"
    return "add them, or name a chart with --chart"


def _base(root: Path, path: str, text: str) -> Base:
    base = PlainReader(root, supposed={path: text}).read(path)
    if base is None:
        raise MeshwrightError(
            f"{path}: no kustomization.yaml, and none can be proposed, because an object appears twice or a "
            "folder needs kustomize; write the file first"
        )
    return base


def _is_manifest(root: Path, path: str) -> bool:
    """Whether each document is an object. Raises MeshwrightError if the file is not YAML."""
    try:
        documents = [document.data for document in read_documents(root, path)]
    except YamlFault as fault:
        raise MeshwrightError(f"{fault.position}: {fault.problem}") from None
    return bool(documents) and all(
        isinstance(data, dict) and data.get("apiVersion") and data.get("kind") for data in documents
    )
