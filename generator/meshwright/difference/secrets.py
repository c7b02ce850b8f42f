"""What is never shown: the data of Secrets, and what Flux put into other objects from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from meshwright.difference.model import Field, Key, Path
from meshwright.manifests.pointer import scalars

# A shorter one is no secret, and would stand in every other field.
_SHORTEST = 3
_SHOWN_METADATA = ("name", "namespace", "labels")


def hidden(field: Field, data: Mapping[str, Any], secrets: frozenset[str]) -> Field:
    """The field without its values when they are secret; ``secrets`` are values of variables."""
    telling = [value for value in secrets if len(value) >= _SHORTEST]
    if telling:
        field = replace(field, path=_without(field.path, telling), inner=_without(field.inner, telling))
    if _is_secret(field.path, data) or _tells(field.old, telling) or _tells(field.new, telling):
        return replace(field, old=None, new=None, hidden=True)
    return field


def _is_secret(path: Path, data: Mapping[str, Any]) -> bool:
    if data.get("kind") != "Secret":
        return False
    if path[:1] == ("metadata",):
        # An annotation may repeat the whole object, as kubectl's does.
        return len(path) < 2 or path[1] not in _SHOWN_METADATA
    return path not in (("apiVersion",), ("type",), ("immutable",))


def _tells(value: Any, telling: list[str]) -> bool:
    if not telling:
        return False
    return any(
        secret in text for found in scalars(_plain(value)) for secret in telling for text in _words(found)
    )


def _words(found: tuple[tuple[str | int, ...], Any]) -> list[str]:
    return [str(found[1]), *(str(step) for step in found[0])]


def _plain(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, tuple) else value


def _without(path: Path, telling: list[str]) -> Path:
    return tuple(
        Key((("", "…"),)) if any(secret in str(step) for secret in telling) else step for step in path
    )
