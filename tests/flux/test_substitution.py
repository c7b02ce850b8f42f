"""Variables of a Kustomization, and what they do to objects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from meshwright.flux.kustomization import FluxKustomization
from meshwright.flux.substitution import Substitution, Variables, read_variables
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.unit import BuiltObject, Origin
from support.repositories import write

MAPS: dict[tuple[str, str, str], dict[str, str]] = {
    ("ConfigMap", "flux-system", "one"): {"a": "1", "b": "1", "c": "line\nbreak"},
    ("ConfigMap", "flux-system", "two"): {"b": "2"},
    ("Secret", "flux-system", "seen"): {"s": "secret"},
}


@pytest.fixture
def files(tmp_path: Path) -> RepositoryFiles:
    return RepositoryFiles(
        write(tmp_path, {"map.yaml": "kind: ConfigMap\nmetadata: {name: m}\ndata: {v: '${v}'}\n"})
    )


def kustomization(files: RepositoryFiles, post_build: Any) -> FluxKustomization:
    data = {
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": {"postBuild": post_build} if post_build is not None else {},
    }
    return FluxKustomization(BuiltObject(data, Origin(path="apps.yaml")), files)


def variables(files: RepositoryFiles, post_build: Any) -> Variables:
    def lookup(kind: str, namespace: str, name: str) -> Mapping[str, str] | None:
        return MAPS.get((kind, namespace, name))

    return read_variables(kustomization(files, post_build), lookup)


def apply(files: RepositoryFiles, post_build: Any, data: dict[str, Any]) -> tuple[Any, list[str]]:
    made = Substitution(
        kustomization(files, post_build), variables(files, post_build), KustomizationIndex(files)
    )
    built = made.apply(BuiltObject(data, Origin(path="map.yaml")))
    return built.data, [finding.id for finding in made.findings]


def config_map(value: Any, **metadata: Any) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": "m", **metadata}, "data": {"v": value}}


def source(name: str, kind: str = "ConfigMap", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, **more}


def test_later_sources_win_and_inline_wins_over_all(files: RepositoryFiles) -> None:
    found = variables(
        files, {"substituteFrom": [source("one"), source("two")], "substitute": {"a": "inline"}}
    )

    assert found.values == {"a": "inline", "b": "2", "c": "linebreak"}
    assert found.unseen == []


def test_line_breaks_are_removed(files: RepositoryFiles) -> None:
    assert variables(files, {"substitute": {"a": "x\ny\n"}}).values == {"a": "xy"}


def test_secrets_in_the_repository_count(files: RepositoryFiles) -> None:
    assert variables(files, {"substituteFrom": [source("seen", "Secret")]}).values == {"s": "secret"}


def test_what_is_not_here_is_unseen_unless_optional(files: RepositoryFiles) -> None:
    found = variables(
        files, {"substituteFrom": [source("gone"), source("maybe", optional=True), source("token", "Secret")]}
    )

    assert found.unseen == ["ConfigMap 'gone'", "Secret 'token'"]


@pytest.mark.parametrize(
    ("post_build", "substituted"),
    [
        (None, False),
        ({}, False),
        ({"substitute": {}}, False),
        ({"substituteFrom": [source("maybe", optional=True)]}, False),
        ({"substitute": {"other": "x"}}, True),
        ({"substituteStrategy": "Always"}, True),
        ({"substituteFrom": [source("gone")]}, True),
    ],
)
def test_nothing_happens_without_a_variable(
    files: RepositoryFiles, post_build: Any, substituted: bool
) -> None:
    data, findings = apply(files, post_build, config_map("${none:=default}"))

    assert data["data"]["v"] == ("default" if substituted else "${none:=default}")
    assert findings == []


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_disabled_objects_are_left_alone(files: RepositoryFiles, field: str) -> None:
    disabled = {field: {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}}

    data, findings = apply(files, {"substitute": {"a": "x"}}, config_map("${a} ${none}", **disabled))

    assert data["data"]["v"] == "${a} ${none}"
    assert findings == []


@pytest.mark.parametrize(
    ("value", "result"),
    [("5", 5), ("5m", "5m"), ("yes", True), ('"5"', "5"), ("", None), ("[a, b]", ["a", "b"])],
)
def test_text_is_read_again(files: RepositoryFiles, value: str, result: Any) -> None:
    data, _ = apply(files, {"substitute": {"a": value}}, config_map("${a}"))

    assert data["data"]["v"] == result


def test_every_undefined_variable_is_told_once(files: RepositoryFiles) -> None:
    text = "${v} ${v} ${w} ${x:-fine}"
    made = Substitution(
        kustomization(files, {"substitute": {"a": "1"}}),
        variables(files, {"substitute": {"a": "1"}}),
        KustomizationIndex(files),
    )

    made.apply(BuiltObject(config_map(text), Origin(path="map.yaml")))

    assert [finding.id for finding in made.findings] == ["build/undefined-variable"] * 2
    first = made.findings[0]
    assert str(first.position) == "map.yaml:3:12"
    assert "variable 'v' in ConfigMap m is not defined by Kustomization flux-system/apps" in first.message
    assert "$${v}" in first.fix


def test_unknown_variables_are_no_findings_when_a_source_is_unseen(files: RepositoryFiles) -> None:
    post_build = {"substituteFrom": [source("token", "Secret")], "substitute": {"a": "1"}}

    data, findings = apply(files, post_build, config_map("${a} ${from_secret}"))

    assert data["data"]["v"] == "1 ${from_secret}"
    assert findings == []


def test_values_that_break_the_yaml(files: RepositoryFiles) -> None:
    _, findings = apply(files, {"substitute": {"a": "x: y: z"}}, config_map("${a}"))

    assert findings == ["build/substitution"]


def test_name_that_flux_refuses(files: RepositoryFiles) -> None:
    _, findings = apply(files, {"substitute": {"my-var": "x"}}, config_map("text"))

    assert findings == ["build/variable-name"]


@pytest.mark.parametrize("value", ["${a:0:1}", "\x7f${a}", "${a//x/${a}}"])
def test_text_that_yaml_cannot_hold_is_a_finding(files: RepositoryFiles, value: str) -> None:
    _, findings = apply(files, {"substitute": {"a": "é" + "x" * 5000}}, config_map(value))

    assert findings == ["build/substitution"]
