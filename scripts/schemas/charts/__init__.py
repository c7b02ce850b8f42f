"""JSON Schemas of chart values, from the key trees beside this file.

A tree is the chart's values with a type in place of each value: a name of types.yml, with ``?``
where null fits too, ``list of`` such a name, or a list of the texts that are allowed. ``x-with`` takes
in the keys of a shape, ``x-shapes`` are shapes of one chart, and ``x-removed`` says of keys that
did something once what became of them: they are refused, and a reader of the schema can say why.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from meshwright.yaml import parse
from scripts.schemas.resource import Schema

_FOLDER = Path(__file__).parent
_TYPES = "types.yml"
_DRAFT = "http://json-schema.org/draft-07/schema#"


def chart_schemas() -> Iterator[tuple[PurePosixPath, Schema]]:
    """Path below schema/ and schema of the values of each chart that has a tree here."""
    types = parse((_FOLDER / _TYPES).read_text(encoding="utf-8"), _TYPES)
    for file in sorted(_FOLDER.glob("*.yml")):
        if file.name != _TYPES:
            tree = parse(file.read_text(encoding="utf-8"), file.name)
            shapes = {**types["shapes"], **tree.pop("x-shapes", {})}
            schema = _Trees(types["scalars"], shapes).schema(tree)
            title = f"Values of the chart {file.stem}"
            yield (
                PurePosixPath("charts", f"{file.stem}.schema.json"),
                {"$schema": _DRAFT, "title": title, **schema},
            )


class _Trees:
    def __init__(self, scalars: dict[str, Schema], shapes: dict[str, Any]) -> None:
        self._scalars = scalars
        self._shapes = shapes

    def schema(self, node: Any) -> Schema:
        if isinstance(node, list):
            return {"type": "string", "enum": node}
        if isinstance(node, dict):
            return self._object(node)
        if node.endswith("?"):
            return _nullable(self.schema(node.removesuffix("?")))
        if node.startswith("list of "):
            return {"type": ["array", "null"], "items": self.schema(node.removeprefix("list of "))}
        if node in self._scalars:
            return dict(self._scalars[node])
        return self.schema(self._shapes[node])

    def _object(self, node: dict[str, Any]) -> Schema:
        result: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
        for key, value in self._with_shapes(node).items():
            if key == "x-removed":
                result["x-removed"] = value
            else:
                result["properties"][key] = self.schema(value)
        return result

    def _with_shapes(self, node: dict[str, Any]) -> dict[str, Any]:
        names = node.get("x-with", [])
        taken: dict[str, Any] = {}
        for name in names if isinstance(names, list) else [names]:
            taken |= self._shapes[name]
        return taken | {key: value for key, value in node.items() if key != "x-with"}


def _nullable(schema: Schema) -> Schema:
    types = schema["type"]
    result = {**schema, "type": [*(types if isinstance(types, list) else [types]), "null"]}
    return result | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})
