"""Takes over the wiring that people have: a Flux Kustomization or an Argo CD Application becomes a spec."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from meshwright.apps.base.plain import read_documents
from meshwright.apps.existing import overlays_folder
from meshwright.apps.inspection.folders import kustomization_in
from meshwright.apps.model import AppsContext
from meshwright.errors import MeshwrightError
from meshwright.manifests.inside import leads_out
from meshwright.resources import schema_root
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import items_of, mapping_of

_KINDS = {
    "flux": ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    "argocd": ("argoproj.io", "Application"),
}
_DURATION = re.compile(r"(?=.)([0-9]+h)?([0-9]+m)?([0-9]+s)?\Z")
# Fields of a Flux Kustomization that a spec has under the same name, with the same value.
_SAME = ("suspend", "healthChecks", "healthCheckExprs", "postBuild", "serviceAccountName", "decryption")
_READ = ("path", "sourceRef", "dependsOn", "targetNamespace", "interval", "timeout", "prune", "wait")
_SYNC_WAVE = "argocd.argoproj.io/sync-wave"


@dataclass
class Takeover:
    """The folder that is applied, its namespace, the fields of the spec, and what the user has to know.

    ``target`` is the namespace to which the engine moves every object, if it does.
    """

    path: str
    namespace: str = ""
    target: str = ""
    # Whether the manifests of inner folders belong to it, where no kustomization.yaml says so.
    recurse: bool = True
    data: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def take_over(root: Path, name: str, file: str, context: AppsContext) -> Takeover:
    """What the Kustomization or Application in ``file`` says, as fields of a mesh.yaml.

    Of several in the file, it is the one called ``name``. Raises MeshwrightError if there is none, or if it
    does not apply a folder of this repository.
    """
    engine = context.settings.engine
    path = posixpath.normpath(file)
    if path.startswith(("../", "/")):
        raise MeshwrightError(f"--from {file}: give a path inside the repository")
    try:
        documents = read_documents(root, path)
    except YamlFault as fault:
        raise MeshwrightError(f"{fault.position}: {fault.problem}") from None
    except OSError as error:
        raise MeshwrightError(f"--from {file}: {error.strerror or error}") from None
    document = _chosen(documents, name, file, engine)
    taken = _from_flux(root, name, document, context) if engine == "flux" else _from_argocd(document)
    if not (root / taken.path).is_dir():
        raise MeshwrightError(f"{document.position(('spec',))}: its folder '{taken.path}' does not exist")
    return taken


def _chosen(documents: list[Document], name: str, file: str, engine: str) -> Document:
    group, kind = _KINDS[engine]
    found = [item for item in documents if _is(item.data, group, kind)]
    named = [item for item in found if mapping_of(item.data["metadata"]).get("name") == name]
    if len(found) == 1 or named:
        return (named or found)[0]
    if found:
        names = ", ".join(str(mapping_of(item.data["metadata"]).get("name")) for item in found)
        raise MeshwrightError(f"--from {file}: it has {names}; give the application one of these names")
    other = next((pair for key, pair in _KINDS.items() if key != engine))
    there = any(_is(item.data, *other) for item in documents)
    engine_name = {"flux": "Flux", "argocd": "Argo CD"}[engine]
    if there:
        what = "an Argo CD Application" if engine == "flux" else "a Flux Kustomization"
        raise MeshwrightError(f"--from {file}: it has {what}, but this repository uses {engine_name}")
    raise MeshwrightError(f"--from {file}: it has no {kind}")


def _is(data: Any, group: str, kind: str) -> bool:
    data = mapping_of(data)
    own = str(data.get("apiVersion") or "").partition("/")[0]
    return (own, data.get("kind")) == (group, kind) and isinstance(data.get("metadata"), dict)


def _from_flux(root: Path, name: str, document: Document, context: AppsContext) -> Takeover:
    spec = mapping_of(document.data.get("spec"))
    source = mapping_of(spec.get("sourceRef"))
    if (source.get("kind"), source.get("name")) != ("GitRepository", "flux-system"):
        at = document.position(("spec", "sourceRef"))
        shown = f"{source.get('kind')} '{source.get('name')}'"
        raise MeshwrightError(
            f"{at}: its source is {shown}, but applications are folders of this repository; "
            "if it is this repository, write `sourceRef: {kind: GitRepository, name: flux-system}`"
        )
    target = str(spec.get("targetNamespace") or "")
    taken = Takeover(posixpath.normpath(str(spec.get("path") or ".")), target, target)
    taken.data |= _depends_on(items_of(spec.get("dependsOn")), context, taken)
    wiring = {key: value for key, value in spec.items() if key not in (*_READ, *_SAME)}
    for key, usual in (("interval", "1h"), ("timeout", "10m")):
        value = str(spec.get(key) or usual)
        (taken.data if _DURATION.match(value) else wiring)[key] = value
    if spec.get("prune") is not True:
        taken.data["prune"] = False
    if spec.get("wait") is not True:
        taken.data["wait"] = False
    for key in _SAME:
        if key in spec:
            known = _fits(key, spec[key])
            (taken.data if known else wiring)[key] = spec[key]
    if components := items_of(spec.get("components")):
        folder = f"{overlays_folder(context.settings.cluster)}/{name}"
        wiring["components"] = [
            posixpath.relpath(path, folder) for path in _components(root, taken, components, document)
        ]
        # The overlay adds them: the namespace in the folder's own kustomization.yaml does not reach them.
        if not target and isinstance(home := kustomization_in(root, taken.path).get("namespace"), str):
            taken.namespace = taken.target = home
    taken.data |= _wiring({"spec": wiring} if wiring else {}, document)
    own = mapping_of(document.data["metadata"]).get("name")
    taken.notes.append(
        f"Kustomization {own} ({document.position()}) must go, or Flux deletes its objects: set "
        "`prune: false` in it, let Flux apply that, and remove it in the commit that adds the generated files"
    )
    return taken


def _components(root: Path, taken: Takeover, listed: list[Any], document: Document) -> Iterator[str]:
    """The folders of Components, which a Kustomization names relative to its path."""
    for number, entry in enumerate(listed):
        at = document.position(("spec", "components", number))
        path = posixpath.normpath(posixpath.join(taken.path, str(entry)))
        if "://" in str(entry) or leads_out(root, path):
            raise MeshwrightError(f"{at}: component '{entry}' is not in this repository; copy it into it")
        if not (root / path).is_dir():
            raise MeshwrightError(f"{at}: component '{entry}' is '{path}', which does not exist")
        taken.notes.append(f"not seen: what component '{path}' adds and changes")
        yield path


def _from_argocd(document: Document) -> Takeover:
    spec = mapping_of(document.data.get("spec"))
    source, at = mapping_of(spec.get("source")), document.position(("spec",))
    for key in ("chart", "helm", "plugin"):
        if key in source:
            raise MeshwrightError(
                f"{document.position(('spec', 'source', key), key=True)}: an application is a folder that "
                f"kustomize builds, which has no '{key}'; install a chart with helmCharts, or with --chart"
            )
    if not source.get("path"):
        raise MeshwrightError(f"{at}: it has no source.path; applications are folders of this repository")
    options = dict(mapping_of(source.get("kustomize")))
    target = str(options.pop("namespace", "") or "")
    home = target or str(mapping_of(spec.get("destination")).get("namespace") or "")
    taken = Takeover(posixpath.normpath(str(source["path"])), home, target)
    directory = mapping_of(source.get("directory"))
    taken.recurse = directory.get("recurse") is True
    for key in ("include", "exclude", "jsonnet"):
        if directory.get(key):
            taken.notes.append(
                f"directory.{key} is not taken over: list the files in the kustomization.yaml of the folder"
            )
    policy = mapping_of(spec.get("syncPolicy"))
    wiring: dict[str, Any] = {}
    if isinstance(automated := policy.get("automated"), Mapping):
        if automated.get("prune") is not True:
            taken.data["prune"] = False
        if automated.get("selfHeal") is not True:
            wiring["syncPolicy"] = {"automated": {"selfHeal": False}}
    else:
        taken.data["suspend"] = True
    if options:
        wiring["source"] = {"kustomize": options}
    for key in ("info", "revisionHistoryLimit"):
        if key in spec:
            wiring[key] = spec[key]
    taken.data |= _wiring({"spec": wiring} if wiring else {}, document)
    notes = {"ignoreDifferences": spec.get("ignoreDifferences"), "syncOptions": policy.get("syncOptions")}
    for key, value in notes.items():
        if value:
            taken.notes.append(
                f"{key} is not taken over: set the whole list under wiring if you still need it"
            )
    if _SYNC_WAVE in mapping_of(mapping_of(document.data["metadata"]).get("annotations")):
        taken.notes.append("its sync wave is not taken over: name what it waits for under dependsOn")
    name = mapping_of(document.data["metadata"]).get("name")
    taken.notes.append(
        f"Application {name} ({document.position()}) must go: remove its finalizers first, so that its "
        "objects stay, then remove it in the commit that adds the generated files"
    )
    return taken


def _depends_on(entries: list[Any], context: AppsContext, taken: Takeover) -> dict[str, Any]:
    known = {*context.apps, *context.settings.layers}
    names = [str(mapping_of(entry).get("name")) for entry in entries]
    for name in names:
        if name not in known:
            taken.notes.append(
                f"dependsOn '{name}' is left out, because no application or layer has this name yet"
            )
    kept = [name for name in names if name in known and name != "linkerd-gate"]
    return {"dependsOn": kept} if kept else {}


def _wiring(own: dict[str, Any], document: Document) -> dict[str, Any]:
    metadata = mapping_of(document.data["metadata"])
    annotations = {
        key: value for key, value in mapping_of(metadata.get("annotations")).items() if key != _SYNC_WAVE
    }
    kept = {"labels": metadata.get("labels"), "annotations": annotations}
    if found := {key: value for key, value in kept.items() if value}:
        own = {**own, "metadata": found}
    return {"wiring": own} if own else {}


def _fits(key: str, value: Any) -> bool:
    """Whether a field has the form that mesh.yaml takes."""
    schema = _schema()
    return bool(_validator({**schema["properties"][key], "$defs": schema["$defs"]}).is_valid(value))


@cache
def _schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((schema_root() / "mesh.schema.json").read_text(encoding="utf-8"))
    return found


def _validator(schema: dict[str, Any]) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema)
