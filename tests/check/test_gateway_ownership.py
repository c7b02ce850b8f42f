"""The Gateway API's CRDs go from Linkerd's chart to another owner, in two commits and by no short way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from meshwright.check import check_repository
from meshwright.check.model.gatewayapi import asked_by
from meshwright.check.model.repository import RootKind
from meshwright.scaffold import render
from meshwright.yaml.edit import YamlText
from support.rulecases import Case, model_of

ENGINES = ["flux", "argocd"]
CRDS = "platform/home/linkerd-crds"
BASE: dict[str, Any] = {"distribution": "other", "ingress": "own", "metrics": "none"}


def repository(folder: Path, engine: str, owner: str) -> Path:
    render({**BASE, "engine": engine, "gateway_api": owner}, folder)
    return folder


def edit(folder: Path, path: str, old: str, new: str) -> None:
    file = folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def keep(folder: Path, engine: str, root: Path) -> None:
    """Commit 1 as the manual writes it."""
    page = (root / "docs/upgrade-gateway-api.md").read_text(encoding="utf-8")
    value, patch = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    edit(folder, f"{CRDS}/values.yaml", "installGatewayAPI: false\n", value)
    if engine == "argocd":
        file = folder / CRDS / "kustomization.yaml"
        file.write_text(file.read_text(encoding="utf-8") + patch, encoding="utf-8")


def found(folder: Path) -> list[tuple[str, str]]:
    return [(finding.id, finding.severity.value) for finding in check_repository(folder).findings]


@pytest.mark.parametrize("engine", ENGINES)
def test_keeping_them_is_accepted(root: Path, tmp_path: Path, engine: str) -> None:
    folder = repository(tmp_path / "a", engine, "none")
    keep(folder, engine, root)

    assert found(folder) == [("MW626", "warning")]


@pytest.mark.parametrize("engine", ENGINES)
def test_handing_them_over_is_accepted(tmp_path: Path, engine: str) -> None:
    assert found(repository(tmp_path / "a", engine, "repo")) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_owner_before_the_first_let_go_is_refused(root: Path, tmp_path: Path, engine: str) -> None:
    folder = repository(tmp_path / "a", engine, "repo")
    keep(folder, engine, root)

    assert ("MW624", "error") in found(folder)


@pytest.mark.parametrize("engine", ENGINES)
def test_letting_go_at_a_chart_that_marks_nothing_is_refused(tmp_path: Path, engine: str) -> None:
    folder = repository(tmp_path / "a", engine, "repo")
    file = "helmrelease.yaml" if engine == "flux" else "kustomization.yaml"
    edit(folder, f"{CRDS}/{file}", "2026.8.3", "2025.2.3")
    edit(folder, f"{CRDS}/values.yaml", "installGatewayAPI: false", "enableHttpRoutes: false")

    assert ("MW924", "error") in found(folder)


def test_going_on_with_nothing_said_is_told_where_routes_are(tmp_path: Path) -> None:
    folder = repository(tmp_path / "a", "flux", "none")
    values = folder / CRDS / "values.yaml"
    values.write_text("{}\n", encoding="utf-8")
    route = (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        "metadata: {name: web, namespace: linkerd}\n"
        "spec: {parentRefs: [{group: '', kind: Service, name: web, port: 80}]}\n"
    )
    (folder / "platform/home/linkerd-gate/route.yaml").write_text(route, encoding="utf-8")
    file = folder / "platform/home/linkerd-gate/kustomization.yaml"
    text = YamlText("kustomization.yaml", file.read_text(encoding="utf-8"))
    file.write_text(text.insert(0, ("resources",), 1, "route.yaml").text, encoding="utf-8")

    assert ("MW925", "warning") in found(folder)


def test_without_asking_argo_cd_would_prune_them(root: Path, tmp_path: Path) -> None:
    folder = repository(tmp_path / "a", "argocd", "none")
    keep(folder, "flux", root)
    application = "clusters/home/platform/linkerd-crds.yaml"
    edit(folder, application, "      - Prune=confirm\n", "")

    assert ("MW926", "warning") in found(folder)
    edit(folder, f"{CRDS}/values.yaml", "installGatewayAPI: true\n", "installGatewayAPI: false\n")
    keep(folder, "argocd", root)
    assert [id for id, _ in found(folder)] == ["MW626"]


@pytest.mark.parametrize("engine", ENGINES)
def test_removing_the_layer_deletes_no_crd(tmp_path: Path, engine: str) -> None:
    folder = repository(tmp_path / "a", engine, "repo")
    layer = (folder / "clusters/home/platform/gateway-api.yaml").read_text(encoding="utf-8")

    if engine == "flux":
        crds = (folder / "platform/home/gateway-api/crds.yaml").read_text(encoding="utf-8")
        assert "deletionPolicy: Orphan" in layer
        assert "deletionPolicy: Orphan" in crds
    else:
        assert "finalizers" not in layer


# What helm 4.2.4 rendered of the charts at these tags: whether any CRD of the Gateway API came out.
RENDERED = [
    ("2025.2.3", "{}", True),
    ("2025.2.3", "{installGatewayAPI: false}", True),
    ("2025.2.3", "{enableHttpRoutes: false}", True),
    ("2025.3.4", "{}", True),
    ("2025.3.4", "{installGatewayAPI: false}", False),
    ("2025.3.4", "{enableHttpRoutes: false}", True),
    ("2025.9.3", "{}", True),
    ("2026.8.3", "{}", False),
    ("2026.8.3", "{installGatewayAPI: true}", True),
    ("2026.8.3", "{enableHttpRoutes: false}", False),
]


@pytest.mark.parametrize(("version", "values", "expected"), RENDERED)
def test_whether_the_chart_brings_them_is_told_as_helm_renders_it(
    version: str, values: str, expected: bool
) -> None:
    release = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
        "metadata: {name: linkerd-crds, namespace: linkerd}\nspec:\n"
        f"  chart: {{spec: {{chart: linkerd-crds, version: {version}, "
        "sourceRef: {kind: HelmRepository, name: l}}}\n"
        f"  values: {values}\n"
    )
    model = model_of(Case("", "", {"a.yaml": release}, (), RootKind.FLUX))

    assert bool(asked_by(model.charts("linkerd-crds")[0])) is expected
