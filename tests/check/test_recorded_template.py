"""What the answers record about the template is judged without reading anything outside the repository."""

from __future__ import annotations

import pytest

from meshwright import __version__
from meshwright.check.schema.recordedtemplate import recorded_template
from meshwright.scaffold import PUBLISHED_SOURCE
from meshwright.yaml import load_documents

COMMIT = f"_commit: v{__version__}"
SOURCE = f"_src_path: {PUBLISHED_SOURCE}"


def told(*lines: str) -> list[str]:
    document = load_documents("".join(f"{line}\n" for line in lines), ".copier-answers.yml")[0]
    return [f"{item.position.line}: {item.message}" for item in recorded_template(document)]


@pytest.mark.parametrize(
    "commit",
    [
        f"v{__version__}",
        __version__,
        "v0.0.1",
        "v99.0.0",
        "v0.0.1-12-g0123abc",
        "0123456789abcdef0123456789abcdef01234567",
        '"0123456"',
    ],
)
def test_what_copier_records(commit: str) -> None:
    assert told(f"_commit: {commit}", SOURCE) == []


@pytest.mark.parametrize(
    "source",
    [
        PUBLISHED_SOURCE.removesuffix(".git"),
        "gh:meshwright/meshwright",
        "git@github.com:meshwright/meshwright.git",
        "https://git.example.org/platform/meshwright.git",
        "https://github.com/example/meshwright.git",
        "/srv/meshwright",
    ],
)
def test_other_places_of_the_template(source: str) -> None:
    assert told(COMMIT, f"_src_path: {source}") == []


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (
            ("engine: flux",),
            [
                "1: _src_path is missing, so no update knows where the template is",
                "1: _commit is missing, so no update knows the template's version",
            ],
        ),
        (("_commit: ''", SOURCE), ["1: _commit is empty, so no update knows the template's version"]),
        (("_commit: main", SOURCE), ["1: _commit is 'main', which is neither a version nor a commit"]),
        (
            (COMMIT, "_src_path: https://github.com/meshwrihgt/meshwright.git"),
            [
                "2: _src_path is 'https://github.com/meshwrihgt/meshwright.git'; "
                f"did you mean '{PUBLISHED_SOURCE}'?"
            ],
        ),
    ],
)
def test_what_no_update_can_use(lines: tuple[str, ...], found: list[str]) -> None:
    assert told(*lines) == found
