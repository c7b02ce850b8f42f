"""The template's own history: versions in order, release notes between two."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.update.templaterepository import Template, fetch_template
from support.upgrades import commit, git, make_template, release

LOG = """# Changelog

## Unreleased

- not out

## [2.0.0] - 2026-10-01

- two

### Breaking

- a key is gone

## v1.1.0

- one point one

## 1.0.0

- one
"""


@pytest.fixture
def template(tmp_path: Path) -> Template:
    folder = make_template(tmp_path / "template")
    for tag in ("v1.1.0", "v1.10.0", "v1.9.0", "v2.0.0rc1", "latest"):
        release(folder, [{"append": {"file": "template/README.md.jinja", "text": f"{tag}\n"}}], tag)
    release(folder, [{"write": {"file": "CHANGELOG.md", "text": LOG}}], "v2.0.0")
    return fetch_template(str(folder), tmp_path, here=tmp_path)


def test_releases_are_ordered_as_versions_and_leave_out_the_rest(template: Template) -> None:
    assert template.releases() == ("v2.0.0", "v1.10.0", "v1.9.0", "v1.1.0", "v1.0.0")


@pytest.mark.parametrize("name", ["nope", "-v1.0.0", "v1.0.0\nv2.0.0", ""])
def test_what_is_no_version(template: Template, name: str) -> None:
    assert template.resolve(name) is None


def test_a_commit_after_a_tag_is_described(template: Template, tmp_path: Path) -> None:
    commit(tmp_path / "template")
    git(template.folder, "fetch", "--quiet", "origin", "main:main")
    head = git(tmp_path / "template", "rev-parse", "HEAD")

    found = template.resolve(head)

    assert found is not None
    assert found.name.startswith("v2.0.0-1-g")
    assert str(found.version) == "2.0.0"


def notes(template: Template, old: str, new: str) -> list[str]:
    one, other = template.resolve(old), template.resolve(new)
    assert one is not None
    assert other is not None
    return [version for version, _ in template.notes(one, other)]


def test_release_notes_are_those_between(template: Template) -> None:
    assert notes(template, "v1.0.0", "v2.0.0") == ["2.0.0", "1.1.0"]
    assert notes(template, "v1.1.0", "v2.0.0") == ["2.0.0"]
    assert notes(template, "v2.0.0", "v2.0.0") == []


def test_a_section_has_its_subsections(template: Template) -> None:
    one, other = template.resolve("v1.1.0"), template.resolve("v2.0.0")
    assert one is not None
    assert other is not None

    assert template.notes(one, other) == (("2.0.0", "- two\n\n### Breaking\n\n- a key is gone"),)


def test_short_forms_lead_to_their_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path))
    asked: list[str] = []

    def clone(url: str, *_: object) -> None:
        asked.append(url)

    monkeypatch.setattr("meshwright.update.templaterepository._clone", clone)
    for source in ("gh:a/b", "gh:/a/b.git", "gl:a/b", "git+https://host/a/b", "git@host:a/b.git"):
        fetch_template(source, tmp_path, here=tmp_path)

    assert asked == [
        "https://github.com/a/b.git",
        "https://github.com/a/b.git",
        "https://gitlab.com/a/b.git",
        "https://host/a/b",
        "git@host:a/b.git",
    ]
