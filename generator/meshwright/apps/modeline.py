"""The comment in which an editor finds the JSON Schema of a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from meshwright.resources import schema_root

START = "# yaml-language-server: $schema="
_KUSTOMIZATION = "https://json.schemastore.org/kustomization.json"
_PUBLISHED = "https://raw.githubusercontent.com/meshwright/meshwright/main/schema"


def modeline(documents: Sequence[Mapping[str, Any]]) -> str:
    """The line for a file of these documents, with its line feed; empty when the file has no schema.

    An editor may use one schema for the whole file, so a file of several kinds has none. Neither have
    built-in kinds: their schemas are kept for supported Kubernetes versions only.
    """
    kinds = {(str(document.get("apiVersion")), str(document.get("kind"))) for document in documents}
    url = _schema(*kinds.pop()) if len(kinds) == 1 else ""
    return f"{START}{url}\n" if url else ""


@cache
def _schema(api_version: str, kind: str) -> str:
    group, _, version = api_version.rpartition("/")
    if group == "kustomize.config.k8s.io":
        return _KUSTOMIZATION
    path = f"crds/{group}/{kind.lower()}_{version}.json"
    return f"{_PUBLISHED}/{path}" if group and (schema_root() / path).is_file() else ""
