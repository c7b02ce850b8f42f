"""Pages that are made from data say what the data says."""

from __future__ import annotations

from pathlib import Path

from meshwright.apps.spec import read_spec
from scripts import mesh_yaml, rules


def test_mesh_yaml_page(root: Path) -> None:
    written = (root / "docs" / "mesh-yaml.md").read_text(encoding="utf-8")

    assert written == mesh_yaml.page(), "run python -m scripts.mesh_yaml"


def test_rules_page(root: Path) -> None:
    written = (root / "docs" / "rules.md").read_text(encoding="utf-8")

    assert written == rules.page(), "run python -m scripts.rules"


def test_every_field_is_described() -> None:
    rows = mesh_yaml.table().splitlines()[2:]

    assert len(rows) > 40
    silent = [row for row in rows if row.endswith("|  |")]
    assert silent == []


def test_the_smallest_spec_is_typed() -> None:
    spec = read_spec({"schema_version": 1, "namespace": "shop", "inject": "enabled"})

    assert spec.is_meshed
    assert spec.timeout == "10m"
