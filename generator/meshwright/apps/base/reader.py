"""Reads the bases of applications: most directly, the others with the real kustomize in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from meshwright.apps.base.built import build_bases
from meshwright.apps.base.plain import PlainReader
from meshwright.apps.model import Base
from meshwright.faults import contained
from meshwright.finding import Finding
from meshwright.yaml import Document


def read_bases(
    root: Path, paths: Iterable[str], read: Callable[[str], list[Document]] | None = None
) -> tuple[dict[str, Base], list[Finding]]:
    """The bases by path, and their findings; a base with a fault is empty.

    ``read`` returns the documents of a file by its path; by default they are read from disk.

    A kustomization that only lists manifests is read directly; kustomize builds one that modifies pods
    or has a fault.
    """
    reader = PlainReader(root, read)
    bases: dict[str, Base] = {}
    others: list[str] = []
    for path in dict.fromkeys(paths):
        plain: Base | None = None
        # If the direct reader fails, the real kustomize decides.
        with contained([], f"reading '{path}'"):
            plain = reader.read(path)
        if plain is None:
            others.append(path)
        else:
            bases[path] = plain
    if not others:
        return bases, []
    built, findings = build_bases(root, others)
    return {**bases, **built}, findings
