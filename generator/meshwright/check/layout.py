"""Compares a generated repository's folders with its answers, and finds what nothing applies."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from meshwright import __version__
from meshwright.apps.clusters import ANSWERS, answers_file, cluster_files
from meshwright.apps.misnamed import is_misplaced, misnamed_spec
from meshwright.check.leftovers import leftover_findings
from meshwright.check.lostanswers import lost_answers
from meshwright.check.model.repository import Repository, RootKind
from meshwright.check.schema.answersfile import our_answers
from meshwright.errors import Position
from meshwright.finding import Finding, Severity
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.manifestfile import named_documents, object_name
from meshwright.yaml import Document

_SPEC = "mesh.yaml"
# Names that people give to Copier's answers files.
_ANSWERS = re.compile(r"\.copier-answers(?:[.-][^/]+)?\.ya?ml\Z")
_ENGINES = {RootKind.FLUX, RootKind.ARGOCD}
# Layers that exist only for some answers: the answer, and the values that ask for it.
_LAYERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "gateway-api": ("gateway_api", frozenset({"repo"})),
    "kube-prometheus-stack": ("metrics", frozenset({"install"})),
    "cert-manager": ("cert_manager", frozenset({"install"})),
    "traefik-injection": ("ingress", frozenset({"k3s"})),
    "traefik": ("ingress", frozenset({"k3s", "own"})),
    "linkerd-monitoring": ("metrics", frozenset({"install", "existing"})),
    "linkerd-cni": ("redirect", frozenset({"cni"})),
}


def layout_findings(repository: Repository) -> Iterator[Finding]:
    """Every such fault; empty for repositories of another origin."""
    files = repository.files
    answers = our_answers(files, ANSWERS) if files.is_file(ANSWERS) else None
    if answers is None:
        yield from lost_answers(files)
        return
    every = [answers, *_of_clusters(files)]
    clusters = {
        name: document for document in every if (name := str(document.data.get("cluster_name") or ""))
    }
    yield from _misnamed_answers(files)
    for cluster, document in clusters.items():
        yield from _answers_and_tree(files, document, cluster)
    yield from _clusters(repository, clusters)
    yield from _specs(files)
    reached = _reached(repository) | _read_by_kustomizations(repository)
    yield from _unapplied(repository, reached)
    yield from leftover_findings(files, reached)


def _of_clusters(files: RepositoryFiles) -> Iterator[Document]:
    for name in cluster_files(files.siblings(ANSWERS)):
        document = our_answers(files, name) if files.is_file(name) else None
        if document is not None:
            yield document


def _misnamed_answers(files: RepositoryFiles) -> Iterator[Finding]:
    """Answers of a cluster in a file that neither Meshwright nor an update reads."""
    for path in files.paths:
        name = posixpath.basename(path)
        if path == ANSWERS or not _ANSWERS.match(name) or ("/" not in path and cluster_files([name])):
            continue
        other = our_answers(files, path)
        if other is None or not isinstance(other.data.get("cluster_name"), str):
            continue
        cluster = other.data["cluster_name"]
        text = f"the answers of cluster '{cluster}' are read only from {answers_file(cluster)}"
        fix = f"git mv {path} {answers_file(cluster)}, or remove it"
        yield Finding("layout/second-cluster", other.position(("cluster_name",)), text, fix)


def _answers_and_tree(files: RepositoryFiles, answers: Document, cluster: str) -> Iterator[Finding]:
    folder = f"clusters/{cluster}"
    engine = str(answers.data.get("engine"))
    other = {"flux": ("argocd", "Argo CD"), "argocd": ("flux-system", "Flux")}.get(engine)
    mine = {"flux": "flux-system", "argocd": "argocd"}.get(engine, "")
    if other and files.holds_files(f"{folder}/{other[0]}") and not files.holds_files(f"{folder}/{mine}"):
        text = f"engine is '{engine}', but {folder}/{other[0]} is the entry point of {other[1]}"
        yield Finding("layout/answers", answers.position(("engine",)), text, _revert("engine"))
    if not files.holds_files(f"{folder}/platform"):
        return
    # Another version of the template may have other layers.
    if not str(answers.data.get("_commit", "")).removeprefix("v").startswith(__version__):
        return
    for layer, (answer, values) in _LAYERS.items():
        if answer not in answers.data:
            continue
        value = str(answers.data[answer])
        path = f"{folder}/platform/{layer}.yaml"
        wanted, present = value in values, files.is_file(path)
        if wanted and not present and not files.holds_files(f"platform/{cluster}/{layer}"):
            text = f"{answer} is '{value}', but {path} and platform/{cluster}/{layer} do not exist"
            yield Finding("layout/answers", answers.position((answer,)), text, _revert(answer))
        elif present and not wanted:
            text = f"{answer} is '{value}', but {path} applies layer {layer}"
            yield Finding("layout/answers", answers.position((answer,)), text, _revert(answer))


def _revert(answer: str) -> str:
    return (
        f"undo the edit, then run `meshwright update --answers {answer}=VALUE`, which changes the files too"
    )


def _clusters(repository: Repository, clusters: Mapping[str, Document]) -> Iterator[Finding]:
    """Clusters without answers or an entry point, and entry points that apply the folder of another one."""
    files = repository.files
    names = sorted({path.split("/")[1] for path in files.below("clusters") if path.count("/") > 1})
    reached = _reached(repository)
    known = any(files.holds_files(f"clusters/{name}/platform") for name in clusters)
    for name in names:
        folder = f"clusters/{name}"
        is_reached = any(path.startswith(f"{folder}/") for path in reached)
        if name in clusters and not is_reached:
            # An entry point may stand elsewhere, such as a FluxInstance that a person applies.
            text = f"no entry point in this repository applies {folder}"
            fix = "restore its entry point (flux-system/ or argocd/) from Git, or ignore this finding"
            yield Finding("layout/cluster", Position(folder), text, fix, severity=Severity.WARNING)
        elif name not in clusters and files.holds_files(f"{folder}/platform") and known:
            text = f"cluster '{name}' has no answers file, so no update changes it"
            fix = f"restore {answers_file(name)} from Git, or remove the folders of the cluster"
            yield Finding("layout/no-answers", Position(folder), text, fix, severity=Severity.WARNING)
        elif name not in clusters and not is_reached and known:
            text = f"no entry point applies {folder}, and no answers file names this cluster"
            fix = f"remove {folder}, or add the cluster with `meshwright cluster add {name}`"
            yield Finding("layout/cluster", Position(folder), text, fix)
    for root in repository.roots:
        item = root.kustomization
        if item is None or not item.origin.startswith("clusters/") or not item.path.startswith("clusters/"):
            continue
        home = "/".join(item.origin.split("/")[:2])
        if item.path.split("/")[:2] != home.split("/") and files.is_folder(item.path):
            text = f"the entry point in {home} applies {item.path}, which belongs to another cluster"
            yield Finding("layout/entry-point", item.path_position, text, f"set path to ./{home}")


def _reached(repository: Repository) -> set[str]:
    """Every file that a root of an engine reads."""
    found: set[str] = set()
    for root in repository.roots:
        if root.kind in _ENGINES and root.unit is not None:
            found |= set(root.unit.inputs.files)
            found |= {posixpath.join(folder, "kustomization.yaml") for folder in root.unit.inputs.folders}
    return found


def _overlays(files: RepositoryFiles) -> dict[str, set[str]]:
    """The folders with an overlay of an application on any cluster, by the application's name."""
    found: dict[str, set[str]] = {}
    for path in files.below("mesh/apps"):
        parts = path.split("/")
        if len(parts) > 4:
            found.setdefault(parts[3], set()).add("/".join(parts[:4]))
    return found


