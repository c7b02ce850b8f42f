"""Reads the bases of applications: most by hand, the others by the real kustomize in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from meshwright.apps.base.built import build_bases
from meshwright.apps.base.plain import PlainReader
from meshwright.apps.model import Base
from meshwright.faults import contained
from meshwright.manifests.finding import Finding
from meshwright.yaml import Document


def read_bases(
    root: Path, paths: Iterable[str], read: Callable[[str], list[Document]] | None = None
) -> tuple[dict[str, Base], list[Finding]]:
    """The bases by path, and what is wrong with them; a base with a fault is empty.

    ``read`` gives the documents of a file by its path, from the disk unless told otherwise.

    A kustomization that only lists manifests is read here; one that changes what pods are made of,
    and one that something is wrong with, goes to kustomize.
    """
    reader = PlainReader(root, read)
    bases: dict[str, Base] = {}
    others: list[str] = []
    for path in dict.fromkeys(paths):
        plain: Base | None = None
        # Where our own reader stumbles the real kustomize decides.
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
