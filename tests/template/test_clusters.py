"""Several clusters in one repository, by plain Copier: each answers file owns its files and nothing else.

COPIER_PYTHON is the Python whose Copier runs; ``make oldest-copier`` sets it to the oldest supported one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.upgrades import commit, git, real_template, release

pytestmark = pytest.mark.long

COPIER = (os.environ.get("COPIER_PYTHON", sys.executable), "-m", "copier")
FIRST, SECOND = "staging", "production"
REPOSITORY = ".copier-answers.yml"
FILES = {name: f".copier-answers.{name}.yml" for name in (FIRST, SECOND)}
# A change of a rendered file of each owner, and a new file in each place of the template's root.
NEXT: list[Mapping[str, Any]] = [
    {"append": {"file": "template/repo/README.md.jinja", "text": "\nMore.\n"}},
    {"append": {"file": "template/repo/.github/workflows/check.yaml.jinja", "text": "# more\n"}},
    {
        "replace": {
            "file": "template/repo/platform/[[ cluster_name ]]/linkerd-control-plane/values.yaml.jinja",
            "old": "# Meshwright scaffold",
            "new": "# A newer Meshwright scaffold",
        }
    },
    *(
        {"write": {"file": f"template/repo/{folder}NEW.md.jinja", "text": "[[ meshwright_version ]]\n"}}
        for folder in (
            *("", ".github/", "docs/", "newroot/", "apps/", "apps/new/", "mesh/", "mesh/components/"),
            *("platform/", "clusters/", "platform/[[ cluster_name ]]/", "clusters/[[ cluster_name ]]/"),
            "mesh/components/[[ cluster_name ]]/",
        )
    ),
]


def copier(*arguments: str | Path, status: int | None = 0) -> str:
    done = subprocess.run(
        [*COPIER, *arguments], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert status in (done.returncode, None), done.stderr[-3000:]
    # An answers file that is read where it is absent would be a warning at each update.
    assert "MissingFileWarning" not in done.stderr
    return done.stdout + done.stderr


def owner(path: str) -> str:
    """The answers file that renders a path."""
    parts = path.split("/")
    for name, file in FILES.items():
        own = parts[:2] in (["platform", name], ["clusters", name]) or parts[:3] == [
            "mesh",
            "components",
            name,
        ]
        if path == file or own:
            return file
    return REPOSITORY


def changed(folder: Path) -> dict[str, str]:
    """Changed and untracked paths with git's letters."""
    git(folder, "add", "--all")
    lines = git(folder, "diff", "--cached", "--name-status", "--no-renames").splitlines()
    return {path: letter for letter, _, path in (line.partition("\t") for line in lines)}


@dataclass(frozen=True)
class Fleet:
    """A template with v0.1.0 and v0.2.0, and a repository at v0.1.0 with ``edits`` of the user."""

    template: Path
    repository: Path
    edits: Mapping[str, str]


def edited(repository: Path) -> dict[str, str]:
    """Edits of files of every owner, committed; path -> the last line that was added."""
    found = {}
    for pattern in ("README.md", ".github/workflows/*.yaml", "clusters/*/platform/linkerd-viz.yaml"):
        for file in repository.glob(pattern):
            found[file.relative_to(repository).as_posix()] = f"# mine, {file.name}"
    for pattern in ("platform/*/linkerd-trust/bundle.yaml", "mesh/components/*/inject-jobs/*.yaml"):
        for file in repository.glob(pattern):
            found[file.relative_to(repository).as_posix()] = f"# mine, {file.name}"
    for path, line in found.items():
        with (repository / path).open("a", encoding="utf-8") as text:
            text.write(f"{line}\n")
    (repository / "docs").mkdir(exist_ok=True)
    (repository / "docs/mine.md").write_text("mine\n", encoding="utf-8")
    commit(repository)
    return found


def split(repository: Path) -> None:
    """Give the first cluster an answers file of its own, as docs/clusters.md says."""
    answers = yaml.safe_load((repository / REPOSITORY).read_text(encoding="utf-8"))
    header = (repository / REPOSITORY).read_text(encoding="utf-8").partition("\n")[0]
    shared = ("_commit", "_src_path", "apps", "engine", "git_url", "secrets")
    for path, given in (
        (FILES[FIRST], answers),
        (REPOSITORY, {key: answers[key] for key in shared} | {"cluster_name": ""}),
    ):
        lines = [f"{key}: {json.dumps(given[key])}" for key in sorted(given)]
        (repository / path).write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    commit(repository)


