"""A rule's cases without kustomize: the files of a case are what the cluster gets, as they are written.

What lies in the folder of a Kustomization or Application is what that one applies; the rest is applied by
one more root, as if a person did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meshwright.argocd.application import Application, is_kind
from meshwright.argocd.chartsources import Release
from meshwright.argocd.sources import OwnRepository
from meshwright.argocd.values import ValuesReader
from meshwright.check.model.index import Model
from meshwright.check.model.releases import read_releases
from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.check.rules.registry import rules_by_name
from meshwright.check.rules.runner import run_rules
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.flux.kustomization import FluxKustomization, is_kustomization
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.sops import without_sops
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import parse_all

CASES = Path(__file__).parents[1] / "rules" / "cases"


@dataclass(frozen=True)
class Case:
    """Files by path, and the lines that one rule says about them. ``engine`` syncs them.

    ``family`` is the name of the file that the case stands in.
    """

    rule: str
    name: str
    files: dict[str, str]
    expect: tuple[str, ...]
    engine: RootKind
    kubernetes: str = "1.36"
    family: str = ""


class TextFiles(RepositoryFiles):
    """Files that are nowhere on disk."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__(Path("/nonexistent"))
        self.paths = tuple(sorted(texts))
        self._files = frozenset(self.paths)
        self._texts = dict(texts)

    def is_file(self, path: str) -> bool:
        return path in self._files

    def raw(self, path: str, limit: int | None = None) -> bytes | None:
        content = self.text(path).encode()
        return content if limit is None or len(content) <= limit else None

    def is_folder(self, path: str) -> bool:
        return any(file.startswith(f"{path}/") for file in self.paths)


def load_cases() -> list[Case]:
    """Every case of every rule, by rule, from cases/<family>.yaml: one document per rule."""
    found = []
    for file in sorted(CASES.glob("*.yaml")):
        # No file of this repository looks as if it held a key.
        text = file.read_text(encoding="utf-8").replace("{PRIVATE}", "PRIVATE")
        for document in parse_all(text, file.name):
            for rule, entries in document.items():
                found += [_case(file.stem, rule, entry) for entry in entries]
    return sorted(found, key=lambda case: case.rule)


def _case(family: str, rule: str, entry: dict[str, Any]) -> Case:
    return Case(
        family=family,
        rule=rule,
        name=entry["name"],
        files=entry["files"],
        expect=tuple(entry["expect"]),
        engine=RootKind(entry.get("engine", "flux")),
        kubernetes=entry.get("kubernetes", "1.36"),
    )


def found_in(case: Case) -> list[str]:
    """What the rule of a case says of it, as its file has it."""
    found = run_rules(model_of(case), [rules_by_name()[case.rule]])
    return [f"{item.position}: {item.message}" for item in found if isinstance(item, Finding)]


def model_of(case: Case) -> Model:
    """The model of a case; its files are taken as they are, without kustomize."""
    files = TextFiles(case.files)
    repository = Repository(files, KustomizationIndex(files))
    objects: dict[str, list[BuiltObject]] = {}
    for path in files.yaml_paths():
        for document in files.documents(path):
            if _is_manifest(document.data):
                objects.setdefault(path, []).append(without_sops(BuiltObject(document.data, Origin(path))))
    everything = [built for found in objects.values() for built in found]
    for built in everything:
        cluster = _cluster_of(built.origin.path or "")
        if is_kustomization(built.data):
            entry = FluxKustomization(built, files)
            inside = _below(objects, entry.path)
            repository.roots.append(
                Root(
                    RootKind.FLUX,
                    entry.path,
                    entry.name,
                    entry.place(cluster),
                    entry.path_position,
                    True,
                    inside,
                    True,
                    entry,
                    home=cluster,
                )
            )
        elif is_kind(built.data, "Application"):
            application = Application(built, files)
            _read_charts(repository, application, cluster)
            for source in application.sources:
                inside = _below(objects, source.path) if source.has_path and not source.chart else ()
                if inside:
                    root = Root(
                        RootKind.ARGOCD, source.path, application.name, cluster, source.position, True, inside
                    )
                    repository.roots.append(replace(root, application=application))
    applied = {id(built) for root in repository.roots for built in root.objects}
    rest: dict[str, list[BuiltObject]] = {}
    for built in everything:
        if id(built) not in applied:
            rest.setdefault(_cluster_of(built.origin.path or ""), []).append(built)
    position = Position(next(iter(case.files)))
    for cluster, found in rest.items():
        path = cluster or "."
        repository.roots.append(
            Root(case.engine, path, cluster or "all", cluster, position, True, tuple(found))
        )
    return Model(repository, read_releases(repository), case.kubernetes)


def _cluster_of(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "clusters" and len(parts) > 2 else ""


def _below(objects: dict[str, list[BuiltObject]], folder: str) -> tuple[BuiltObject, ...]:
    return tuple(built for path, found in objects.items() if path.startswith(f"{folder}/") for built in found)


class _NoOther(OwnRepository):
    """No source of an Application is this repository."""

    def __init__(self) -> None:
        pass

    def __contains__(self, _: object) -> bool:
        return False


def _read_charts(repository: Repository, application: Application, cluster: str) -> None:
    for source in application.sources:
        if source.chart:
            reader = ValuesReader(repository.files, _NoOther(), source)
            chart, layers = reader.chart(), reader.layers()
            complete = not reader.not_seen
            repository.releases.append(Release(chart, layers, application.title, source, cluster, complete))


def _is_manifest(data: Any) -> bool:
    kustomize = "kustomize.config.k8s.io/"
    return isinstance(data, dict) and not str(data.get("apiVersion", "")).startswith(kustomize)
