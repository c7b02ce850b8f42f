"""The parameters of cluster generators: clusters whose Secrets are in the repository, and Argo CD's own.

source: argo-cd v3.5.3, applicationset/generators/cluster.go: without a selector, Argo CD's own cluster is one
of them; with one, only clusters with a Secret are.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from meshwright.argocd.unknownclusters import LOCAL, Labels, marked_in, unknown
from meshwright.labelselector import matches
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.manifestfile import named_documents
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import mapping_of

_TYPE = "argocd.argoproj.io/secret-type"
_LOCAL_SERVER = "https://kubernetes.default.svc"


class ClusterParameters:
    """Determines the clusters that cluster generators select."""

    def __init__(self, files: RepositoryFiles) -> None:
        self._files = files

    def sets(self, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """A set for each cluster; one with unknown parameters if no known cluster is selected."""
        selector = mapping_of(data.get("selector"))
        is_all = not selector.get("matchLabels") and not selector.get("matchExpressions")
        found = [
            (name, server, metadata)
            for name, server, metadata in self._known
            if is_all or matches(selector, mapping_of(metadata.get("labels")))
        ]
        if is_all and not any(server == _LOCAL_SERVER for _, server, _ in found):
            # Its name is "in-cluster" unless a Secret outside of the repository gives it another.
            found.append((unknown(LOCAL), _LOCAL_SERVER, {}))
        if not found:
            given = {str(key): str(value) for key, value in mapping_of(selector.get("matchLabels")).items()}
            found.append((unknown("name"), unknown("server"), {"labels": given}))
        for name, server, metadata in found:
            is_known = not marked_in(name)
            plain = re.sub(r"[^a-z0-9.-]", "-", name.lower()) if is_known else name
            labels, annotations = (
                {str(key): str(value) for key, value in mapping_of(metadata.get(part)).items()}
                for part in ("labels", "annotations")
            )
            shown = {
                "labels": labels if is_known else Labels("metadata.labels", labels),
                "annotations": annotations if is_known else Labels("metadata.annotations", annotations),
            }
            yield {"name": name, "nameNormalized": plain, "server": server, "project": "", "metadata": shown}

    @cached_property
    def _known(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Name, server and metadata of each cluster Secret."""
        found: list[tuple[str, str, Mapping[str, Any]]] = []
        for path in self._files.yaml_paths():
            try:
                text = self._files.text(path)
            except YamlFault:
                continue
            if _TYPE not in text:
                continue
            for _, _, data in named_documents(self._files, path):
                metadata = mapping_of(data.get("metadata"))
                if (
                    data.get("kind") == "Secret"
                    and mapping_of(metadata.get("labels")).get(_TYPE) == "cluster"
                ):
                    name = _value(data, "name") or unknown("name")
                    found.append((name, _value(data, "server") or unknown("server"), metadata))
        return found


def _value(data: Mapping[str, Any], key: str) -> str:
    """A value of a Secret; empty if it is encrypted or not set."""
    plain = mapping_of(data.get("stringData")).get(key)
    if plain is None:
        try:
            encoded = str(mapping_of(data.get("data")).get(key) or "")
            plain = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            return ""
    return "" if str(plain).startswith("ENC[") else str(plain)
