"""`meshwright update` in a repository with several clusters: one at a time, and what it says of others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meshwright.apps.generate import generate
from meshwright.cli import app
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.update.filegroups import FileGroup, are_several, grouped
from meshwright.update.scopes import answers_file_of
from meshwright.yaml import as_written
from support.upgrades import commit, git, make_repository, real_template, release

NEXT = [
    {"append": {"file": "template/repo/README.md.jinja", "text": "\nMore.\n"}},
    {
        "append": {
            "file": "template/repo/platform/[[ cluster_name ]]/namespaces/namespaces.yaml.jinja",
            "text": "# more\n",
        }
    },
]
PRODUCTION = ".copier-answers.production.yml"


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    template = real_template(folder / "template", root)
    repository = make_repository(
        template, folder / "fleet", {"cluster_name": "home", "apps": ["demo"]}, "v0.1.0"
    )
    url = {"git_url": "https://github.com/example/home-cluster.git"}
    other = make_repository(template, folder / "other", {"cluster_name": "production", **url}, "v0.1.0")
    for place in ("platform/production", "clusters/production", "mesh/components/production"):
        shutil.copytree(other / place, repository / place)
    shutil.copy(other / ".copier-answers.yml", repository / PRODUCTION)
    assert not generate(repository, check=False, force=False, remember=False).has_errors
    commit(repository)
    release(template, NEXT, "v0.2.0")
    return repository


@pytest.fixture
def fleet(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "fleet"))


def test_one_cluster_then_the_repository_with_its_own(fleet: Path) -> None:
    mine = fleet / "platform/production/namespaces/namespaces.yaml"
    mine.write_text("# mine\n" + mine.read_text(encoding="utf-8"), encoding="utf-8")
    (fleet / "README.md").write_text("mine\n" + (fleet / "README.md").read_text(encoding="utf-8"))
    commit(fleet)
    runner = CliRunner()

    one = runner.invoke(app, ["update", str(fleet), "--cluster", "production"])

    assert one.exit_code == ExitCode.CLEAN, one.output
    changed = git(fleet, "diff", "--cached", "--name-only").splitlines()
    assert changed == [PRODUCTION, "platform/production/namespaces/namespaces.yaml"]
    assert mine.read_text(encoding="utf-8").startswith("# mine\n")
    assert "cluster production\n" in one.output
    assert "layer namespaces\n" in one.output
    assert (
        "note: the repository's own files are at v0.1.0: run meshwright update --to v0.2.0 too, which "
        "updates cluster home too, because CI runs the Meshwright of their version"
    ) in one.output
    git(fleet, "reset", "--quiet", "--hard")

    both = runner.invoke(app, ["update", str(fleet), "--format", "json"])

    assert both.exit_code == ExitCode.CLEAN, both.output
    changes = {item["path"]: item["belongs_to"] for item in json.loads(both.output)["changes"]}
    assert changes == {
        ".copier-answers.yml": "repository",
        "README.md": "repository",
        "platform/home/namespaces/namespaces.yaml": "layer namespaces",
    }
    assert json.loads(both.output)["notes"] == [
        "cluster production is at v0.1.0: meshwright update --cluster production updates it"
    ]
    assert (fleet / "README.md").read_text(encoding="utf-8").startswith("mine\n")


def test_a_cluster_is_found_by_its_answers(fleet: Path) -> None:
    assert answers_file_of(fleet, "home") == ".copier-answers.yml"
    assert answers_file_of(fleet, "production") == PRODUCTION
    with pytest.raises(MeshwrightError, match=r"--cluster prodution: no such cluster .* 'production'"):
        answers_file_of(fleet, "prodution")


def test_files_are_grouped_by_cluster_then_layer() -> None:
    paths = {
        "README.md": FileGroup("repository"),
        "apps/shop/all.yaml": FileGroup("application", "shop"),
        "mesh/components/own/kustomization.yaml": FileGroup("component", "own"),
        "clusters/a/platform/viz.yaml": FileGroup("layer", "viz", "a"),
        "platform/a/viz/values.yaml": FileGroup("layer", "viz", "a"),
        "mesh/apps/a/shop/kustomization.yaml": FileGroup("application", "shop", "a"),
        "mesh/components/a/own/kustomization.yaml": FileGroup("component", "own", "a"),
        "clusters/a/README.md": FileGroup("cluster", "", "a"),
        ".copier-answers.b.yml": FileGroup("cluster", "", "b"),
        "platform/b/viz/values.yaml": FileGroup("layer", "viz", "b"),
    }

    found = grouped(paths)

    assert {path: group for group, members in found.items() for path in members} == paths
    assert [group.title(several=True) for group in found] == [
        "application shop",
        "component own",
        "layer viz on a",
        "application shop on a",
        "component own on a",
        "cluster a",
        "layer viz on b",
        "cluster b",
        "repository",
    ]
    assert are_several(paths)
    assert not are_several(["platform/a/viz/values.yaml", "README.md", "apps/shop/all.yaml"])


def split(fleet: Path) -> None:
    """The first cluster gets an answers file of its own, as `cluster add` does."""
    own, home = fleet / ".copier-answers.yml", fleet / ".copier-answers.home.yml"
    shutil.copy(own, home)
    text, name = own.read_text(encoding="utf-8"), 'cluster_name: "home"'
    assert name in text
    own.write_text(text.replace(name, 'cluster_name: ""'), encoding="utf-8")
    commit(fleet)


def test_an_update_of_a_cluster_raises_the_repository_s_own_files_first(fleet: Path) -> None:
    split(fleet)

    done = CliRunner().invoke(app, ["update", str(fleet), "--cluster", "production"])

    assert done.exit_code == ExitCode.CLEAN, done.output
    assert git(fleet, "diff", "--cached", "--name-only").splitlines() == [
        PRODUCTION,
        ".copier-answers.yml",
        "README.md",
        "platform/production/namespaces/namespaces.yaml",
    ]
    assert (
        "note: the repository's own files are updated too, v0.1.0 -> v0.2.0, because CI runs" in done.output
    )
    commit(fleet)
    other = CliRunner().invoke(app, ["update", str(fleet), "--cluster", "home"])
    assert git(fleet, "diff", "--cached", "--name-only").splitlines() == [
        ".copier-answers.home.yml",
        "platform/home/namespaces/namespaces.yaml",
    ]
    assert "updated too" not in other.output


def test_a_conflict_of_either_is_reported_and_nothing_is_written(fleet: Path) -> None:
    split(fleet)
    mine = "platform/production/namespaces/namespaces.yaml"
    for path in ("README.md", mine):
        with (fleet / path).open("a", encoding="utf-8") as file:
            file.write("# mine\n")
    commit(fleet)

    done = CliRunner().invoke(app, ["update", str(fleet), "--cluster", "production"])

    assert done.exit_code == ExitCode.CONFLICTS
    assert f"  README.md: you and v0.2.0 changed the same lines\n  {mine}: you and" in done.output
    assert git(fleet, "status", "--porcelain") == ""


def test_other_answers_of_a_cluster_leave_the_repository_s_files(fleet: Path) -> None:
    split(fleet)

    done = CliRunner().invoke(
        app, ["update", str(fleet), "--cluster", "production", "--answers", "nodes=3", "--preview"]
    )

    assert done.exit_code == ExitCode.CLEAN, done.output
    assert "  M README.md\n" not in done.output


HEADING = "the engine{} applies the changes in this order (same number: in any order):"
CONTROL_PLANE = "    2  Kustomization flux-system/linkerd-control-plane"


def order_in(output: str) -> list[str]:
    """The lines of a preview's order, with their headings."""
    lines = output.splitlines()
    return lines[next(at for at, line in enumerate(lines) if line.startswith("the engine")) : -1]