def _specs(files: RepositoryFiles) -> Iterator[Finding]:
    """Files that are meant to be a mesh.yaml, but are not read."""
    folders = {path.split("/")[1] for path in files.below("apps") if path.count("/") > 1}
    overlays, told = _overlays(files), set[str]()
    for name in sorted(folders):
        wanted = f"apps/{name}/{_SPEC}"
        path = misnamed_spec(files.root, name)
        if not path or not files.is_listed(path):
            continue
        told.add(path)
        if files.is_file(wanted):
            text, fix = (
                f"only {wanted} is read, so this file has no effect",
                "merge it into that file, or remove it",
            )
        elif name in overlays:
            continue
        else:
            text, fix = f"only {wanted} is read, so nothing applies '{name}'", f"git mv {path} {wanted}"
            nested = posixpath.dirname(path)
            if files.is_file(f"{nested}/kustomization.yaml"):
                text = "a mesh.yaml is read only in a folder directly below apps/"
                fix = f"git mv {nested} apps/{posixpath.basename(nested)}"
        yield Finding("layout/spec-name", Position(path), text, fix)
    for path in files.paths:
        if is_misplaced(path) and path not in told and not path.startswith(("mesh/", "apps/")):
            parts = path.split("/")
            document = _first(files, path)
            if len(parts) > 1 and document is not None and {"inject", "namespace"} <= document.data.keys():
                text = "a mesh.yaml is read only in a folder directly below apps/"
                fix = f"git mv {'/'.join(parts[:-1])} apps/{parts[-2]}"
                yield Finding("layout/spec-name", Position(path), text, fix)


