"""Checks the manifest files of a build for invalid YAML and for documents that are not Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import Document, YamlFault


def manifest_findings(
    files: RepositoryFiles, path: str, why_read: str = "", fix: str = ""
) -> Iterator[Finding]:
    """Every fault for which kustomize refuses ``path``.

    ``why_read`` and ``fix`` are added to the finding for a file that is not a manifest.
    """
    try:
        documents = files.documents(path)
    except YamlFault as fault:
        yield yaml_finding(fault)
        return
    for document in documents:
        if problem := _problem(document.data):
            text = f"not a Kubernetes manifest: {problem}"
            yield Finding(
                "build/not-a-manifest",
                document.position(),
                f"{text}; {why_read}" if why_read else text,
                fix or "give it apiVersion, kind and metadata.name, or remove it from the list",
            )


def yaml_finding(fault: YamlFault, id: str = "build/yaml", subject: str = "") -> Finding:
    """A finding about a file that is not YAML."""
    return Finding(id, fault.position, fault.problem, fault.fix, subject)


def _problem(data: Any) -> str | None:
    if not isinstance(data, dict):
        return "it is not a mapping"
    missing = [name for name in ("apiVersion", "kind") if not data.get(name)]
    if missing:
        return f"it has no {' and no '.join(missing)}"
    if str(data["kind"]).endswith("List") and isinstance(data.get("items"), list):
        return None
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or not (metadata.get("name") or metadata.get("generateName")):
        return "it has no metadata.name"
    return None


def named_documents(
    files: RepositoryFiles, path: str
) -> Iterator[tuple[Document, tuple[str | int, ...], Any]]:
    """Every object of a file with the pointer to it; items of a List count as objects."""
    try:
        documents = files.documents(path)
    except YamlFault:
        return
    for document in documents:
        data = document.data
        if not isinstance(data, dict):
            continue
        items = data.get("items")
        if str(data.get("kind", "")).endswith("List") and isinstance(items, list):
            for index, item in enumerate(items):
                if isinstance(item, dict):
                    yield document, ("items", index), item
        else:
            yield document, (), data


def object_name(data: Any) -> str:
    """metadata.name of an object; empty if it has none."""
    metadata = data.get("metadata") if isinstance(data, dict) else None
    return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""


def has_generated_names(files: RepositoryFiles, path: str) -> bool:
    """Whether an object of a file leaves its name to the API server, which kustomize does not allow."""
    return any(not object_name(data) for _, _, data in named_documents(files, path))
