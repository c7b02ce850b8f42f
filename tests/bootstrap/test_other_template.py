"""`meshwright new --template`: a folder or URL, at the newest release or at --ref."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright.bootstrap.creation import Request, create
from meshwright.errors import MeshwrightError
from support.upgrades import adopt, commit, make_template, release, take, write

pytestmark = pytest.mark.long

NEXT = [{"append": {"file": "template/README.md.jinja", "text": "more\n"}}]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Released as v1.0.0 and v2.0.0, with one commit after that."""
    folder = make_template(tmp_path / "template")
    release(folder, NEXT, "v2.0.0")
    take(folder, NEXT)
    commit(folder)
    return folder


def readme(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def answers(folder: Path) -> str:
    return (folder / ".copier-answers.yml").read_text(encoding="utf-8")


def refusal(request: Request) -> str:
    with pytest.raises(MeshwrightError) as refused:
        create(request)
    assert not request.folder.exists()
    return str(refused.value)


@pytest.mark.parametrize(
    ("ref", "lines", "recorded"),
    [(None, 1, '"v2.0.0"'), ("v1.0.0", 0, '"v1.0.0"'), ("main", 2, '"v2.0.0-1-g')],
)
def test_the_newest_release_or_the_named_version(
    ref: str | None, lines: int, recorded: str, template: Path, tmp_path: Path
) -> None:
    created = create(
        Request(tmp_path / "x", template=str(template), ref=ref, defaults=True, data=("name=pi", "size=4"))
    )

    assert readme(tmp_path / "x").startswith("# pi\n\ncolour: red\nsize: 4\n")
    assert readme(tmp_path / "x").count("more\n") == lines
    assert f'"_commit": {recorded}' in answers(tmp_path / "x")
    assert f'"_src_path": "{template}"' in answers(tmp_path / "x")
    assert created.note == ""


@pytest.mark.usefixtures("template")
def test_a_relative_path_is_recorded_whole_and_updated_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    create(Request(Path("x"), template="template", ref="v1.0.0", defaults=True))
    adopt(tmp_path / "x")

    subprocess.run(
        [sys.executable, "-m", "copier", "update", "--defaults", "--quiet"], cwd=tmp_path / "x", check=True
    )

    assert readme(tmp_path / "x").endswith("more\n")
    assert '"_commit": "v2.0.0"' in answers(tmp_path / "x")


def test_refusals(template: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    there = Request(tmp_path / "x", template=str(template), defaults=True)

    assert refusal(Request(tmp_path / "x", ref="v1.0.0")) == (
        "--ref v1.0.0: give --template too; without it the template of this meshwright is used"
    )
    assert refusal(Request(tmp_path / "x", template=str(template), ref="v9")) == (
        f"--ref v9: {template} has no such tag, branch or commit; its releases are v2.0.0, v1.0.0"
    )
    assert refusal(Request(tmp_path / "x", template=str(tmp_path / "plain"))) == (
        f"--template {tmp_path / 'plain'}: commit it to Git first (git init, git add --all, git commit): "
        "updates need its versions"
    )
    assert refusal(Request(tmp_path / "x", template=str(tmp_path / "nowhere"))).startswith(
        f"the template {tmp_path / 'nowhere'} does not exist"
    )
    assert refusal(Request(**{**vars(there), "data": ("size=big", "colour=pink", "nam=x")})) == (
        "-d nam=x: there is no question 'nam'; did you mean 'name'?"
    )
    assert refusal(Request(**{**vars(there), "data": ("size=big", "colour=pink")})) == (
        "-d colour=pink: choose one of red, green, blue; there is no choice 'pink'\n"
        "meshwright: -d size=big: write a whole number, such as 3; 'big' is not"
    )


def test_neither_tasks_nor_filters_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = tmp_path / "evil"
    write(evil, f"#!/bin/sh\ntouch {tmp_path / 'ran'}\ncat\n")
    evil.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f'[filter "evil"]\n  smudge = {evil}\n  clean = {evil}\n', encoding="utf-8")
    settings = tmp_path / "settings.yml"
    settings.write_text("trust: ['/']\n", encoding="utf-8")
    template = make_template(
        tmp_path / "template", [{"write": {"file": ".gitattributes", "text": "* filter=evil\n"}}]
    )
    take(template, [{"append": {"file": "copier.yml", "text": f"_tasks: ['{evil}']\n"}}])
    commit(template)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))

    create(Request(tmp_path / "x", template=str(template), defaults=True))
    assert readme(tmp_path / "x")

    told = refusal(Request(tmp_path / "y", template=str(template), ref="main", defaults=True))

    assert "tasks" in told
    assert not (tmp_path / "ran").exists()


def test_a_question_without_a_default_is_required(tmp_path: Path) -> None:
    template = make_template(
        tmp_path / "template", [{"append": {"file": "copier.yml", "text": "owner: {type: str}\n"}}]
    )

    told = refusal(Request(tmp_path / "x", template=str(template), defaults=True))

    assert told == "give -d KEY=VALUE for what has no default: owner"


def test_no_network_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "meshwright", "new", "x", "--defaults"),
            *("--template", "http://127.0.0.1:9/none.git"),
        ],
        cwd=tmp_path,
        env={**os.environ, "MESHWRIGHT_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "the template http://127.0.0.1:9/none.git cannot be read: git clone: " in done.stderr
    assert not (tmp_path / "x").exists()
