"""The texts that `make prose` gives to Vale, and the list of what is not gone through yet."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import yaml

from scripts import prose


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise Fault("no such file here")', ["no such file here"]),
        ('raise Fault(f"{path}: no such {kind} in {root!r}")', ["X0: no such X2 in X4"]),
        ('raise Fault("one text over " f"two {kind} lines")', ["one text over two X1 lines"]),
        ("raise Fault(f\"{path}: {plural(3, 'word of code')} are there\")", ["X0: X2 are there"]),
        ('rule(title="The value is unknown", fix="name it")', ["The value is unknown", "name it"]),
        ('"""Read the repository."""', []),
        ('def helper():\n    """Say where it is."""', []),
        (
            '@app.command()\ndef check():\n    """Check the whole repository."""',
            ["Check the whole repository."],
        ),
        ('@app.callback()\ndef root():\n    """Do what is asked."""', ["Do what is asked."]),
        ('PATTERN = re.compile(r"no such (?:file|folder)")', []),
        ('NAMES = ("kustomize", "apps/demo/mesh.yaml", "KEY", "apiVersion: v1")', []),
        ('COMMAND = ["git", "rev-parse"]', []),
    ],
)
def test_texts(source: str, found: list[str]) -> None:
    assert [text for _, text in prose.texts(source)] == found


def test_a_text_has_the_line_where_it_begins() -> None:
    source = textwrap.dedent(
        '''\
        """Read the repository."""

        raise Fault(
            "the first text "
            "goes on"
        )
        '''
    )

    assert list(prose.texts(source)) == [(4, "the first text goes on")]


def test_help_messages_and_rules_are_among_them(root: Path) -> None:
    texts = {
        path.relative_to(root / prose.PACKAGE).as_posix(): " ".join(
            text for _, text in prose.texts(path.read_text(encoding="utf-8"))
        )
        for path in (root / prose.PACKAGE).rglob("*.py")
    }
    everything = " ".join(texts.values())

    assert "Minimum severity to report." in texts["commands/check.py"]
    assert "Build and validate the whole repository offline." in everything
    assert "needs Linux or macOS; on Windows run it in WSL" in texts["systems.py"]
    assert sum(bool(text) for text in texts.values()) > 150


def test_pages_are_those_that_people_write() -> None:
    pages = prose.pages()

    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/install.md"} <= set(pages)
    assert any(page.startswith("docs/decisions/") for page in pages)
    assert not [page for page in pages if page.startswith(("docs/rules", "docs/mesh-yaml"))]


def test_unfinished_names_what_is_there(root: Path) -> None:
    entries = prose.unfinished()

    assert [entry for entry in entries if not (root / entry).exists()] == []
    assert entries == sorted(set(entries))


def test_every_rule_has_both_kinds_of_cases(root: Path) -> None:
    cases = yaml.safe_load(prose.CASES.read_text(encoding="utf-8"))
    rules = {f"Meshwright.{path.stem}" for path in (root / "styles/Meshwright").glob("*.yml")}

    assert cases.keys() == rules
    for rule, sentences in cases.items():
        assert sentences["bad"], rule
        assert sentences["good"], rule


def test_every_rule_fails(root: Path) -> None:
    for path in (root / "styles/Meshwright").glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["level"] == "error", path
