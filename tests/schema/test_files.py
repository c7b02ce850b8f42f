"""Every embedded schema stands alone, is closed, and has the name that kubeconform asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft7Validator

from meshwright.pins import load_pins

DRAFTS = {
    "http://json-schema.org/draft-04/schema#": Draft4Validator,
    "http://json-schema.org/draft-07/schema#": Draft7Validator,
}
MINORS = ["1.34", "1.35", "1.36", "1.37"]


def read(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def files(schemas: Path, *folders: str) -> list[Path]:
    found = [file for folder in folders for file in sorted((schemas / folder).rglob("*")) if file.is_file()]
    assert found
    return found


def subschemas(schema: Any, *, rule: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every schema inside a schema; True with those that only judge a value described elsewhere."""
    if not isinstance(schema, dict):
        return
    yield schema, rule
    for keyword in ("properties", "definitions"):
        for value in schema.get(keyword, {}).values():
            yield from subschemas(value, rule=rule)
    for keyword in ("items", "additionalProperties"):
        yield from subschemas(schema.get(keyword), rule=rule)
    yield from subschemas(schema.get("not"), rule=True)
    for keyword in ("oneOf", "anyOf", "allOf"):
        for value in schema.get(keyword, ()):
            yield from subschemas(value, rule=True)


def test_every_object_with_fields_is_closed(schemas: Path) -> None:
    for file in files(schemas, "kubernetes", "crds", "charts"):
        for schema, rule in subschemas(read(file)):
            if "properties" in schema and not rule:
                assert schema.get("additionalProperties") is False, f"{file}: {sorted(schema['properties'])}"


def test_references_stay_in_the_file(schemas: Path) -> None:
    for file in files(schemas, "kubernetes", "crds", "charts"):
        whole = read(file)
        assert "id" not in whole
        assert "$id" not in whole
        assert whole["$schema"] in DRAFTS, file
        for schema, _ in subschemas(whole):
            if isinstance(schema.get("$ref"), str):
                folder, _, name = schema["$ref"].rpartition("/")
                assert folder == "#/definitions", f"{file}: {schema['$ref']}"
                assert name in whole["definitions"], f"{file}: {schema['$ref']}"


def test_prose_is_left_out(schemas: Path) -> None:
    for file in files(schemas, "kubernetes", "crds", "charts"):
        for schema, _ in subschemas(read(file)):
            assert not isinstance(schema.get("description"), str), file


def test_names_are_those_that_kubeconform_asks_for(schemas: Path) -> None:
    for file in files(schemas, "kubernetes", "crds"):
        properties = read(file)["properties"]
        (api_version,), (kind,) = properties["apiVersion"]["enum"], properties["kind"]["enum"]
        group, _, version = api_version.rpartition("/")
        if "crds" in file.parts:
            assert (file.parent.name, file.name) == (group, f"{kind.lower()}_{version}.json")
        else:
            prefix = f"{group.split('.')[0]}-" if group else ""
            assert file.name == f"{kind.lower()}-{prefix}{version}.json"


def test_one_folder_for_each_minor(schemas: Path) -> None:
    assert sorted(folder.name for folder in (schemas / "kubernetes").iterdir()) == [
        f"v{minor}.0" for minor in MINORS
    ]
    assert load_pins().kubernetes in MINORS


@pytest.mark.parametrize("minor", MINORS)
def test_kubeconform_compiles_every_schema_without_the_network(
    schemas: Path, conform: Any, minor: str
) -> None:
    objects = {}
    for file in files(schemas, f"kubernetes/v{minor}.0", "crds"):
        properties = read(file)["properties"]
        objects[f"{file.parent.name}.{file.stem}"] = {
            "apiVersion": properties["apiVersion"]["enum"][0],
            "kind": properties["kind"]["enum"][0],
            "metadata": {"name": "x", "lables": {}},
        }
    verdicts = conform(objects, kubernetes=minor)
    assert verdicts.keys() == objects.keys()
    for name, verdict in verdicts.items():
        assert verdict.status == "invalid", f"{name}: {verdict}"
        assert "'lables' not allowed" in verdict.message, f"{name}: {verdict}"


def test_hand_written_schemas_are_valid_schemas(schemas: Path) -> None:
    """kubeconform's compiler checks the others; these it checks too, or never sees."""
    hand_written = [file for file in files(schemas, "crds", "charts") if "linkerd" in file.as_posix()]
    assert len(hand_written) > 20
    for file in [*hand_written, schemas / "charts" / "trust-manager.schema.json"]:
        whole = read(file)
        DRAFTS[whole["$schema"]].check_schema(whole)
        for schema, _ in subschemas(whole):
            if isinstance(schema.get("pattern"), str):
                re.compile(schema["pattern"])


@pytest.mark.parametrize("folder", ["kubernetes", "crds", "charts"])
def test_text_is_as_the_generator_writes_it(schemas: Path, folder: str) -> None:
    """One newline at the end and no carriage return, on any machine: byte for byte the same files."""
    for file in files(schemas, folder):
        content = file.read_bytes()
        assert content.endswith(b"}\n"), file
        assert b"\r" not in content, file
