"""Kustomize's own words, put at the line at fault."""

from __future__ import annotations

from pathlib import Path

from support.repositories import check, config_map


def finding(folder: Path, kustomization: str, **files: str) -> str:
    named = {f"app/{name.replace('_', '.')}": text for name, text in files.items()}
    report = check(
        folder, {"app/kustomization.yaml": kustomization, "app/map.yaml": config_map("map"), **named}
    )
    assert [item.step for item in report.findings] == ["build"]
    return f"{report.findings[0].position} {report.findings[0].message}"


def test_json_patch_that_does_not_apply(tmp_path: Path) -> None:
    patch = "{target: {kind: ConfigMap}, patch: '[{op: remove, path: /data/none}]'}"

    said = finding(tmp_path, f"resources: [map.yaml]\npatches: [{patch}]\n")

    assert said.startswith("app/kustomization.yaml ")
    assert "/data/none" in said
    assert str(tmp_path) not in said
    assert "\n" not in said


def test_unknown_behaviour_of_a_generator(tmp_path: Path) -> None:
    text = "namespace: shop\nresources: [map.yaml]\n"
    text += "configMapGenerator: [{name: map, literals: [a=b], behavior: mrge}]\n"

    assert "app/kustomization.yaml" in finding(tmp_path, text)


def test_generated_and_written_with_one_name(tmp_path: Path) -> None:
    text = "resources: [map.yaml]\nconfigMapGenerator: [{name: map, namespace: shop, literals: [a=b]}]\n"

    assert "ConfigMap 'map' twice" in finding(tmp_path, text)


def test_strategic_patch_in_a_file(tmp_path: Path) -> None:
    text = "resources: [map.yaml]\npatches:\n- path: patch.yaml\n"

    said = finding(tmp_path, text, patch_yaml=config_map("other"))

    assert said.startswith("app/kustomization.yaml:3:3 a patch targets ConfigMap 'other'")


def test_wrong_kind(tmp_path: Path) -> None:
    assert "kind should be Kustomization or Component" in finding(
        tmp_path, "kind: Other\nresources: [map.yaml]\n"
    )


def test_a_pattern_that_kustomize_refuses(tmp_path: Path) -> None:
    change = '[{"op": "remove", "path": "/data"}]'
    patch = f"{{target: {{kind: ConfigMap, name: '(?=a)'}}, patch: '{change}'}}"

    said = finding(tmp_path, f"resources: [map.yaml]\npatches: [{patch}]\n")

    assert said.startswith("app/kustomization.yaml:2:44 name '(?=a)' is not a regular expression")
    assert "invalid perl operator: (?=" in said


def test_a_pattern_of_a_replacement(tmp_path: Path) -> None:
    source = "source: {kind: ConfigMap, name: map, fieldPath: metadata.name}"
    target = "{select: {kind: '*'}, fieldPaths: [metadata.name]}"

    said = finding(tmp_path, f"resources: [map.yaml]\nreplacements: [{{{source}, targets: [{target}]}}]\n")

    assert said.startswith("app/kustomization.yaml:2:")
    assert "kind '*' is not a regular expression" in said
