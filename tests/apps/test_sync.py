"""Fields of mesh.yaml that change the wiring, on both engines: tests/valid/sync.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.generate import generate
from meshwright.mergepatch import merge_patch
from meshwright.yaml import dump, parse
from support.specs import SpecCase, write_case

FILE = Path(__file__).parents[1] / "valid" / "sync.yaml"
CASES: dict[str, Any] = parse(FILE.read_text(encoding="utf-8"), FILE.name)
WEB = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web, image: "example.org/web:1"}]}
"""


def generated(root: Path, mesh: dict[str, Any], engine: str) -> tuple[dict[str, Any], list[str], str]:
    """The wiring, the findings, and the wiring's text, for an application with these fields."""
    files = {
        "apps/shop/mesh.yaml": dump({"schema_version": 1, "namespace": "shop", "inject": "enabled", **mesh}),
        "apps/shop/kustomization.yaml": "resources: [web.yaml]\n",
        "apps/shop/web.yaml": WEB,
    }
    write_case(root, SpecCase("sync", files, (), {"engine": engine}))
    outcome = generate(root, check=False, force=False, remember=False)
    said = [f"{item.position}: {item.message} [{item.id}]" for item in outcome.findings]
    wiring = root / "clusters/home/apps/shop.yaml"
    text = wiring.read_text(encoding="utf-8") if wiring.exists() else ""
    return (parse(text) if text else {}), said, text


@pytest.mark.parametrize("name", CASES)
def test_wiring(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    usual, _, _ = generated(tmp_path / "usual", {}, case["engine"])

    found, said, text = generated(tmp_path / "own", case["mesh"], case["engine"])

    assert said == case.get("findings", [])
    if "findings" in case:
        assert not found, "nothing is written"
        return
    own = {"metadata": case["mesh"].get("wiring", {}).get("metadata", {})}
    wanted = merge_patch(usual, {**own, "spec": case["expect"]})
    # Null in `wiring` removes a field.
    removed = [key for key, value in case["mesh"].get("wiring", {}).get("spec", {}).items() if value is None]
    assert found == merge_patch(wanted, {"spec": dict.fromkeys(removed)})
    assert text.splitlines()[1].startswith("# Waits for linkerd-gate: ")
