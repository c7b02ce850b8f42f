"""A kustomization file: its content, and every file or folder that it references."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.canonical import Spelling, canonical
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inline import inline_objects
from meshwright.words import closest
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import Pointer, items_of

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# Reaches kustomisation.yaml and kustomization.yaml.txt, but not kustomization-apps.yaml.
_MISSPELLED = 0.89

# The fields of kustomize 5.8 (sigs.k8s.io/kustomize/api/types, type Kustomization).
FIELDS = (
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
)

# Their entries are objects that configure a kustomize plugin, inline or in a file or folder.
PLUGIN_FIELDS = ("generators", "transformers", "validators")

_WITHOUT_CONTENT = frozenset({"apiVersion", "kind"})
_HELM = ("helmCharts", "helmChartInflationGenerator")


class Expected(StrEnum):
    """What an entry may refer to."""

    RESOURCE = "resource"  # a manifest, or a folder with a kustomization
    COMPONENT = "component"  # a folder with a kustomization of kind Component
    FILE = "file"


def misspelled(names: Iterable[str]) -> str:
    """The name among those of a folder that is meant to be kustomization.yaml; empty if there is none."""
    found = closest(FILE_NAMES[0], names, _MISSPELLED)
    return found if found and found not in FILE_NAMES else ""


def rename_fix(folder: str, name: str) -> str:
    """How to give a misspelled kustomization.yaml its name."""
    return f"rename it: git mv {join(folder, name)} {join(folder, FILE_NAMES[0])}"


@dataclass(frozen=True)
class Reference:
    """One entry that refers to a file or folder, as written at ``pointer``."""

    pointer: Pointer
    entry: str
    expected: Expected
    # Text before the path, such as "values.yaml=" in a generator's files.
    prefix: str = ""

    @property
    def field(self) -> str:
        """The kustomization field that contains the entry."""
        return str(self.pointer[0])

    def replace_in(self, data: Any, path: str) -> None:
        """Replace the entry's path with ``path`` in ``data``, which has the same structure."""
        prefix = self.prefix
        if not prefix and "files" in self.pointer[:-1]:
            # Without an explicit key, the file name is the key.
            prefix = f"{posixpath.basename(self.entry)}="
        for step in self.pointer[:-1]:
            data = data[step]
        data[self.pointer[-1]] = prefix + path


