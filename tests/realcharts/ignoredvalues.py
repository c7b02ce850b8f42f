"""Values that change nothing: each is changed alone, and the chart rendered again.

A value that one set of answers shows to be read is not tried again in another one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from meshwright.yaml import parse
from meshwright.yaml.pointer import Pointer, holds
from realcharts.helm import Helm, HelmError

Values = Mapping[str, Any]
# Linkerd's chart writes all of its values into this ConfigMap, where the injector reads the proxy's: a change
# there alone shows nothing of a misspelt value, so such a value must also be in the chart's own files.
_DUMP = "name: linkerd-config\n"
_DIGEST = "checksum/config:"


class IgnoredValues:
    """Remembers charts and values that were judged: sets of answers share most of them.

    ``workers`` is the number of renders at the same time.
    """

    def __init__(self, helm: Helm, workers: int = 2) -> None:
        self._helm = helm
        self._workers = workers
        self._known: dict[str, list[Pointer]] = {}
        self._read: set[tuple[Path, Pointer]] = set()

    def of(self, chart: Path, name: str, namespace: str, values: Values) -> list[Pointer]:
        """The values, as pointers, without which the chart renders the same; [] if helm refuses them all."""
        key = json.dumps([str(chart), name, namespace, values], sort_keys=True)
        if key not in self._known:
            self._known[key] = list(self._judge(chart, name, namespace, values))
        return self._known[key]

    def _judge(self, chart: Path, name: str, namespace: str, values: Values) -> Iterator[Pointer]:
        try:
            plain = self._helm.template(chart, name, namespace, values)
        except HelmError:
            return

        defaults = _defaults(chart)

        def changes(pointer: Pointer) -> bool:
            known = any(holds(one, pointer) for one in defaults)
            return any(
                self._differs(chart, name, namespace, one, plain, known=known)
                for one in _variants(values, pointer)
            )

        pointers = [pointer for pointer in leaves(values) if (chart, pointer) not in self._read]
        with ThreadPoolExecutor(self._workers) as pool:
            verdicts = list(pool.map(changes, pointers))
        self._read |= {(chart, pointer) for pointer, read in zip(pointers, verdicts, strict=True) if read}
        yield from (pointer for pointer, read in zip(pointers, verdicts, strict=True) if not read)

    def _differs(
        self, chart: Path, name: str, namespace: str, values: Values, plain: str, *, known: bool
    ) -> bool:
        """A refusal counts: only a value that is read can be refused."""
        try:
            found = self._helm.template(chart, name, namespace, values)
        except HelmError:
            return True
        return found != plain if known else _without_dump(found) != _without_dump(plain)


def _defaults(chart: Path) -> list[Any]:
    return [parse(file.read_text(encoding="utf-8"), file.name) for file in sorted(chart.glob("values*.yaml"))]


def _without_dump(rendered: str) -> list[str]:
    documents = rendered.split("\n---\n")
    kept = "\n---\n".join(one for one in documents if _DUMP not in one or "kind: ConfigMap" not in one)
    return [line for line in kept.splitlines() if _DIGEST not in line]


def leaves(values: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    """The pointers of all values; a list is one value, and an empty mapping too."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from leaves(value, (*pointer, key))
    elif pointer:
        yield pointer


def _variants(values: Values, pointer: Pointer) -> Iterator[Values]:
    """The values with another one at the pointer, and then without it."""
    changed: Any = copy.deepcopy(dict(values))
    parent = changed
    for step in pointer[:-1]:
        parent = parent[step]
    parent[pointer[-1]] = _another(parent[pointer[-1]])
    yield changed
    without: Any = copy.deepcopy(dict(values))
    parent = without
    for step in pointer[:-1]:
        parent = parent[step]
    del parent[pointer[-1]]
    yield without


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}-changed" if value else "changed"
    if isinstance(value, list):
        return value[:-1] if value else ["changed"]
    return {"changed": "changed"}
