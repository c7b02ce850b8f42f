"""Every rendered object against its strict schema, by kubeconform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshwright.check.schema.kubeconform import Kubeconform
from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.check.schema.schemas import Schemas
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject, Origin
from realcharts.fault import Fault
from realcharts.installation import Installation


def schema_faults(installation: Installation, schemas: Schemas, scratch: Path) -> Iterator[Fault]:
    """What kubeconform refuses in strict mode; kinds without an embedded schema are left out."""
    checks = []
    for part, one in installation.objects():
        built = BuiltObject(one, Origin())
        schema = schemas.file(built)
        if schema is not None:
            checks.append(SchemaCheck(one, schema, _Explained(part.place, built.title), is_object=True))
    findings, _ = Kubeconform(schemas, scratch).judge(checks)
    yield from (Fault(one.position.path, one.message) for one in findings)


class _Explained:
    """kubeconform's message with the object that it is about."""

    def __init__(self, place: str, title: str) -> None:
        self._place, self._title = place, title

    def __call__(self, message: str) -> Iterator[Finding]:
        yield Finding("kubeconform/invalid", Position(self._place), f"{self._title}: {message}")
