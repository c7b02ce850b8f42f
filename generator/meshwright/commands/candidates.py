"""What the Tab key offers for an argument: ids of findings, and names of applications and clusters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from meshwright.commands.group import FOLDER
from meshwright.errors import MeshwrightError


def finding_ids(incomplete: str) -> list[tuple[str, str]]:
    """Ids and names of rules, and ids of other findings, each with what it means."""
    from meshwright.check.rules.registry import load_rules
    from meshwright.findingids import FINDINGS

    known = [(name, rule.title) for rule in load_rules() for name in (rule.id, rule.name)]
    known += [(id, what.meaning) for id, what in FINDINGS.items()]
    return [item for item in known if item[0].startswith(incomplete)]


def explainable(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """What finding_ids gives, and the names of applications."""
    return [*finding_ids(incomplete), *((name, "application") for name in applications(ctx, incomplete))]


def applications(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of the applications of the repository."""
    return [name for name in _folders(ctx, meshed=True) if name.startswith(incomplete)]


def new_applications(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of folders in apps/ that are no applications yet."""
    return [name for name in _folders(ctx, meshed=False) if name.startswith(incomplete)]


def clusters(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of the clusters of the repository."""
    from meshwright.apps.clusters import read_answers_files
    from meshwright.commands.root import find_root

    start = ctx.params.get("repository") or ctx.meta.get(FOLDER) or Path()
    try:
        found = read_answers_files(find_root(Path(start), generated=True))
    except (OSError, MeshwrightError):
        return []
    return [item.cluster for item in found if item.cluster and item.cluster.startswith(incomplete)]


def _folders(ctx: typer.Context, *, meshed: bool) -> Iterator[str]:
    from meshwright.commands.root import find_root
    from meshwright.manifests.inside import folders_inside

    start = ctx.params.get("repository") or ctx.meta.get(FOLDER) or Path()
    try:
        root = find_root(Path(start), generated=True)
        for name in folders_inside(root, "apps"):
            if (root / "apps" / name / "mesh.yaml").is_file() == meshed:
                yield name
    except (OSError, MeshwrightError):
        return
