"""The simulator itself, on the cases of Prometheus' semantics that the PodMonitors lean on."""

from __future__ import annotations

import pytest

from monitoring.relabel import relabel


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"sourceLabels": ["port"], "action": "keep", "regex": "admin"}], None),
        (
            [{"sourceLabels": ["port"], "action": "keep", "regex": ".*-admin"}],
            {"a": "1", "port": "dest-admin"},
        ),
        ([{"sourceLabels": ["port"], "action": "drop", "regex": "dest"}], {"a": "1", "port": "dest-admin"}),
        ([{"sourceLabels": ["missing"], "targetLabel": "a"}], {"port": "dest-admin"}),
        (
            [{"sourceLabels": ["missing"], "targetLabel": "a", "regex": "(.+)"}],
            {"a": "1", "port": "dest-admin"},
        ),
        ([{"targetLabel": "job", "replacement": "x"}], {"a": "1", "port": "dest-admin", "job": "x"}),
        (
            [{"sourceLabels": ["a", "port"], "targetLabel": "b"}],
            {"a": "1", "port": "dest-admin", "b": "1;dest-admin"},
        ),
        ([{"action": "labelmap", "regex": "po(.+)"}], {"a": "1", "port": "dest-admin", "rt": "dest-admin"}),
        ([{"action": "labeldrop", "regex": "po.+"}], {"a": "1"}),
        ([{"action": "labeldrop", "regex": "po"}], {"a": "1", "port": "dest-admin"}),
    ],
)
def test_a_rule_does_what_prometheus_does(
    rules: list[dict[str, object]], expected: dict[str, str] | None
) -> None:
    assert relabel({"a": "1", "port": "dest-admin"}, rules) == expected


def test_a_regex_matches_the_whole_string_whatever_its_alternatives() -> None:
    rules = [{"sourceLabels": ["port"], "action": "keep", "regex": "x|dest"}]
    assert relabel({"port": "dest-admin"}, rules) is None
    assert relabel({"port": "dest"}, rules) == {"port": "dest"}
