"""Computes the fields in which two values differ; applied to the old value they give the new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from meshwright.difference.lists import keys_of
from meshwright.difference.model import ChangeKind, Field, Key, Path
from meshwright.yaml.canonicaltext import identity

# A longer list of texts with less than half in common is shown as a whole.
_SHORT, _HALF = 2, 0.5


def differences(old: Any, new: Any, path: Path = ()) -> Iterator[Field]:
    """Each field that differs; none if the values are equal.

    Applied to ``old`` in order, they give ``new``. The order within a list is: removed items, the new order
    of the remaining items, added items by index, and differences inside items, which are identified by their
    key or new index.
    """
    if old is new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        field = next((step for step in reversed(path) if isinstance(step, str)), "")
        keys = keys_of(field, old, new)
        yield from _keyed(old, new, keys, path) if keys and (old or new) else _placed(old, new, path)
    elif not same(old, new):
        yield Field(path, ChangeKind.CHANGED, old, new)


def same(old: Any, new: Any) -> bool:
    """Whether Kubernetes treats two values as equal: 1.0 equals 1, true does not."""
    if isinstance(old, Mapping | list) or isinstance(new, Mapping | list):
        return identity(old) == identity(new)
    if isinstance(old, bool) is not isinstance(new, bool):
        return False
    # NaN does not equal itself.
    return bool(old == new) or (old != old and new != new)


def _mappings(old: Mapping[str, Any], new: Mapping[str, Any], path: Path) -> Iterator[Field]:
    for name in sorted({**old, **new}, key=str):
        if name not in new:
            yield Field((*path, name), ChangeKind.REMOVED, old=old[name])
        elif name not in old:
            yield Field((*path, name), ChangeKind.ADDED, new=new[name])
        else:
            yield from differences(old[name], new[name], (*path, name))


def _keyed(old: list[Any], new: list[Any], keys: tuple[list[Key], list[Key]], path: Path) -> Iterator[Field]:
    before, after = (
        dict(zip(names, items, strict=True)) for names, items in zip(keys, (old, new), strict=True)
    )
    for place, (key, item) in enumerate(before.items()):
        if key not in after:
            yield Field((*path, key), ChangeKind.REMOVED, old=item, index=place)
    kept_before = tuple(key for key in before if key in after)
    kept_after = tuple(key for key in after if key in before)
    if kept_before != kept_after:
        yield Field(path, ChangeKind.REORDERED, kept_before, kept_after)
    for place, (key, item) in enumerate(after.items()):
        if key not in before:
            yield Field((*path, key), ChangeKind.ADDED, new=item, index=place)
    for key in kept_after:
        yield from differences(before[key], after[key], (*path, key))


def _is_another_list(old: list[Any], new: list[Any]) -> bool:
    """Whether both have more than two texts or numbers, so that a line for each would say less than one."""
    texts = not any(isinstance(item, Mapping | list) for item in (*old, *new))
    return texts and max(len(old), len(new)) > _SHORT and bool(old) and bool(new)


def _placed(old: list[Any], new: list[Any], path: Path) -> Iterator[Field]:
    matcher = SequenceMatcher(None, [identity(item) for item in old], [identity(item) for item in new], False)
    if _is_another_list(old, new) and matcher.ratio() < _HALF:
        yield Field(path, ChangeKind.CHANGED, old, new)
        return
    removed: list[int] = []
    added: list[int] = []
    changed: list[tuple[int, int]] = []
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what == "equal":
            continue
        pairs = min(end - start, new_end - new_start)
        changed += [(start + number, new_start + number) for number in range(pairs)]
        removed += range(start + pairs, end)
        added += range(new_start + pairs, new_end)
    # Remove from the end, so that earlier indexes stay valid.
    for place in reversed(removed):
        yield Field((*path, place), ChangeKind.REMOVED, old=old[place], index=place)
    for place in added:
        yield Field((*path, place), ChangeKind.ADDED, new=new[place], index=place)
    for before, after in changed:
        yield from differences(old[before], new[after], (*path, after))