class KustomizationFile:
    """A parsed kustomization file; ``data`` is empty if the file is not a YAML mapping.

    ``data`` uses the canonical spelling of each field; ``position`` maps it to the file's spelling.
    """

    def __init__(self, files: RepositoryFiles, path: str) -> None:
        self.path = path
        self.folder = posixpath.dirname(path) or "."
        self.fault: YamlFault | None = None
        self._document: Document | None = None
        self.data: dict[str, Any] = {}
        self.spelling = Spelling()
        try:
            documents = files.documents(path)
        except YamlFault as fault:
            self.fault = fault
            return
        if documents:
            self._document = documents[0]
            if isinstance(self._document.data, dict):
                self.data, self.spelling = canonical(self._document.data, FIELDS)
            else:
                self.fault = YamlFault(self.position(), "a kustomization must be a YAML mapping")

    @property
    def is_component(self) -> bool:
        """Whether it is a Component, which cannot be built on its own."""
        return self.data.get("kind") == "Component"

    @property
    def is_empty(self) -> bool:
        """Whether it is empty, which kustomize refuses and Flux builds to nothing."""
        return not self.fault and not any(
            value for key, value in self.data.items() if key not in _WITHOUT_CONTENT
        )

    def position(self, pointer: Pointer = (), *, key: bool = False) -> Position:
        """The position of ``pointer`` in the file."""
        if self._document is None:
            return Position(self.path)
        return self._document.position(self.spelling.original(pointer), key=key)

    @property
    def helm_field(self) -> str | None:
        """The field that renders a Helm chart, which needs Helm and usually the network."""
        return next((name for name in _HELM if self.data.get(name)), None)

    @property
    def unknown_fields(self) -> list[str]:
        """Top-level fields that are not kustomize fields."""
        return [str(key) for key in self.data if key not in FIELDS]

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every entry that refers to a file or folder, in file order."""
        return tuple(references_of(self.data))


class KustomizationIndex:
    """Every kustomization file of a repository, by its folder."""

    def __init__(self, files: RepositoryFiles) -> None:
        self._files = files
        self._found: dict[str, list[str]] = {}
        for path in files.paths:
            folder, _, name = path.rpartition("/")
            if name in FILE_NAMES:
                self._found.setdefault(folder or ".", []).append(path)
        self._parsed: dict[str, KustomizationFile] = {}

    def __contains__(self, folder: str) -> bool:
        return folder in self._found

    @property
    def folders(self) -> list[str]:
        """Folders with a kustomization file, sorted."""
        return sorted(self._found)

    def paths(self, folder: str) -> list[str]:
        """The kustomization files of ``folder``; kustomize refuses more than one."""
        return self._found.get(folder, [])

    def get(self, folder: str) -> KustomizationFile | None:
        """The kustomization of ``folder``, if it has one."""
        paths = self._found.get(folder)
        if not paths:
            return None
        if folder not in self._parsed:
            # Flux uses the first one in this order; kustomize refuses a second one.
            first = min(paths, key=lambda path: FILE_NAMES.index(posixpath.basename(path)))
            self._parsed[folder] = KustomizationFile(self._files, first)
        return self._parsed[folder]


def references_of(data: Mapping[str, Any]) -> Iterator[Reference]:
    """Every entry of a kustomization that refers to a file or folder, without inline objects."""
    for field in ("resources", "bases"):
        yield from _entries(data, field, Expected.RESOURCE)
    yield from _entries(data, "components", Expected.COMPONENT)
    for field in ("crds", "configurations"):
        yield from _entries(data, field, Expected.FILE)
    for field in PLUGIN_FIELDS:
        yield from _entries(data, field, Expected.RESOURCE, may_be_inline=True)
    yield from _entries(data, "patchesStrategicMerge", Expected.FILE, may_be_inline=True)
    for field in ("patches", "patchesJson6902", "replacements"):
        for index, item in enumerate(items_of(data.get(field))):
            yield from single((field, index, "path"), item)
    yield from single(("openapi", "path"), data.get("openapi"))
    for field in ("configMapGenerator", "secretGenerator"):
        for index, item in enumerate(items_of(data.get(field))):
            if isinstance(item, dict):
                yield from generator_references((field, index), item)


def _entries(
    data: Mapping[str, Any], field: str, expected: Expected, *, may_be_inline: bool = False
) -> Iterator[Reference]:
    for index, entry in enumerate(items_of(data.get(field))):
        if isinstance(entry, str) and not (may_be_inline and inline_objects(entry) is not None):
            yield Reference((field, index), entry, expected)


def single(pointer: Pointer, item: Any) -> Iterator[Reference]:
    """The file reference in ``item`` under the last key of ``pointer``, if there is one."""
    entry = item.get(pointer[-1]) if isinstance(item, dict) else None
    if isinstance(entry, str) and entry:
        yield Reference(pointer, entry, Expected.FILE)


def generator_references(pointer: Pointer, item: Mapping[str, Any]) -> Iterator[Reference]:
    """The files that an entry of configMapGenerator or secretGenerator reads."""
    for number, entry in enumerate(items_of(item.get("files"))):
        if isinstance(entry, str):
            key, equals, path = entry.rpartition("=")
            yield Reference((*pointer, "files", number), path, Expected.FILE, key + equals)
    for number, entry in enumerate(items_of(item.get("envs"))):
        if isinstance(entry, str):
            yield Reference((*pointer, "envs", number), entry, Expected.FILE)
    yield from single((*pointer, "env"), item)


def join(folder: str, entry: str) -> str:
    """Resolve ``entry`` against ``folder`` to a repository path, which may start with ".."."""
    return posixpath.normpath(posixpath.join(folder, entry))


def hashes_names(options: Any) -> bool:
    """Whether generator options keep the hash that kustomize adds to generated names."""
    return not (isinstance(options, dict) and options.get("disableNameSuffixHash"))