def test_the_order_lists_roots_of_the_changed_cluster_only(fleet: Path) -> None:
    arguments = ["update", str(fleet), "--cluster", "production", "--answers", "nodes=3", "--preview"]

    shown = CliRunner().invoke(app, arguments)
    data = json.loads(CliRunner().invoke(app, [*arguments, "--format", "json"]).output)

    assert "\nanswer nodes: 1 -> 3\n" in shown.output
    listed = order_in(shown.output)
    assert listed[0] == HEADING.format("")
    assert [line for line in listed if "linkerd-control-plane" in line] == [CONTROL_PLANE]
    assert {line["cluster"] for line in data["preview"]["order"]} == {"clusters/production"}


def test_the_order_of_each_changed_cluster_stands_alone(made: Path, fleet: Path, tmp_path: Path) -> None:
    """The repository's own files are those of an application that runs on both clusters."""
    split(fleet)
    template = Path(shutil.copytree(made.parent / "template", tmp_path / "template"))
    page = "template/repo/apps/demo/pages/index.html"
    release(template, [{"append": {"file": page, "text": "<!-- more -->\n"}}], "v0.3.0")

    shown = CliRunner().invoke(app, ["update", str(fleet), "--preview", "--template", str(template)])

    assert shown.exit_code == ExitCode.CLEAN, shown.output
    assert order_in(shown.output) == [
        HEADING.format(" of clusters/home"),
        "    1  Kustomization flux-system/demo",
        HEADING.format(" of clusters/production"),
        "    1  Kustomization flux-system/demo",
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3"),
        ("3", "'3'"),
        (True, "true"),
        ("home", "home"),
        ("", "''"),
        (None, "null"),
        (["demo", "longhorn"], "[demo, longhorn]"),
        ("grün ist die Hoffnung " * 8 + ".", "grün ist die Hoffnung " * 8 + "."),
    ],
)
def test_an_answer_is_shown_as_its_file_has_it(value: object, written: str) -> None:
    assert as_written(value) == written
