"""A great many manifests in one build: made in pieces, and the same as the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshwright.manifests import splitting
from support.repositories import check, config_map, lines

NAMES = [f"map-{number:02}" for number in range(12)]


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pieces each unit was split into; more than five manifests are many here."""
    counts: list[int] = []
    split = splitting.split

    def counted(*arguments: Any) -> object:
        found = split(*arguments)
        counts.append(len(found))
        return found

    monkeypatch.setattr(splitting, "LARGEST", 5)
    monkeypatch.setattr("meshwright.manifests.builds.split", counted)
    return counts


def many(extra: str = "", **files: str) -> dict[str, str]:
    maps = {f"maps/{name}.yaml": config_map(name) for name in NAMES}
    listed = "".join(f"  - {name}.yaml\n" for name in NAMES)
    return {**maps, "maps/kustomization.yaml": f"resources:\n{listed}{extra}", **files}


def test_a_list_of_manifests_is_built_in_pieces(tmp_path: Path, pieces: list[int]) -> None:
    report = check(tmp_path, many())

    assert report.findings == ()
    assert [root.objects for root in report.roots] == [12]
    assert pieces == [3]


@pytest.mark.parametrize("change", ["namespace: web\n", "namePrefix: a-\n", "labels: [{pairs: {a: b}}]\n"])
def test_what_changes_its_manifests_stays_whole(tmp_path: Path, pieces: list[int], change: str) -> None:
    report = check(tmp_path, many(change))

    assert report.findings == ()
    assert pieces == [1]


def test_two_of_one_name_in_different_pieces_are_seen(tmp_path: Path, pieces: list[int]) -> None:
    files = many()
    files["maps/map-11.yaml"] = config_map("map-00")

    report = check(tmp_path, files)

    assert pieces == [3, 3], "the rest is built again, in pieces too"
    assert lines(report) == ["maps/map-11.yaml:3:18 build/same-identity"]
    assert "' twice" in report.findings[0].message


def test_a_fault_in_one_piece_is_told_once(tmp_path: Path, pieces: list[int]) -> None:
    files = many()
    files["maps/map-00.yaml"] = "- no mapping\n"

    report = check(tmp_path, files)

    assert pieces == [3, 3], "the rest is built again, in pieces too"
    assert lines(report) == ["maps/map-00.yaml:1:1 build/not-a-manifest"]
    assert [(root.built, root.objects) for root in report.roots] == [(False, 11)]
