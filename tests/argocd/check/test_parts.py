"""The rules of Argo CD that need no repository: patterns, images, projects, templates."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.argocd.glob import matches, permits
from meshwright.argocd.options import merge, parse_image
from meshwright.argocd.projects import destination_permitted, source_permitted
from meshwright.argocd.sources import fixed_part
from meshwright.argocd.templating import flatten, render


@pytest.mark.parametrize(
    ("pattern", "text", "separators", "fits"),
    [
        ("*", "a/b", "", True),
        ("*", "a/b", "/", False),
        ("**", "a/b", "/", True),
        ("a?c", "abc", "", True),
        ("{a,b}.yaml", "b.yaml", "", True),
        ("{*.yml,*.yaml}", "x.json", "", False),
        ("[!a]b", "ab", "", False),
        ("[a-c]b", "bb", "", True),
        ("a.b", "axb", "", False),
        ("[", "[", "", False),
        ("a\\*", "a*", "", True),
    ],
)
def test_glob(pattern: str, text: str, separators: str, fits: bool) -> None:
    assert matches(pattern, text, separators) is fits


def test_a_project_pattern_may_forbid() -> None:
    assert permits("!kube-*", "web")
    assert not permits("!kube-*", "kube-system")


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("web:2", {"name": "web", "newTag": "2"}),
        ("web=other:2", {"name": "web", "newName": "other", "newTag": "2"}),
        ("web=host:5000/other", {"name": "web", "newName": "host:5000/other"}),
        ("web=*:3", {"name": "web", "newTag": "3"}),
        ("web@sha256:ab", {"name": "web", "digest": "sha256:ab"}),
    ],
)
def test_image(text: str, image: dict[str, str]) -> None:
    assert parse_image(text) == image


def test_labels_without_selector() -> None:
    options = {"commonLabels": {"a": "b"}, "labelWithoutSelector": True, "labelIncludeTemplates": True}

    assert merge({}, options, []) == {"labels": [{"pairs": {"a": "b"}, "includeTemplates": True}]}


def test_an_image_of_the_same_name_is_replaced() -> None:
    own = {"images": [{"name": "web", "newTag": "1"}, {"name": "db", "newTag": "1"}]}

    images = merge(own, {"images": ["web:2"]}, [])["images"]

    assert images == [{"name": "db", "newTag": "1"}, {"name": "web", "newTag": "2"}]


@pytest.mark.parametrize(
    ("allowed", "url", "permitted"),
    [
        (["*"], "https://a.example.org/b/c", True),
        (["https://a.example.org/b/*"], "https://a.example.org/b/c.git", True),
        (["https://a.example.org/*"], "https://a.example.org/b/c", False),
        (["https://a.example.org/**"], "https://A.example.org/b/c", True),
        (["git@a.example.org:b/c.git"], "ssh://git@a.example.org/b/c", True),
        (["https://a.example.org/b/c"], "git@a.example.org:b/c", False),
        (["*", "!https://a.example.org/b/*"], "https://a.example.org/b/c", False),
        ([], "https://a.example.org/b/c", False),
    ],
)
def test_source(allowed: list[str], url: str, permitted: bool) -> None:
    assert source_permitted({"spec": {"sourceRepos": allowed}}, url) is permitted


HERE = "https://kubernetes.default.svc"


@pytest.mark.parametrize(
    ("entries", "destination", "permitted"),
    [
        ([{"server": HERE, "namespace": "web"}], {"server": HERE, "namespace": "web"}, True),
        ([{"server": HERE, "namespace": "web"}], {"name": "in-cluster", "namespace": "web"}, True),
        ([{"name": "in-cluster", "namespace": "*"}], {"server": HERE, "namespace": "web"}, True),
        ([{"server": HERE, "namespace": "web"}], {"server": HERE}, False),
        ([{"server": HERE, "namespace": "*"}], {"server": HERE}, True),
        ([{"server": "https://else", "namespace": "*"}], {"server": HERE, "namespace": "web"}, False),
        # Only Argo CD knows which server that is.
        ([{"server": "https://else", "namespace": "*"}], {"name": "else", "namespace": "web"}, True),
        ([{"server": "https://else", "namespace": "a"}], {"name": "else", "namespace": "web"}, False),
        (
            [{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!kube-system"}],
            {"server": HERE, "namespace": "kube-system"},
            False,
        ),
        (
            [{"server": "*", "namespace": "*"}, {"server": f"!{HERE}", "namespace": "*"}],
            {"server": HERE, "namespace": "web"},
            False,
        ),
    ],
)
def test_destination(entries: list[dict[str, str]], destination: dict[str, str], permitted: bool) -> None:
    assert destination_permitted({"spec": {"destinations": entries}}, destination) is permitted


@pytest.mark.parametrize(
    ("template", "parameters", "go", "text"),
    [
        ("{{name}}-{{ a.b }}", {"name": "x", "a": {"b": True}}, False, "x-true"),
        ("{{ .a.b }}", {"a": {"b": 1}}, True, "1"),
        ("{{.a}}", {"a": {"b": 1}}, True, "map[b:1]"),
        ("{{ .a | upper }}", {"a": "b"}, True, "B"),
        ("{{nothing}}", {}, False, "{{nothing}}"),
    ],
)
def test_template(template: str, parameters: dict[str, Any], go: bool, text: str) -> None:
    assert render({"x": [template]}, parameters if go else flatten(parameters), go) == {"x": [text]}


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [("apps/*", "apps"), ("apps/*/config.json", "apps"), ("*", ""), ("apps/web", "apps"), ("web", "web")],
)
def test_fixed_part(pattern: str, folder: str) -> None:
    assert fixed_part(pattern) == folder
