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


def propose_listing(root: Path, path: str, namespace: str) -> Listing:
    """A kustomization of all manifests in the folder ``path``, and of its folders that have one.

    It sets ``namespace`` if objects lack one and no object has another. Raises MeshwrightError if there are
    no manifests, if they cannot be read, or if a file is meant to be the kustomization.yaml.
    """
    if near := misspelled(entry.name for entry in (root / path).iterdir()):
        raise MeshwrightError(f"{path}: {rename_fix(path, near)}: kustomize does not read {near}")
    resources: list[str] = []
    left_out: list[str] = []
    for entry in sorted((root / path).iterdir()):
        name = f"{path}/{entry.name}"
        if leads_out(root, name) or entry.is_symlink():
            left_out.append(entry.name)
        elif entry.is_dir():
            (resources if has_kustomization(entry) else left_out).append(entry.name)
        elif entry.suffix in (".yaml", ".yml") and entry.name != "mesh.yaml":
            (resources if _is_manifest(root, name) else left_out).append(entry.name)
    if not resources:
        raise MeshwrightError(
            f"{path}: no kustomization.yaml and no manifests; add them, or name a chart with --chart"
        )
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
