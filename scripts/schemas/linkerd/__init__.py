"""Linkerd's own kinds, written by hand: no package registry carries their CRDs at the pinned edge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from scripts.schemas.linkerd import httproute, policy, workloads
from scripts.schemas.modules import file_name
from scripts.schemas.resource import Schema, resource
from scripts.schemas.sharing import share


def linkerd_kinds() -> Iterator[tuple[PurePosixPath, Schema]]:
    """Path below schema/ and schema of every version of every kind of Linkerd that is served."""
    for kind in [*policy.KINDS, *httproute.KINDS, *workloads.KINDS]:
        for version, spec in kind.specs.items():
            body: Schema = {
                "properties": {"spec": spec, "status": {}},
                "required": ["spec"] if kind.spec_required else [],
                "additionalProperties": False,
            }
            path = file_name(kind.group, version, kind.name)
            yield path, share(resource(kind.group, version, kind.name, body))