@pytest.fixture(scope="module", params=["flux", "argocd"])
def made(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    folder = tmp_path_factory.mktemp("fleet")
    template = real_template(folder / "template", root)
    release(template, NEXT, "v0.2.0")
    repository = folder / "repository"
    given = (
        "-d",
        f"cluster_name={FIRST}",
        "-d",
        f"engine={request.param}",
        "-d",
        "viz_host=linkerd.home.arpa",
    )
    copier("copy", "-l", "-r", "v0.1.0", *given, "-d", "apps=[demo]", template, repository)
    git(repository, "init", "--quiet", "--initial-branch=main")
    commit(repository)
    edits = edited(repository)
    add = (
        "copy",
        "-l",
        "-r",
        "v0.1.0",
        "-a",
        FILES[SECOND],
        "-d",
        "nodes=3",
        "-d",
        "viz_host=l5d.example.org",
    )
    copier(*add, template, repository)
    new = changed(repository)
    # With edits of everything, nothing that exists changes, and what is new belongs to the second cluster.
    assert set(new.values()) == {"A"}
    assert {owner(path) for path in new} == {FILES[SECOND]}
    assert {path.partition("/")[0] for path in new} == {"platform", "clusters", "mesh", FILES[SECOND]}
    commit(repository)
    edits |= edited(repository)
    split(repository)
    return Fleet(template, repository, edits)


@pytest.fixture
def fleet(made: Fleet, tmp_path: Path) -> Fleet:
    return Fleet(made.template, Path(shutil.copytree(made.repository, tmp_path / "fleet")), made.edits)


def update(fleet: Fleet, file: str, to: str = "v0.2.0") -> dict[str, str]:
    copier("update", "-l", "-r", to, "-a", file, fleet.repository)
    return changed(fleet.repository)


def assert_edits_kept(fleet: Fleet) -> None:
    for path, line in fleet.edits.items():
        assert line in (fleet.repository / path).read_text(encoding="utf-8").splitlines(), path


def test_the_second_cluster_gets_the_repository_url_and_engine_of_the_first(fleet: Fleet) -> None:
    first, second = (
        yaml.safe_load((fleet.repository / file).read_text(encoding="utf-8")) for file in FILES.values()
    )

    assert (first["cluster_name"], second["cluster_name"]) == (FIRST, SECOND)
    assert second["git_url"] == first["git_url"] == f"https://github.com/example/{FIRST}-cluster.git"
    assert second["engine"] == first["engine"]
    assert (first["nodes"], second["nodes"]) == (1, 3)
    assert second["apps"] == ["demo"]


def test_the_split_changes_nothing_else_and_is_complete(fleet: Fleet) -> None:
    paths = git(fleet.repository, "diff", "--name-only", "HEAD^").splitlines()
    assert sorted(paths) == sorted([REPOSITORY, FILES[FIRST]])

    for file in (REPOSITORY, FILES[FIRST]):
        # Copier may write the answers in another way, but no file of the repository changes.
        assert update(fleet, file, "v0.1.0").keys() <= {file}
        git(fleet.repository, "reset", "--quiet", "--hard")
        given = yaml.safe_load((fleet.repository / file).read_text(encoding="utf-8"))
        copier("update", "-l", "-r", "v0.1.0", "-a", file, fleet.repository)
        assert yaml.safe_load((fleet.repository / file).read_text(encoding="utf-8")) == given
        git(fleet.repository, "reset", "--quiet", "--hard")


def test_each_update_changes_its_own_files_in_every_order(fleet: Fleet) -> None:
    owners = (REPOSITORY, *FILES.values())
    for file in owners:
        git(fleet.repository, "switch", "--quiet", "--create", f"only{file}", "main")
        paths = update(fleet, file)
        assert {owner(path) for path in paths} == {file}
        assert file in paths
        assert_edits_kept(fleet)
        news = {path for path in paths if path.endswith("NEW.md")}
        assert len(news) == (10 if file == REPOSITORY else 3)
        commit(fleet.repository)

    git(fleet.repository, "switch", "--quiet", "--create", "merged", "main")
    for file in owners:
        git(fleet.repository, "merge", "--quiet", "--no-edit", f"only{file}")
    merged = git(fleet.repository, "rev-parse", "HEAD^{tree}")
    git(fleet.repository, "switch", "--quiet", "--create", "backwards", "main")
    for file in reversed(owners):
        assert {owner(path) for path in update(fleet, file)} == {file}
        commit(fleet.repository)

    assert_edits_kept(fleet)
    assert git(fleet.repository, "rev-parse", "HEAD^{tree}") == merged


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("-d", "cluster_name=other"), "use the name in the answers file's name"),
        (("-a", "answers.yml", "-d", "cluster_name=third"), "use the name in the answers file's name"),
    ],
)
def test_a_cluster_that_does_not_fit_is_refused(fleet: Fleet, wrong: Sequence[str], said: str) -> None:
    file = () if "-a" in wrong else ("-a", ".copier-answers.third.yml")

    refused = copier("copy", "-l", "-r", "v0.1.0", *file, *wrong, fleet.template, fleet.repository, status=1)

    assert said in " ".join(refused.split())
    assert changed(fleet.repository) == {}


def test_a_given_scope_renders_nothing_of_another_owner(fleet: Fleet) -> None:
    for file, scope in ((REPOSITORY, "cluster"), (FILES[SECOND], "repository")):
        given = ("-d", f"scope={scope}", "-d", "apps=[demo]")
        copier("update", "-l", "-r", "v0.1.0", "-a", file, *given, fleet.repository, status=None)

        assert {owner(path) for path in changed(fleet.repository)} <= {file}
        git(fleet.repository, "reset", "--quiet", "--hard")
