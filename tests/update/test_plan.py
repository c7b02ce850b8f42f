"""What lies in the git directory of a stranger: an update believes none of it, and says so in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from meshwright.commands.update import update
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.update import applier
from meshwright.update.plan import FOLDER, INDEX, PLAN
from support.upgrades import adopt, copy, git, make_template, release

pytestmark = pytest.mark.usefixtures("renders_here")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    template = make_template(tmp_path / "template")
    made = adopt(copy(template, tmp_path / "cluster", {}, "v1.0.0"))
    release(template, [{"append": {"file": "template/README.md.jinja", "text": "more\n"}}], "v2.0.0")
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a").write_text("precious\n", encoding="utf-8")
    (victim / "b").write_text("precious\n", encoding="utf-8")
    return made


def lay(repository: Path, plan: Any, staged: bytes = b"evil\n") -> Path:
    place = repository / ".git" / FOLDER
    place.mkdir()
    text = plan if isinstance(plan, str) else json.dumps(plan)
    (place / PLAN).write_text(text, encoding="utf-8")
    (place / INDEX).write_bytes((repository / ".git/index").read_bytes())
    (place / "0").write_bytes(staged)
    return place


def plan_of(repository: Path, **more: Any) -> dict[str, Any]:
    plan = {"format": 2, "head": git(repository, "rev-parse", "HEAD"), "removed": [], "written": []}
    return {**plan, **more}


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file around the repository too, but for git's own objects."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and "objects" not in path.parts
    }


def refusal(repository: Path, **options: Any) -> str:
    before = state(repository.parent)
    with pytest.raises(MeshwrightError) as caught:
        update(repository, **options)
    assert state(repository.parent) == before
    said = str(caught.value)
    assert said.isprintable()
    return said


FOREIGN: dict[str, Callable[[Path], Any]] = {
    "as it was once": lambda root: {
        "top": str(root.parent / "victim"),
        "index": str(root.parent / "victim/index"),
        "removed": ["a"],
        "written": ["b"],
    },
    "a top": lambda root: plan_of(root, top=str(root.parent / "victim"), removed=["a"]),
    "another format": lambda root: plan_of(root, format=1),
    "no list": lambda root: plan_of(root, removed="abc"),
    "no text": lambda root: plan_of(root, written=[1]),
    "no mapping": lambda _: [1],
    "no json": lambda _: "{",
    "deep json": lambda _: "[" * 100_000,
    "up and out": lambda root: plan_of(root, removed=["../victim/a"]),
    "up in the middle": lambda root: plan_of(root, written=["platform/../../victim/b"]),
    "from the root": lambda root: plan_of(root, written=[str(root.parent / "victim/b")]),
    "a git folder": lambda root: plan_of(root, written=[".git/hooks/post-checkout"]),
    "a git folder in capitals": lambda root: plan_of(root, removed=["platform/.GIT/config"]),
    "nothing": lambda root: plan_of(root, removed=[""]),
    "a zero byte": lambda root: plan_of(root, removed=["a\0b"]),
    "escapes": lambda root: plan_of(root, removed=["../\x1b]0;pwned\x07"]),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_plan_that_is_not_ours(repository: Path, name: str) -> None:
    place = lay(repository, FOREIGN[name](repository))

    said = refusal(repository)

    assert "cannot be completed" in said
    assert "was not written by Meshwright: " in said
    assert said.endswith(f"inspect it, and remove {place}")


@pytest.mark.parametrize("what", ["removed", "written"])
def test_a_link_on_the_way(repository: Path, what: str) -> None:
    (repository / "out").symlink_to(repository.parent / "victim")
    lay(repository, plan_of(repository, **{what: ["out/a"]}))

    assert "the path 'out/a' passes through a symbolic link" in refusal(repository)


def _link(repository: Path, name: str) -> None:
    file = repository / ".git" / FOLDER / name
    file.unlink()
    file.symlink_to(repository.parent / "victim/a")


def _pipe(repository: Path, name: str) -> None:
    file = repository / ".git" / FOLDER / name
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("make", [_link, _pipe])
@pytest.mark.parametrize("name", [PLAN, INDEX, "0"])
def test_what_is_no_file(repository: Path, make: Callable[[Path, str], None], name: str) -> None:
    lay(repository, plan_of(repository, written=["README.md"]))
    make(repository, name)

    assert "is not a regular file" in refusal(repository)


def test_the_whole_place_is_a_link(repository: Path) -> None:
    place = lay(repository, plan_of(repository, removed=["README.md"]))
    place.rename(repository.parent / "victim/moved")
    place.symlink_to(repository.parent / "victim/moved")

    assert "was not written by Meshwright" in refusal(repository)


@pytest.mark.parametrize("target", ["victim", "victim/a", "victim/none"])
def test_a_link_where_the_update_makes_ready(repository: Path, target: str) -> None:
    (repository / ".git" / FOLDER).symlink_to(repository.parent / target)

    assert "cannot be created" in refusal(repository)


def test_something_was_committed_since(repository: Path) -> None:
    lay(repository, plan_of(repository, head="0" * 40, removed=["README.md"]))

    assert "something was committed since" in refusal(repository)


def test_a_preview_finishes_nothing(repository: Path) -> None:
    lay(repository, plan_of(repository, written=["README.md"]))

    assert "run `meshwright update` without --preview to complete it" in refusal(repository, preview=True)

    # The same is finished otherwise.
    with pytest.raises(MeshwrightError, match="uncommitted changes"):
        update(repository)
    assert (repository / "README.md").read_bytes() == b"evil\n"


def test_a_preview_throws_nothing_away(repository: Path) -> None:
    place = repository / ".git" / FOLDER
    place.mkdir()
    (place / "0").write_text("x", encoding="utf-8")
    before = state(repository.parent)

    assert update(repository, preview=True) is ExitCode.CLEAN

    assert state(repository.parent) == before


def test_another_file_system(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is laid where the file comes first is not written through."""
    place = applier.CheckoutPaths(repository / ".git", repository)
    lay(repository, plan_of(repository, written=["README.md"]))
    (repository / ".README.md.meshwright").symlink_to(repository.parent / "victim/a")
    really = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.parent == place.folder:
            raise OSError(18, "Invalid cross-device link")
        return really(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    applier.apply_plan(place)

    assert (repository.parent / "victim/a").read_text(encoding="utf-8") == "precious\n"
    assert (repository / "README.md").read_bytes() == b"evil\n"
    assert not os.path.lexists(repository / ".README.md.meshwright")
    assert not place.folder.exists()


def test_no_hard_links(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", link)
    place = applier.CheckoutPaths(repository / ".git", repository)
    lay(repository, plan_of(repository, written=["README.md"]))

    applier.apply_plan(place)

    assert git(repository, "status", "--porcelain") == " M README.md"


def test_a_link_of_the_template(tmp_path: Path) -> None:
    """One that stays in the checkout is brought, one that leaves it is not."""
    steps: list[Mapping[str, Any]] = [
        {"append": {"file": "copier.yml", "text": "\n_preserve_symlinks: true\n"}}
    ]
    template = make_template(tmp_path / "template", steps)
    made = adopt(copy(template, tmp_path / "cluster", {}, "v1.0.0"))
    release(template, [{"link": {"file": "template/docs", "to": "platform/home/alpha"}}], "v2.0.0")

    assert update(made) is ExitCode.CLEAN
    assert (made / "docs").readlink() == Path("platform/home/alpha")
    git(made, "reset", "--quiet", "--hard")
    (template / "template/docs").unlink()
    release(template, [{"link": {"file": "template/docs", "to": "../../victim"}}], "v3.0.0")

    with pytest.raises(MeshwrightError):
        update(made)
    assert git(made, "status", "--porcelain") == ""
