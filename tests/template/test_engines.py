"""The same layers, objects, charts, values and order on both engines, but for docs/engines.md."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from meshwright.scaffold import render
from meshwright.yaml import parse, parse_all
from support.configurations import Answers, pairs

ROOT = Path(__file__).resolve().parents[2]
ENGINE_GROUPS = (*(f"{group}.toolkit.fluxcd.io" for group in ("source", "kustomize", "helm")), "argoproj.io")
ENGINE_ANNOTATIONS = ("kustomize.toolkit.fluxcd.io/", "argocd.argoproj.io/")
CASES = [{k: v for k, v in row.items() if k != "engine"} for row in pairs()]


def allowed() -> set[tuple[str, str]]:
    """Layer and difference, as the docs have them."""
    text = (ROOT / "docs/engines.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([a-z-]+)` \| ([^|]+?) \| (?:Argo CD|Flux|both) \|", text, re.MULTILINE))


def both(answers: Answers, folder: Path) -> tuple[Path, Path]:
    render({**answers, "engine": "flux"}, folder / "flux")
    # Argo CD decrypts nothing.
    render({**answers, "engine": "argocd", "secrets": "none"}, folder / "argocd")
    return folder / "flux", folder / "argocd"


def wiring(repository: Path) -> dict[str, dict[str, Any]]:
    [folder] = repository.glob("clusters/*/platform")
    return {
        path.stem: parse(path.read_text(encoding="utf-8"))
        for path in folder.glob("*.yaml")
        if path.stem not in ("kustomization", "project")
    }


def objects(repository: Path, layer: str) -> dict[str, Any]:
    """Kind and name -> object of a layer's own manifests, without what belongs to the engine."""
    found = {}
    for file in repository.glob(f"platform/*/{layer}/*.yaml"):
        if file.name in ("kustomization.yaml", "kustomizeconfig.yaml", "values.yaml"):
            continue
        for item in parse_all(file.read_text(encoding="utf-8")):
            if not item["apiVersion"].startswith(ENGINE_GROUPS):
                annotations = item["metadata"].get("annotations", {})
                for key in [key for key in annotations if key.startswith(ENGINE_ANNOTATIONS)]:
                    del annotations[key]
                found[f"{item['kind']} {item['metadata']['name']}"] = item
    return found


def chart(repository: Path, layer: str) -> dict[str, str] | None:
    """What is installed from which repository, under which name, whichever way the engine is told."""
    folder = next(repository.glob(f"platform/*/{layer}"), repository)
    if (folder / "helmrelease.yaml").exists():
        release = parse((folder / "helmrelease.yaml").read_text(encoding="utf-8"))
        spec = release["spec"]["chart"]["spec"]
        url = parse((folder / "repository.yaml").read_text(encoding="utf-8"))["spec"]["url"]
        name, namespace = release["spec"]["releaseName"], release["metadata"]["namespace"]
        return {"chart": spec["chart"], "version": spec["version"], "url": url, "name": name, "in": namespace}
    kustomization = folder / "kustomization.yaml"
    if not kustomization.exists():
        return None
    [helm] = parse(kustomization.read_text(encoding="utf-8")).get("helmCharts", [None])
    if helm is None:
        return None
    assert helm["includeCRDs"] is True
    return {
        "chart": helm["name"],
        "version": helm["version"],
        "url": helm["repo"],
        "name": helm["releaseName"],
        "in": helm["namespace"],
    }


def values(repository: Path, layer: str) -> Any:
    texts = [file.read_text(encoding="utf-8") for file in repository.glob(f"platform/*/{layer}/values.yaml")]
    return parse(texts[0]) if texts else {}


def value_differences(one: Any, other: Any, at: str = "") -> set[str]:
    if not (isinstance(one, dict) and isinstance(other, dict)) or at.endswith("namespaceSelector"):
        return set() if one == other else {f"value {at}"}
    found: set[str] = set()
    for key in one.keys() | other.keys():
        path = f"{at}.{key}".lstrip(".")
        if key not in one or key not in other:
            # These are there or not, depending on more than the engine: their keys are what differs.
            optional = key in ("grafana", "grafana.ini")
            found |= (
                value_differences(one.get(key, {}), other.get(key, {}), path)
                if optional
                else {f"value {path}"}
            )
        else:
            found |= value_differences(one[key], other[key], path)
    return found


def waves(repository: Path) -> dict[str, int]:
    return {
        name: int(application["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for name, application in wiring(repository).items()
    }


def longest_paths(kustomizations: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Layer -> longest path to a layer that needs nothing, from Flux' dependsOn alone."""
    needs = {
        name: [entry["name"] for entry in kustomization["spec"].get("dependsOn", [])]
        for name, kustomization in kustomizations.items()
    }
    paths: dict[str, int] = {}
    for name in TopologicalSorter(needs).static_order():
        paths[name] = max((paths[need] for need in needs[name]), default=-1) + 1
    return paths


@pytest.mark.parametrize("answers", CASES, ids=range(len(CASES)))
def test_layers_are_the_same_on_both_engines(answers: Answers, tmp_path: Path) -> None:
    flux, argocd = both(answers, tmp_path)
    differences: set[tuple[str, str]] = set()

    assert wiring(flux).keys() == wiring(argocd).keys()
    for layer in wiring(flux):
        ours, theirs = objects(flux, layer), objects(argocd, layer)
        differences |= {(layer, name) for name in ours.keys() ^ theirs.keys()}
        assert {n: ours[n] for n in ours.keys() & theirs} == {n: theirs[n] for n in ours.keys() & theirs}
        assert chart(flux, layer) == chart(argocd, layer)
        differences |= {(layer, at) for at in value_differences(values(flux, layer), values(argocd, layer))}

    assert differences <= allowed()
    assert waves(argocd) == longest_paths(wiring(flux))


def test_every_difference_in_the_table_happens(tmp_path: Path) -> None:
    """A row that no configuration needs is a promise nobody keeps."""
    answers = {"viz_host": "linkerd.home.arpa", "inject": "enabled", "links": [{"name": "east"}]}
    flux, argocd = both(answers, tmp_path)
    seen: set[tuple[str, str]] = set()
    for layer in wiring(flux):
        seen |= {(layer, name) for name in objects(flux, layer).keys() ^ objects(argocd, layer).keys()}
        seen |= {(layer, at) for at in value_differences(values(flux, layer), values(argocd, layer))}

    assert seen == allowed()
