"""Where a template is taken from, and what a person is told about it."""

from __future__ import annotations

import contextvars
from pathlib import Path
from typing import Any

import pytest

from meshwright import limits
from meshwright.commands.update import update
from meshwright.errors import ExitCode, MeshwrightError
from support.upgrades import adopt, commit, copy, git, make_template, release, take

NEXT = [{"append": {"file": "template/README.md.jinja", "text": "more\n"}}]
Pair = tuple[Path, Path]


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A template with a newer version, and a repository made from the old one."""
    template = make_template(tmp_path / "template")
    repository = adopt(copy(template, tmp_path / "cluster", {}, "v1.0.0"))
    release(template, NEXT, "v2.0.0")
    return template, repository


def notes(repository: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> list[str]:
    capsys.readouterr()
    assert update(repository, **options) is ExitCode.CLEAN
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]


def move(repository: Path, old: Path, new: Path) -> None:
    file = repository / ".copier-answers.yml"
    file.write_text(file.read_text(encoding="utf-8").replace(str(old), str(new)), encoding="utf-8")


@pytest.mark.usefixtures("renders_here")
class TestNotes:
    def test_another_place_is_said(self, pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
        other = pair[0].with_name("other")
        git(pair[0].parent, "clone", "--quiet", str(pair[0]), "other")

        assert notes(pair[1], capsys, template=str(other)) == [
            f"note: rendered from {other}; {pair[0]} stays recorded"
        ]

    def test_the_same_place_is_not(
        self, pair: Pair, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(pair[1])

        assert notes(pair[1], capsys, template="../template") == []

    def test_a_place_changed_by_hand(self, pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
        other = pair[0].with_name("other")
        git(pair[0].parent, "clone", "--quiet", str(pair[0]), "other")
        move(pair[1], pair[0], other)
        commit(pair[1])
        (pair[1] / "mine.txt").write_text("later\n", encoding="utf-8")
        commit(pair[1])

        said = notes(pair[1], capsys)

        assert len(said) == 1
        assert f"the files were rendered from {pair[0]}; {other} was recorded since" in said[0]
        assert said[0].startswith(f"note: {pair[1]}/.copier-answers.yml:2:1: ")

    def test_a_place_changed_among_other_things(self, pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
        other = pair[0].with_name("other")
        git(pair[0].parent, "clone", "--quiet", str(pair[0]), "other")
        assert update(pair[1]) is ExitCode.CLEAN
        # In the very commit that brings a version.
        move(pair[1], pair[0], other)
        commit(pair[1])
        release(pair[0], NEXT, "v3.0.0")
        git(other, "pull", "--quiet", "--tags")

        assert len(notes(pair[1], capsys)) == 1
        commit(pair[1])
        # The next version came from there, and nobody changed it since.
        release(pair[0], NEXT, "v4.0.0")
        git(other, "pull", "--quiet", "--tags")
        assert notes(pair[1], capsys) == []

    def test_what_is_not_committed_does_not_count(self, pair: Pair) -> None:
        move(pair[1], pair[0], pair[0].with_name("other"))

        with pytest.raises(MeshwrightError, match=r"copier-answers\.yml: uncommitted changes"):
            update(pair[1])

    def test_what_a_template_says_is_printable(self, pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
        log = "# Changelog\n\n## 3.0.0\n\n- \x1b]0;pwned\x07\n::error::pwned\n"
        release(pair[0], [{"write": {"file": "CHANGELOG.md", "text": log}}], "v3.0.0")

        assert update(pair[1], preview=True) is ExitCode.CLEAN

        out = capsys.readouterr().out
        assert r"\x1b]0;pwned\x07" in out
        assert all(line.isprintable() for line in out.splitlines())


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def test_a_template_that_does_not_end(pair: Pair) -> None:
    release(pair[0], [{"write": {"file": "template/endless.jinja", "text": ENDLESS}}], "v3.0.0")

    def limited() -> None:
        limits.set_limits(["render=2"])
        update(pair[1])

    with pytest.raises(MeshwrightError) as caught:
        contextvars.copy_context().run(limited)

    assert str(caught.value) == (
        f"the template {pair[0]} takes longer than 2 s to render and was stopped; "
        "if you trust it, use --limit render=4"
    )
    assert git(pair[1], "status", "--porcelain") == ""


def test_a_submodule_of_the_template_is_not_fetched(pair: Pair, tmp_path: Path) -> None:
    """It could be any folder of this machine."""
    private = tmp_path / "private"
    private.mkdir()
    take(private, [{"write": {"file": "secret.txt", "text": "secret\n"}}])
    adopt(private)
    git(pair[0], "submodule", "--quiet", "add", str(private), "template/stolen")
    commit(pair[0], "v3.0.0")

    with pytest.raises(MeshwrightError, match=r"the template's version v3\.0\.0 cannot be rendered"):
        update(pair[1])

    assert not (pair[1] / "stolen").exists()
