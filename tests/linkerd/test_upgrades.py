"""What is known of Linkerd's upgrades, and the questions that it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshwright.errors import MeshwrightError
from meshwright.linkerd.upgrades import (
    FILE,
    Pods,
    all_changes,
    breaking_changes,
    numbered_between,
    numbered_of,
    read_version,
    restarts,
    restarts_data_plane,
)
from meshwright.pins import load_pins
from meshwright.yaml import parse

NEW = "2026.8.3"


def ids(old: str, new: str) -> list[str]:
    return [change.id for change in breaking_changes(old, new)]


def test_the_data_has_its_form(root: Path) -> None:
    schema = json.loads((root / "schema/linkerd-upgrades.schema.json").read_text(encoding="utf-8"))

    faults = list(Draft202012Validator(schema).iter_errors(parse(FILE.read_text(encoding="utf-8"))))

    assert faults == []


def test_each_change_has_its_own_id() -> None:
    known = [change.id for change in all_changes()]

    assert len(known) == len(set(known)) >= 25


def test_layers_are_those_of_the_template(root: Path) -> None:
    text = (root / "template/includes/layers.yml").read_text(encoding="utf-8")
    known = {
        line[:-1] for line in text.splitlines() if line.endswith(":") and not line.startswith((" ", "#"))
    }
    data = parse(FILE.read_text(encoding="utf-8"))

    named = {layer for change in all_changes() for layer in change.layers} | set(data["restarts"])

    assert named <= known


def _keys(schema: dict[str, Any], before: str = "") -> Iterator[str]:
    """Every key of a chart's values, today's and those that are known to be gone."""
    for key in schema.get("x-removed", {}):
        yield f"{before}{key}"
    for key, below in schema.get("properties", {}).items():
        yield f"{before}{key}"
        yield from _keys(below, f"{before}{key}.")


def _chart_keys(root: Path, chart: str) -> set[str]:
    return set(_keys(json.loads((root / f"schema/charts/{chart}.schema.json").read_text(encoding="utf-8"))))


def test_values_are_keys_of_the_charts(root: Path) -> None:
    # Not among today's values and still read where it is false.
    gone = {("linkerd-control-plane", "networkValidator.enableSecurityContext")}
    named = {(chart, key) for it in all_changes() for chart, keys in it.values.items() for key in keys}

    assert {(chart, key) for chart, key in named if key not in _chart_keys(root, chart)} <= gone


@pytest.mark.parametrize(
    ("layer", "chart"),
    [("linkerd-control-plane",) * 2, ("linkerd-cni", "linkerd2-cni"), ("linkerd-viz",) * 2],
)
def test_restarts_name_keys_of_the_chart(root: Path, layer: str, chart: str) -> None:
    entries = parse(FILE.read_text(encoding="utf-8"))["restarts"][layer]
    named = {key for entry in entries for key in entry["changed"]} - {"version"}

    assert named <= _chart_keys(root, chart)


@pytest.mark.parametrize(
    ("text", "chart", "edge"),
    [
        ("2026.8.3", "linkerd-crds", "edge-26.8.3"),
        ("v2026.8.3", "linkerd-crds", "edge-26.8.3"),
        ("edge-26.8.3", "linkerd-viz", "edge-26.8.3"),
        ("1.16.11", "linkerd-control-plane", "edge-23.8.3"),
        ("1.9.5", "linkerd-control-plane", "edge-22.8.2"),
        ("1.11.4-edge", "linkerd-control-plane", "edge-22.8.2"),
        ("1.8.0", "linkerd-crds", "edge-23.8.3"),
        ("30.12.11", "linkerd-viz", "edge-23.8.3"),
        ("30.8.0", "linkerd2-cni", "edge-23.4.1"),
        ("30.10.0", "linkerd-multicluster", "edge-23.8.3"),
        ("stable-2.14.10", "linkerd-control-plane", "edge-23.8.3"),
        ("2.11.5", "linkerd2", "edge-21.9.5"),
        ("enterprise-2.19.1", "linkerd-control-plane", "edge-25.10.7"),
        ("2.20", "linkerd-control-plane", "edge-26.6.3"),
    ],
)
def test_a_version_is_read(text: str, chart: str, edge: str) -> None:
    assert str(read_version(text, chart)) == edge


@pytest.mark.parametrize(
    "text", ["", "latest", "1.x", ">=2026", "0.1.0", "2.99.0", "31.0.0", "edge-26.8", "2026.8"]
)
def test_what_is_no_version_is_none(text: str) -> None:
    assert read_version(text) is None


def test_versions_compare_by_number_and_not_by_letter() -> None:
    assert ids("2025.10.7", "2025.9.4") == []
    assert "gateway-api-not-installed" in ids("2025.9.3", "2025.10.1")


def test_a_change_is_crossed_when_it_is_reached_and_not_when_one_stands_on_it() -> None:
    assert "native-sidecar" in ids("2026.5.1", "2026.5.2")
    assert "native-sidecar" not in ids("2026.5.2", "2026.6.3")
    assert ids(NEW, NEW) == []


def test_changes_come_oldest_first() -> None:
    edges = [change.since for change in breaking_changes("stable-2.10.0", NEW)]

    assert edges == sorted(edges)
    assert len(edges) == len(all_changes())


def test_nothing_is_crossed_on_the_way_back() -> None:
    assert breaking_changes(NEW, "2025.10.7") == ()


def test_from_one_numbered_version_to_the_next() -> None:
    assert ids("2.19", "2.20") == ["one-proxy-image", "kubernetes-1.31", "native-sidecar"]


def test_an_unknown_version_is_refused_by_name() -> None:
    with pytest.raises(MeshwrightError, match="'latest' is not a version of Linkerd"):
        breaking_changes("latest", NEW)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (NEW, "2026.6.3", 0),
        ("2026.6.3", "2025.10.7", 1),
        ("2025.10.7", "2026.6.3", 1),
        ("2026.6.2", "2025.10.7", 0),
        (NEW, "2025.4.4", 2),
        (NEW, "stable-2.14.10", 6),
    ],
)
def test_how_far_two_versions_are_apart(one: str, other: str, apart: int) -> None:
    assert numbered_between(one, other) == apart


def test_the_numbered_version_of_a_release() -> None:
    assert [numbered_of(text) for text in ("2026.6.3", "2026.6.2", "edge-20.1.1")] == ["2.20", "2.19", ""]


def test_the_pin_is_a_version_that_can_be_compared() -> None:
    assert numbered_of(load_pins().charts["linkerd"]) >= "2.20"


def test_a_new_proxy_reaches_a_pod_when_it_is_restarted() -> None:
    found = restarts("linkerd-control-plane", ["version"])

    assert [(item.pods, item.by_itself) for item in found] == [(Pods.MESHED, False), (Pods.OWN, True)]


@pytest.mark.parametrize(
    ("layer", "changed", "expected"),
    [
        ("linkerd-control-plane", ["proxy.image.version"], True),
        ("linkerd-control-plane", ["controllerReplicas", "podMonitor.enabled"], False),
        # A name stands for all below it, and for no other that begins alike.
        ("linkerd-control-plane", ["proxyInjector.externalSecret"], False),
        ("linkerd-trust", ["Bundle/linkerd-identity-trust-roots"], True),
        ("linkerd-trust", ["Certificate/linkerd-identity-issuer"], False),
        ("namespaces", ["Namespace/shop"], True),
        ("linkerd-crds", ["version"], False),
        ("linkerd-viz", ["version"], False),
        ("linkerd-viz", ["tapInjector.resources.cpu", "tapInjector.externalSecret"], False),
        ("linkerd-viz", ["tapInjector.namespaceSelector.matchExpressions"], True),
        ("no-such-layer", ["version"], False),
    ],
)
def test_whether_the_data_plane_must_restart(layer: str, changed: list[str], expected: bool) -> None:
    assert restarts_data_plane(layer, changed) is expected
