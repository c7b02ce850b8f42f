"""What `check --order` and `explain` say of the examples and of small repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from meshwright.check.model.repository import RootKind
from meshwright.check.order.analysis import analyse
from meshwright.check.order.timeline import Timeline
from meshwright.cli import app
from meshwright.errors import MeshwrightError
from meshwright.resources import schema_root
from support.rulecases import Case, model_of

_RUN = CliRunner()


def _kustomization(name: str, *needs: str) -> str:
    depends = ", ".join(f"{{name: {need}}}" for need in needs)
    return f"""
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec: {{path: ./{name}, sourceRef: {{kind: GitRepository, name: x}}, wait: true, dependsOn: [{depends}]}}
"""


def _lines(*kustomizations: str, **files: str) -> list[tuple[int, str]]:
    texts = {"flux.yaml": "---".join(kustomizations), **files}
    analysis = analyse(model_of(Case("", "", texts, (), RootKind.FLUX)))
    return [(line.rank, line.title) for line in Timeline(analysis.startup).lines()]


def test_ranks_follow_dependencies() -> None:
    lines = _lines(
        _kustomization("c", "b"), _kustomization("a"), _kustomization("b", "a"), _kustomization("x")
    )

    assert lines == [
        (1, "Kustomization flux-system/a"),
        (1, "Kustomization flux-system/x"),
        (2, "Kustomization flux-system/b"),
        (3, "Kustomization flux-system/c"),
    ]


def test_what_never_comes_up_stands_last() -> None:
    lines = _lines(_kustomization("a", "b"), _kustomization("b", "a"), _kustomization("z"))

    assert lines == [
        (1, "Kustomization flux-system/z"),
        (0, "Kustomization flux-system/a"),
        (0, "Kustomization flux-system/b"),
    ]


@pytest.mark.parametrize("example", ["pi-cluster", "datacenter-argocd"])
def test_the_order_of_an_example_is_in_its_report(root: Path, example: str) -> None:
    shown = _RUN.invoke(app, ["check", str(root / "examples" / example), "--order", "--format", "json"])

    data = json.loads(shown.stdout)
    schema = json.loads((schema_root() / "check-report.schema.json").read_text(encoding="utf-8"))
    assert not list(Draft202012Validator(schema).iter_errors(data))
    ranks = {line["unit"].rpartition("/")[2]: line["rank"] for line in data["order"]}
    layers = [
        "namespaces",
        "trust-manager",
        "linkerd-trust",
        "linkerd-control-plane",
        "linkerd-gate",
        "linkerd-viz",
    ]
    assert [ranks[name] for name in layers] == sorted(ranks[name] for name in layers)
    assert all(ranks.values()), "everything comes up"


def test_an_edge_is_explained_with_its_reason_and_what_it_prevents(root: Path) -> None:
    example = str(root / "examples" / "pi-cluster")

    shown = _RUN.invoke(app, ["explain", "demo->linkerd-gate", "-C", example])

    assert shown.exit_code == 0
    assert "dependsOn (clusters/pi-cluster/apps/demo.yaml:17:13)" in shown.stdout
    assert "its pods are meshed, and pods created before the injector serves" in shown.stdout
    assert "may start before HelmRelease linkerd/linkerd-control-plane" in shown.stdout


def test_two_that_do_not_wait_for_each_other(root: Path) -> None:
    shown = _RUN.invoke(app, ["explain", "longhorn", "demo", "-C", str(root / "examples" / "pi-cluster")])

    assert "does not wait for Kustomization flux-system/demo" in shown.stdout


@pytest.mark.parametrize("name", ["mw101", "MW101", "linkerd-stable-repository"])
def test_a_rule_is_explained(name: str) -> None:
    shown = _RUN.invoke(app, ["explain", name])

    assert shown.exit_code == 0
    assert shown.stdout.startswith(
        "MW101 linkerd-stable-repository: A chart is installed from helm.linkerd.io/stable (error)\n"
    )
    assert "fix: use https://helm.linkerd.io/edge" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["MW01"], "no finding is called 'MW01'; did you mean"),
        (["linkerd-stable-repo"], "'linkerd-stable-repo'; did you mean 'linkerd-stable-repository'?"),
        (["a", "b", "c"], "too many names: give the id or name of a finding, such as MW004"),
        (["demmo", "traefik"], "is called 'demmo'; did you mean 'demo'?"),
    ],
)
def test_a_wrong_name_is_one_line(root: Path, arguments: list[str], said: str) -> None:
    shown = _RUN.invoke(app, ["explain", *arguments, "-C", str(root / "examples" / "pi-cluster")])

    assert isinstance(shown.exception, MeshwrightError)
    assert said in str(shown.exception)
