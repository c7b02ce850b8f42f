"""Reads every apps/<app>/mesh.yaml, and checks YAML, schema, name and the faults within one file."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from meshwright.apps.model import App, RepositorySettings
from meshwright.apps.names import name_problem
from meshwright.apps.overrides import CLUSTERS, OVERRIDES, for_cluster
from meshwright.apps.speccheck import spec_findings
from meshwright.apps.specreader import read_spec
from meshwright.errors import CannotRun, Position
from meshwright.faults import contained
from meshwright.finding import Finding
from meshwright.manifests.inside import leads_out, list_inside
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.reading import open_regular
from meshwright.resources import schema_root
from meshwright.schemaproblems import Problem, problems
from meshwright.words import did_you_mean
from meshwright.yaml import Document, YamlFault, load_documents
from meshwright.yaml.pointer import dotted, scalars

FOLDER = "apps"
SPEC = "mesh.yaml"
_MAX_BYTES = 1024 * 1024


@dataclass
class LoadedApps:
    """The applications of each cluster by name, and every finding.

    An application that cannot be read is left out. ``names`` are those of all applications.
    """

    on: dict[str, dict[str, App]]
    findings: list[Finding] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The applications of any cluster."""
        return {name for apps in self.on.values() for name in apps}

    @property
    def base_paths(self) -> list[str]:
        """The folders with manifests of any application, each once."""
        return list(dict.fromkeys(app.base_path for apps in self.on.values() for app in apps.values()))


def load_apps(root: Path, clusters: Sequence[RepositorySettings]) -> LoadedApps:
    """Every application on the clusters on which its mesh.yaml puts it."""
    loaded = LoadedApps({settings.cluster: {} for settings in clusters})
    layers = frozenset[str]().union(*(settings.layers for settings in clusters))
    for name in _folders(root):
        path = f"{FOLDER}/{name}/{SPEC}"
        if problem := _folder_problem(root, name, layers):
            text, fix = f"application '{name}': {problem}", f"rename it: git mv {FOLDER}/{name} {FOLDER}/NAME"
            loaded.findings.append(Finding("mesh/name", Position(path), text, fix))
            continue
        with contained(loaded.findings, f"reading {path}", Position(path)):
            _load_app(root, name, loaded, clusters[0].engine if clusters else "")
    return loaded


def _load_app(root: Path, name: str, loaded: LoadedApps, engine: str) -> None:
    path = f"{FOLDER}/{name}/{SPEC}"
    try:
        document = _document(root / path, path)
    except YamlFault as fault:
        loaded.findings.append(yaml_finding(fault, "mesh/yaml"))
        return
    faults = [document] if isinstance(document, Finding) else _faults(document)
    if isinstance(document, Finding) or faults:
        loaded.findings += faults
        return
    loaded.findings += _cluster_findings(document, loaded.on)
    shared: App | None = None
    for cluster in document.data.get(CLUSTERS, loaded.on):
        if cluster not in loaded.on:
            continue
        applying = for_cluster(document, cluster)
        if applying is document and shared is not None:
            app = replace(shared, cluster=cluster)
        elif applying is not document and (faults := _faults(applying)):
            loaded.findings += faults
            continue
        else:
            app = App(name, cluster, read_spec(applying.data), applying)
            loaded.findings += spec_findings(root, app, engine)
        if applying is document:
            shared = app
        loaded.on[cluster][name] = app


def _faults(document: Document) -> list[Finding]:
    """Everything that makes a document unreadable as a spec."""
    data = document.data
    if not _is_valid(data):
        return list(_schema_findings(document))
    text = "must not contain a line break"
    return [
        Finding("mesh/value", document.position(at), f"field '{dotted(at)}' {text}", "write it in one line")
        for at, value in scalars(_without_patches(data))
        if "\n" in str(value)
    ]


_CLUSTERS = "`meshwright cluster list` shows the names"


def _cluster_findings(document: Document, clusters: Collection[str]) -> Iterator[Finding]:
    """Names under clusters and overrides that are not clusters, or not those of this application."""
    chosen = document.data.get(CLUSTERS)
    for number, name in enumerate(chosen or ()):
        if name not in clusters:
            text = f"clusters names '{name}', which is not a cluster of this repository"
            at = document.position((CLUSTERS, number))
            hint = did_you_mean(name, clusters)
            yield Finding("mesh/cluster", at, text + hint, "" if hint else _CLUSTERS)
    for name in document.data.get(OVERRIDES, ()):
        at = document.position((OVERRIDES, name), key=True)
        if name not in clusters:
            text = f"overrides names '{name}', which is not a cluster of this repository"
            hint = did_you_mean(name, clusters)
            yield Finding("mesh/cluster", at, text + hint, "" if hint else _CLUSTERS)
        elif chosen is not None and name not in chosen:
            text = f"overrides for '{name}' have no effect, because clusters does not name it"
            yield Finding("mesh/cluster", at, text, f"add '{name}' to clusters, or remove its overrides")


