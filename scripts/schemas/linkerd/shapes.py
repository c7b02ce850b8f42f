"""The vocabulary that Linkerd's kinds are written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.schemas.resource import Schema, closed

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS_LABEL = f"^{_LABEL}$"
DNS_NAME = rf"^{_LABEL}(\.{_LABEL})*$"
API_GROUP = rf"^$|{DNS_NAME}"
KIND_NAME = "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"

BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
DURATION: Schema = {"type": "string", "format": "duration"}
OPEN: Schema = {"type": "object"}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}


@dataclass(frozen=True)
class Kind:
    """A custom resource: the schema of ``spec`` for each version that is served."""

    group: str
    name: str
    specs: dict[str, Schema]
    spec_required: bool = True


def text(pattern: str = "", *, least: int = 0, most: int = 0) -> Schema:
    """A string; ``least`` and ``most`` are lengths in characters, 0 for no bound."""
    bounds: Schema = {"pattern": pattern, "minLength": least, "maxLength": most}
    return {"type": "string", **{name: value for name, value in bounds.items() if value}}


def one_of(*values: str | int) -> Schema:
    return {"type": "string" if isinstance(values[0], str) else "integer", "enum": list(values)}


def array(items: Schema, **bounds: int) -> Schema:
    return {"type": "array", "items": items, **bounds}


def obj(properties: dict[str, Any], *required: str, exactly_one: tuple[str, ...] = ()) -> Schema:
    """A closed object; ``exactly_one`` names fields of which a value has one and no other."""
    choice = {"oneOf": [{"required": [name]} for name in exactly_one]} if exactly_one else {}
    return closed(properties, list(required), **choice)


def strings() -> Schema:
    return array(text())


LABEL_SELECTOR = obj(
    {
        "matchLabels": {"type": "object", "additionalProperties": text()},
        "matchExpressions": array(
            obj(
                {
                    "key": text(),
                    "operator": one_of("In", "NotIn", "Exists", "DoesNotExist"),
                    "values": strings(),
                },
                "key",
                "operator",
            )
        ),
    }
)
