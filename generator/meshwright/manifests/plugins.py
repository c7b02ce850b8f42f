"""The configurations of generators, transformers and validators, and the files that they reference.

Each configuration is an object whose kind is a builtin of kustomize; some builtins read files or run Helm.
Any other kind is an external program, which is never run. Only kinds in these tables are passed to kustomize.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from meshwright.manifests.canonical import GENERATOR, canonical
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inline import as_text, inline_objects
from meshwright.manifests.kustomization import (
    Expected,
    KustomizationIndex,
    Reference,
    generator_references,
    join,
    single,
)
from meshwright.manifests.remote import is_remote
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of

# The fields that a folder of configurations may have: any other would modify the configurations.
_LISTING_FIELDS = frozenset({"apiVersion", "kind", "metadata", "resources"})
_HELM = "HelmChartInflationGenerator"

# Kinds that read no file (sigs.k8s.io/kustomize/api v0.21.1, internal/plugins/builtinhelpers).
_WITHOUT_FILES = frozenset(
    {
        "AnnotationsTransformer",
        "HashTransformer",
        "IAMPolicyGenerator",
        "ImageTagTransformer",
        "LabelTransformer",
        "NamespaceTransformer",
        "PrefixSuffixTransformer",
        "PrefixTransformer",
        "ReplicaCountTransformer",
        "SuffixTransformer",
    }
)
# Kinds that read files, and their fields.
_WITH_FILES: Mapping[str, tuple[str, ...]] = {
    "ConfigMapGenerator": GENERATOR,
    "SecretGenerator": GENERATOR,
    "PatchTransformer": ("path", "patch", "target", "options"),
    "PatchJson6902Transformer": ("path", "jsonOp", "target"),
    "PatchStrategicMergeTransformer": ("paths", "patches"),
    "ReplacementTransformer": ("replacements",),
    "ValueAddTransformer": ("value", "targets", "targetFilePath"),
}


def is_helm(config: Mapping[str, Any]) -> bool:
    """Whether a configuration renders a chart."""
    return _is_builtin(config) and config.get("kind") == _HELM


def problem_of(config: Any) -> str:
    """Why a configuration is not passed to kustomize; empty if it is."""
    if not isinstance(config, Mapping):
        return "it is not an object"
    kind = str(config.get("kind") or "")
    if not _is_builtin(config):
        return f"{kind or 'it'} is an external program, and programs of a repository are never run"
    if kind not in _WITHOUT_FILES and kind not in _WITH_FILES:
        return f"kustomize has no builtin {kind}"
    _, spelling = canonical(config, _WITH_FILES.get(kind, ()))
    return f"it contains '{spelling.doubled[0][1]}' twice" if spelling.doubled else ""


def references_in(config: Mapping[str, Any]) -> Iterator[Reference]:
    """Every file that a configuration references, at its pointer in the result of ``tidy``."""
    kind, data = str(config.get("kind") or ""), tidy(config)
    if kind in ("ConfigMapGenerator", "SecretGenerator"):
        yield from generator_references((), data)
    elif kind == "PatchStrategicMergeTransformer":
        for number, entry in enumerate(items_of(data.get("paths"))):
            if isinstance(entry, str) and inline_objects(entry) is None:
                yield Reference(("paths", number), entry, Expected.FILE)
    elif kind == "ReplacementTransformer":
        for number, item in enumerate(items_of(data.get("replacements"))):
            yield from single(("replacements", number, "path"), item)
    elif kind == "ValueAddTransformer":
        yield from single(("targetFilePath",), data)
    elif kind in _WITH_FILES:
        yield from single(("path",), data)


def tidy(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with its fields in canonical spelling."""
    return canonical(config, _WITH_FILES.get(str(config.get("kind") or ""), ()))[0]


def moved(config: Mapping[str, Any], seen_from: Callable[[str], str]) -> dict[str, Any]:
    """A configuration moved to another folder; ``seen_from`` converts the paths that it references."""
    data = copy.deepcopy(tidy(config))
    for reference in references_in(config):
        reference.replace_in(data, seen_from(reference.entry))
    if "paths" in data:
        data["paths"] = [spelled(entry) for entry in items_of(data["paths"])]
    return data


def spelled(entry: Any) -> Any:
    """An entry with inline objects, rewritten so that it cannot be read as a path."""
    objects = inline_objects(entry) if isinstance(entry, str) else None
    return entry if objects is None else as_text(objects)


class ModifiedConfiguration(Exception):
    """A folder of configurations whose kustomization modifies them; the message names it."""


def configuration_files(path: str, files: RepositoryFiles, index: KustomizationIndex) -> list[str]:
    """The files with the configurations in a file or folder. Raises ModifiedConfiguration."""
    found: list[str] = []
    pending, seen = [path], {path}
    while pending:
        following = pending.pop()
        own = index.get(following)
        if own is None or files.is_file(following):
            found.append(following)
            continue
        if not _LISTING_FIELDS.issuperset(own.data):
            raise ModifiedConfiguration(f"'{following}' modifies the objects that it lists")
        entries = [join(following, str(entry)) for entry in items_of(own.data.get("resources"))]
        pending += [entry for entry in entries if entry not in seen]
        seen.update(entries)
    return found


def configurations(folder: str, entry: Any, files: RepositoryFiles, index: KustomizationIndex) -> list[Any]:
    """The configurations in an entry of a plugin field in ``folder``, as far as they can be read."""
    if not isinstance(entry, str) or is_remote(entry):
        return []
    objects = inline_objects(entry)
    if objects is not None:
        return list(objects)
    path = join(folder, entry)
    try:
        paths = [] if files.withheld(path) else configuration_files(path, files, index)
        paths = [path for path in paths if not files.withheld(path) and files.is_file(path)]
        return [document.data for path in paths for document in files.documents(path)]
    except (ModifiedConfiguration, YamlFault):
        return []


def _is_builtin(config: Mapping[str, Any]) -> bool:
    return config.get("apiVersion") == "builtin"