def _without_patches(data: dict[str, Any]) -> dict[str, Any]:
    """The fields whose strings may not have several lines; overrides are looked at when they are merged."""
    free = ("patches", "postBuild", "healthCheckExprs", "wiring", OVERRIDES)
    return {key: value for key, value in data.items() if key not in free}


def _folders(root: Path) -> list[str]:
    if leads_out(root, FOLDER):
        # An empty list would remove the output of every application.
        raise CannotRun(
            f"{root / FOLDER}: a symbolic link, which neither Flux nor Argo CD follows; "
            "replace it with the folder"
        )
    try:
        entries = list_inside(root, FOLDER)
    except OSError:
        return []
    return [entry.name for entry in entries if os.path.lexists(f"{entry.path}/{SPEC}")]


def _folder_problem(root: Path, name: str, layers: Collection[str]) -> str | None:
    folder = root / FOLDER / name
    if folder.is_symlink() or (folder / SPEC).is_symlink():
        return "it is a symbolic link, which neither engine follows"
    return name_problem(name, layers)


_PROPOSE = "remove the file, and let `meshwright app add` propose one"


def _document(file: Path, path: str) -> Document | Finding:
    try:
        with open_regular(file, _MAX_BYTES) as content:
            text = content.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Finding("mesh/yaml", Position(path), f"not UTF-8 text (byte {error.object[error.start]:#04x})")
    except OSError as error:
        if error.errno == errno.EFBIG:
            return Finding("mesh/yaml", Position(path), "larger than 1 MiB, the limit for a spec")
        return Finding("mesh/yaml", Position(path), f"cannot be read: {error.strerror}")
    documents = load_documents(text, path)
    if not documents:
        return Finding("mesh/yaml", Position(path, 1, 1), "it is empty", _PROPOSE)
    if len(documents) > 1:
        return Finding(
            "mesh/yaml",
            documents[1].position(),
            "a second document; a file must contain one spec",
            "move it to the mesh.yaml of another application, or remove it",
        )
    if not isinstance(documents[0].data, dict):
        return Finding("mesh/yaml", documents[0].position(), "it is not a mapping", _PROPOSE)
    return documents[0]


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((schema_root() / "mesh.schema.json").read_text(encoding="utf-8"))
    return schema


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(_schema())


def _is_valid(data: dict[str, Any]) -> bool:
    """Whether the schema accepts a spec: field by field, because many specs share values."""
    schema = _schema()
    if not set(schema["required"]) <= data.keys() <= schema["properties"].keys():
        return False
    return all(_is_valid_field(name, value) for name, value in data.items())


def _is_valid_field(name: str, value: Any) -> bool:
    if isinstance(value, dict | list):
        return bool(_field_validator(name).is_valid(value))
    return _is_valid_scalar(name, value)


# Typed, because 1 is not true.
@lru_cache(maxsize=4096, typed=True)
def _is_valid_scalar(name: str, value: Any) -> bool:
    return bool(_field_validator(name).is_valid(value))


@cache
def _field_validator(name: str) -> Any:
    return _validator().evolve(schema=_schema()["properties"][name])


def _schema_findings(document: Document) -> Iterator[Finding]:
    version = document.data.get("schema_version")
    if isinstance(version, int) and not isinstance(version, bool) and version > 1:
        at = document.position(("schema_version",))
        text = f"schema_version is {version}, but this Meshwright supports only 1"
        yield Finding(
            "mesh/version", at, text, "install the Meshwright version that wrote it, or a newer one"
        )
        return
    for problem in problems(_schema(), document.data):
        yield _finding(document, problem)


def _finding(document: Document, problem: Problem) -> Finding:
    at = document.position(problem.pointer, key=problem.code == "unknown")
    if problem.code == "unknown":
        fix = problem.fix
        if str(problem.pointer[-1]).partition("/")[0].endswith("linkerd.io"):
            fix = "set the annotation on the workload's pods, or use the field that sets it, such as inject"
        return Finding("mesh/unknown", at, f"unknown field '{problem.text}'{problem.hint}", fix)
    return Finding(f"mesh/{problem.code}", at, f"field {problem.text}", problem.fix)