def _first(files: RepositoryFiles, path: str) -> Document | None:
    from meshwright.yaml import YamlFault

    try:
        documents = files.documents(path)
    except YamlFault:
        return None
    return documents[0] if documents and isinstance(documents[0].data, dict) else None


def _unapplied(repository: Repository, reached: set[str]) -> Iterator[Finding]:
    """Manifests below apps/ that neither an engine nor another kustomization reads."""
    files = repository.files
    built = {root.path for root in repository.roots if root.built}
    overlays = _overlays(files)
    folders: dict[str, list[str]] = {}
    for path in files.below("apps"):
        if path in reached or not path.endswith((".yaml", ".yml")) or path.endswith(f"/{_SPEC}"):
            continue
        if _objects(files, path):
            parts = path.split("/")
            folders.setdefault(parts[1] if len(parts) > 2 else "", []).append(path)
    for name, paths in sorted(folders.items()):
        folder = f"apps/{name}" if name else "apps"
        if name and files.is_file(f"{folder}/{_SPEC}"):
            # An application that was not generated or cannot be built is reported as such.
            if overlays.get(name, set()) & built:
                for path in paths:
                    fix = f"list it under resources in {folder}/kustomization.yaml, or remove it"
                    text = f"nothing applies it: {folder}/kustomization.yaml does not list it"
                    yield Finding("layout/unlisted", Position(path), text, fix, severity=Severity.WARNING)
        elif not name:
            for path in paths:
                text = "nothing applies it: only folders below apps/ with a mesh.yaml are applications"
                fix = f"move it to apps/{path.split('/')[1].rpartition('.')[0]}/ and run `meshwright app add`"
                yield Finding("layout/unapplied", Position(path), text, fix)
        elif not misnamed_spec(files.root, name):
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            text = f"nothing applies {paths[0]}{more}: {folder} has no mesh.yaml"
            fix = f"run `meshwright app add {name}`, or remove the folder"
            yield Finding("layout/unapplied", Position(folder), text, fix)


def _read_by_kustomizations(repository: Repository) -> set[str]:
    found: set[str] = set()
    for root in repository.roots:
        if root.kind is RootKind.FOLDER and root.unit is not None and not _is_app_root(root.path):
            found |= set(root.unit.inputs.files)
    return found


def _is_app_root(path: str) -> bool:
    return path == "apps" or path.startswith("apps/")


def _objects(files: RepositoryFiles, path: str) -> bool:
    return any(
        data.get("apiVersion") and data.get("kind") and object_name(data)
        for _, _, data in named_documents(files, path)
    )
