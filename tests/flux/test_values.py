"""Merging values as Flux and Helm do, and finding the place of each."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.errors import Position
from meshwright.flux.helmrelease import ChartReference, chart_of
from meshwright.flux.values import ValuesLayer, at_path, merge
from meshwright.manifests.unit import BuiltObject, Origin


def layer(name: str, data: dict[str, Any]) -> ValuesLayer:
    return ValuesLayer(data, lambda pointer, key: Position(name, len(pointer), int(key)))


def test_mappings_merge_and_everything_else_is_replaced() -> None:
    below: dict[str, Any] = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}
    above = {"a": {"c": [3]}, "d": None, "f": {"g": 1}}

    assert merge([layer("below", below), layer("above", above)]).data == {
        "a": {"b": 1, "c": [3]},
        "d": None,
        "f": {"g": 1},
    }
    assert below["a"]["c"] == [1, 2]


def test_place_is_in_the_layer_in_force() -> None:
    merged = merge([layer("one", {"a": {"b": 1, "c": 1}}), layer("two", {"a": {"b": 2}})])

    assert merged.position(("a", "b")).path == "two"
    assert merged.position(("a", "c"), key=True) == Position("one", 2, 1)
    assert merged.position(("a", "none"), key=True) == Position("two", 1, 0)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", {"a": 1}),
        ("a.b.c", {"a": {"b": {"c": 1}}}),
        (r"a\.b.c", {"a.b": {"c": 1}}),
        ("a[0].b", None),
        ("", None),
    ],
)
def test_target_path(path: str, expected: Any) -> None:
    assert at_path(path, 1) == expected


def built(kind: str, name: str, spec: dict[str, Any]) -> BuiltObject:
    data = {"kind": kind, "metadata": {"name": name, "namespace": "ns"}, "spec": spec}
    return BuiltObject(data, Origin())


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"chart": {"spec": {"chart": "viz", "version": "1"}}}, ChartReference("viz", "1")),
        ({"chart": {"spec": {"chart": "./charts/viz"}}}, ChartReference("viz")),
        ({"chartRef": {"kind": "OCIRepository", "name": "oci"}}, ChartReference("viz", "2")),
        ({"chartRef": {"kind": "HelmChart", "name": "chart"}}, ChartReference("viz", "3")),
        ({"chartRef": {"kind": "OCIRepository", "name": "none"}}, None),
        ({}, None),
    ],
)
def test_chart(spec: dict[str, Any], expected: ChartReference | None) -> None:
    sources = {
        (item.kind, item.namespace, item.name): item
        for item in (
            built("OCIRepository", "oci", {"url": "oci://example.org/charts/viz", "ref": {"tag": "2"}}),
            built("HelmChart", "chart", {"chart": "viz", "version": "3"}),
        )
    }

    assert chart_of(built("HelmRelease", "r", spec), lambda *key: sources.get(key)) == expected
