"""What an application needs from the engine: decryption, variables in names, a namespace that it may use."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meshwright.apps.base.plain import read_documents
from meshwright.apps.existing import wirings_folder
from meshwright.apps.model import Base
from meshwright.manifests.inside import leads_out, read_inside
from meshwright.manifests.kustomization import FILE_NAMES
from meshwright.yaml import YamlFault, parse
from meshwright.yaml.pointer import items_of, mapping_of

# Without a default value, as in ${APP} but not in ${SIZE:-1Gi}.
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LISTS = ("files", "envs")


def encrypted_input(root: Path, path: str) -> str:
    """A file of a secretGenerator in the folder ``path`` that SOPS encrypted; empty if there is none.

    A configMapGenerator's files are not decrypted by Flux, so they do not count.
    """
    for name in FILE_NAMES:
        try:
            documents = read_documents(root, f"{path}/{name}")
        except (YamlFault, OSError):
            continue
        data = mapping_of(documents[0].data) if documents else {}
        for entry in items_of(data.get("secretGenerator")):
            for file in _files(mapping_of(entry)):
                place = posixpath.normpath(posixpath.join(path, file))
                if not leads_out(root, place) and _is_encrypted(root, place):
                    return place
    return ""


def _files(entry: Any) -> Iterator[str]:
    for field in _LISTS:
        for listed in items_of(entry.get(field)):
            yield str(listed).rpartition("=")[2]
    if entry.get("env"):
        yield str(entry["env"])


def _is_encrypted(root: Path, path: str) -> bool:
    try:
        text = read_inside(root, path).decode("utf-8")
        if "\nsops_mac=" in text:
            return True
        return "sops" in text and "mac" in mapping_of(mapping_of(parse(text)).get("sops"))
    except (OSError, ValueError, YamlFault):
        return False


def unreplaced(base: Base, engine: str, replaces: bool) -> Iterator[str]:
    """A step for variables in names that nothing replaces, which the API server refuses."""
    found: dict[str, str] = {}
    for item in base.objects:
        for name in _VARIABLE.findall(f"{item.name} {item.namespace}"):
            found.setdefault(name, f"{item.kind} '{item.name}' ({item.origin.position})")
    if not found or replaces:
        return
    first = next(iter(found))
    if engine == "flux":
        values = ", ".join(f"{name}: VALUE" for name in found)
        yield f"set `postBuild: {{substitute: {{{values}}}}}` in mesh.yaml, for {found[first]}"
    else:
        yield f"write the value of ${{{first}}} into {found[first]}, because Argo CD replaces no variables"


def barred(root: Path, cluster: str, namespace: str) -> Iterator[str]:
    """A step for a namespace that Argo CD's project of all applications excludes."""
    path = f"{wirings_folder(cluster)}/_project.yaml"
    try:
        documents = read_documents(root, path)
    except (YamlFault, OSError):
        return
    for document in documents:
        for number, entry in enumerate(
            items_of(mapping_of(mapping_of(document.data).get("spec")).get("destinations"))
        ):
            if mapping_of(entry).get("namespace") == f"!{namespace}":
                at = document.position(("spec", "destinations", number, "namespace"))
                yield (
                    f"remove the destination '!{namespace}' from AppProject apps ({at}), which keeps "
                    "applications out of that namespace of the platform, or use another namespace"
                )
