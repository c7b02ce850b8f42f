"""Generates the table in docs/mesh-yaml.md from schema/mesh.schema.json; a test checks that it is current."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meshwright.resources import schema_root
from scripts.markdown import shown

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mesh-yaml.md"
START, END = "<!-- fields -->\n", "<!-- end of fields -->\n"


def table() -> str:
    """One row per field: its values, what it does, and the Linkerd version that it needs."""
    schema = json.loads((schema_root() / "mesh.schema.json").read_text(encoding="utf-8"))
    rows = ["| field | values | description |", "|---|---|---|"]
    for name, field in _fields(schema, schema, ""):
        required = " (required)" if name in schema["required"] else ""
        rows.append(f"| `{name}`{required} | {_values(field)} | {shown(field.get('description', ''))} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """The whole page with the current table."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    return f"{before}{START}{table()}{END}{rest.partition(END)[2]}"


def _fields(
    schema: dict[str, Any], part: dict[str, Any], prefix: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in part.get("properties", {}).items():
        whole = {**_resolved(schema, field), **field}
        yield f"{prefix}{name}", whole
        if whole.get("type") == "array":
            yield from _fields(schema, _resolved(schema, whole.get("items", {})), f"{prefix}{name}[].")
        # The proxy's settings of one workload are those of the application.
        elif not (name == "proxy" and prefix):
            yield from _fields(schema, whole, f"{prefix}{name}.")


def _resolved(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    reference = field.get("$ref", "")
    found: dict[str, Any] = schema["$defs"][reference.rpartition("/")[2]] if reference else field
    return found


def _values(field: dict[str, Any]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "oneOf" in field:
        return " or ".join(_values(choice) for choice in field["oneOf"])
    kinds = {
        "object": "mapping",
        "array": "list",
        "boolean": "`true`, `false`",
        "integer": "number",
        "string": "string",
    }
    shown = kinds.get(field.get("type", ""), "mapping or list")
    return f"{shown}, default `{json.dumps(field['default'])}`" if "default" in field else shown


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
