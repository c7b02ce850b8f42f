"""Backups and rejected changes are reported; what a build reads and other data are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check.leftovers import leftover_findings
from meshwright.manifests.files import RepositoryFiles
from support.repositories import write


def told(folder: Path, path: str, *used: str) -> list[str]:
    write(folder, {path: ""})
    return [f"{item.id}: {item.message}" for item in leftover_findings(RepositoryFiles(folder), {*used})]


@pytest.mark.parametrize(
    ("path", "of"),
    [
        ("apps/blog/blog.yaml.bak", "apps/blog/blog.yaml"),
        ("apps/blog/blog.yml~", "apps/blog/blog.yml"),
        ("clusters/pi/apps/blog.yaml.orig", "clusters/pi/apps/blog.yaml"),
        ("apps/blog/.blog.yaml.swp", "apps/blog/blog.yaml"),
        (
            "platform/pi/linkerd-monitoring/dashboards/a.json.old",
            "platform/pi/linkerd-monitoring/dashboards/a.json",
        ),
        (".copier-answers.yml.bak", ".copier-answers.yml"),
        ("renovate.json~", "renovate.json"),
    ],
)
def test_backups(path: str, of: str, tmp_path: Path) -> None:
    assert told(tmp_path, path) == [f"layout/backup: a backup of {of}, which nothing reads"]


@pytest.mark.parametrize("path", ["platform/pi/viz/values.yaml.rej", ".copier-answers.yml.rej"])
def test_rejected_changes(path: str, tmp_path: Path) -> None:
    of = path.removesuffix(".rej")

    assert told(tmp_path, path) == [
        f"layout/rejected: a change that could not be merged into {of}: nothing reads this file"
    ]


@pytest.mark.parametrize(
    "path",
    ["apps/db/data.bak", "apps/db/dump.sql.old", "docs/a.yaml.bak", "apps/blog/blog.bak.yaml", "apps/~"],
)
def test_data(path: str, tmp_path: Path) -> None:
    assert told(tmp_path, path) == []


def test_what_a_generator_reads(tmp_path: Path) -> None:
    assert told(tmp_path, "apps/db/seed.json.old", "apps/db/seed.json.old") == []
