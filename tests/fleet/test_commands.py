"""`meshwright cluster`: the first cluster is split off, new paths only, and all of it or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from meshwright.cli import app
from meshwright.errors import ExitCode, MeshwrightError
from support.trees import read_tree
from support.upgrades import commit, git, make_repository, real_template, release

pytestmark = pytest.mark.long

Run = Callable[..., Result]
FIRST, SECOND = "home", "production"
ANSWERS = {"cluster_name": FIRST, "apps": ["demo"], "viz_host": "linkerd.home.arpa"}
# First and last line of the report. Without archives, charts in Argo CD's kustomizations are not rendered.
ENDS = {
    "flux": ("31 of 31 roots judged, 178 objects, 0 findings",) * 2,
    "argocd": ("35 of 35 roots judged, 148 objects", "0 findings; not seen: 14"),
}
NEW_HOST = ("--answers", "viz_host=linkerd.example.org")
PLACES = tuple(f"{place}/production/" for place in ("platform", "clusters", "mesh/components", "mesh/apps"))
SHARED = {".copier-answers.yml", "renovate.json"}


@pytest.fixture(scope="module", params=["flux", "argocd"])
def made(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    template = real_template(folder / "template", root)
    repository = make_repository(template, folder / "fleet", {**ANSWERS, "engine": request.param}, "v0.1.0")
    release(template, [{"append": {"file": "template/repo/README.md.jinja", "text": "\nMore.\n"}}], "v0.2.0")
    for path in ("README.md", "platform/home/linkerd-trust/bundle.yaml"):
        with (repository / path).open("a", encoding="utf-8") as file:
            file.write("# mine\n")
    commit(repository)
    return repository


@pytest.fixture
def fleet(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "fleet"))


@pytest.fixture
def run(fleet: Path) -> Run:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["cluster", *arguments, "-C", str(fleet)])

    return invoke


def answers(fleet: Path, name: str = "") -> dict[str, object]:
    file = f".copier-answers.{name}.yml" if name else ".copier-answers.yml"
    found: dict[str, object] = yaml.safe_load((fleet / file).read_text(encoding="utf-8"))
    return found


def staged(fleet: Path) -> dict[str, str]:
    lines = git(fleet, "diff", "--cached", "--name-status", "--no-renames").splitlines()
    return {path: letter for letter, _, path in (line.partition("\t") for line in lines)}


def test_the_second_cluster(fleet: Path, run: Run) -> None:
    before = answers(fleet)

    done = run("add", SECOND, "--answers", "nodes=3", *NEW_HOST)

    assert done.exit_code == ExitCode.CLEAN, done.output
    changes = staged(fleet)
    assert {path for path, letter in changes.items() if letter != "A"} == SHARED
    own = [path for path in changes if path.startswith(PLACES)]
    others = changes.keys() - set(own)
    assert len(own) > 60
    assert others == {*SHARED, *(f".copier-answers.{name}.yml" for name in (FIRST, SECOND))}
    assert (
        git(fleet, "status", "--porcelain", "--untracked-files=all").splitlines()
        == git(fleet, "diff", "--cached", "--name-status", "--no-renames").replace("\t", "  ").splitlines()
    )
    # The version of the first cluster, not the newest; its answers but for those given.
    first, second = answers(fleet, FIRST), answers(fleet, SECOND)
    assert first == before
    assert second == {**first, "cluster_name": SECOND, "nodes": 3, "viz_host": "linkerd.example.org"}
    shared = ("_commit", "_src_path", "apps", "engine", "git_url", "secrets")
    assert answers(fleet) == {**{key: before[key] for key in shared}, "cluster_name": ""}
    assert second["_commit"] == "v0.1.0"
    rules = json.loads((fleet / "renovate.json").read_text(encoding="utf-8"))["packageRules"]
    assert [rule.get("additionalBranchPrefix") for rule in rules][-2:] == [f"{FIRST}-", f"{SECOND}-"]
    assert "\nanswer nodes: 1 -> 3\n" in done.output
    assert f'follow "Bootstrap" in clusters/{SECOND}/README.md' in done.output
    commit(fleet)
    checked = CliRunner().invoke(app, ["check", str(fleet)])
    report = checked.output.splitlines()
    assert (report[0], report[-1]) == ENDS[str(first["engine"])]
    assert CliRunner().invoke(app, ["generate", "--check", str(fleet)]).exit_code == ExitCode.CLEAN


def test_links_are_not_taken_from_the_other_cluster(fleet: Path, run: Run) -> None:
    file = fleet / ".copier-answers.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f'{text}link_gateway: NodePort\nlinks: [{{name: "{SECOND}"}}]\n', encoding="utf-8")
    commit(fleet)

    alone = run("add", SECOND, *NEW_HOST)

    assert alone.exit_code == ExitCode.CLEAN, alone.output
    assert answers(fleet, FIRST)["links"] == [{"name": SECOND}]
    assert not {"links", "link_gateway"} & answers(fleet, SECOND).keys()
    git(fleet, "reset", "--quiet", "--hard")

    linked = run("add", SECOND, *NEW_HOST, "--answers", f"links=[{{name: {FIRST}}}]")

    assert linked.exit_code == ExitCode.CLEAN, linked.output
    assert answers(fleet, SECOND)["links"] == [{"name": FIRST}]
    assert f"platform/{SECOND}/linkerd-links/link-{FIRST}.yaml" in staged(fleet)


def test_a_third_one_and_away_again(fleet: Path, run: Run) -> None:
    run("add", SECOND, *NEW_HOST)
    commit(fleet)
    two = read_tree(fleet / "platform"), answers(fleet), (fleet / "renovate.json").read_text(encoding="utf-8")

    third = run("add", "third", "--from", SECOND, "--answers", "viz_host=")

    assert third.exit_code == ExitCode.CLEAN, third.output
    assert {path for path, letter in staged(fleet).items() if letter != "A"} == {"renovate.json"}
    commit(fleet)
    listed = run("list").output.splitlines()
    assert [line.split() for line in listed[:-1]] == [
        ["cluster", "version", "linkerd", "applications", "answers"],
        *(
            [name, "v0.1.0", answers_version(fleet, name), "1", f".copier-answers.{name}.yml"]
            for name in (FIRST, SECOND, "third")
        ),
    ]

    removed = run("remove", "third")

    assert removed.exit_code == ExitCode.CLEAN, removed.output
    assert "nothing is uninstalled from third" in removed.output
    commit(fleet)
    assert (read_tree(fleet / "platform"), answers(fleet)) == two[:2]
    assert (fleet / "renovate.json").read_text(encoding="utf-8") == two[2]
    assert not (fleet / "clusters/third").exists()


def answers_version(fleet: Path, name: str) -> str:
    from meshwright.fleet.listing import summaries

    return next(item.linkerd for item in summaries(fleet)[1] if item.name == name)


def test_an_application_that_names_the_cluster_keeps_it(fleet: Path, run: Run) -> None:
    run("add", SECOND, *NEW_HOST)
    with (fleet / "apps/demo/mesh.yaml").open("a", encoding="utf-8") as spec:
        spec.write("overrides: {production: {timeout: 2m}}\n")
    CliRunner().invoke(app, ["generate", str(fleet)])
    commit(fleet)

    kept = run("remove", SECOND)

    assert kept.exit_code == ExitCode.FINDINGS
    assert "overrides names 'production', which is not a cluster of this repository" in kept.output
    assert staged(fleet) == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", SECOND), "--answers viz_host=: give production another one, or an empty one: home has"),
        (("add", FIRST), "home: choose another name: the repository has this cluster already"),
        (("add", "../x"), "../x: name the cluster with 1 to 63 of a-z, 0-9 and '-'"),
        (("add", "a" * 64), "name the cluster with 1 to 63"),
        (("add", SECOND, "--from", "hme"), "--from hme: no such cluster"),
        (("add", SECOND, *NEW_HOST, "--answers", "engine=flux"), "--answers engine: leave it out"),
        (("add", SECOND, *NEW_HOST, "--answers", "nods=3"), "did you mean 'nodes'"),
        (("add", SECOND, *NEW_HOST, "--answers", "nodes=x"), "--answers nodes: "),
        (("remove", FIRST), "home: add another cluster first"),
        (("remove", "hme"), "hme: no such cluster"),
        (("remove", "hme"), "did you mean 'home'?"),
        (("add", SECOND, "--from", "zzz"), "; its clusters are home"),
    ],
)
def test_refusals(fleet: Path, run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run(*arguments)

    assert isinstance(refused.exception, MeshwrightError)
    assert said in str(refused.exception)
    assert git(fleet, "status", "--porcelain") == ""


def test_uncommitted_changes_and_existing_folders_are_refused(fleet: Path, run: Run) -> None:
    (fleet / "platform/production").mkdir()
    (fleet / "platform/production/mine.yaml").write_text("mine\n", encoding="utf-8")
    commit(fleet)
    assert "platform/production/mine.yaml: move it" in str(run("add", SECOND, *NEW_HOST).exception)
    (fleet / "README.md").write_text("edited\n", encoding="utf-8")
    assert "README.md: uncommitted changes" in str(run("add", "other", *NEW_HOST).exception)


def test_a_preview_writes_nothing(fleet: Path, run: Run) -> None:
    shown = run("add", SECOND, *NEW_HOST, "--preview")

    assert shown.exit_code == ExitCode.CLEAN, shown.output
    assert "files would change; nothing is written" in shown.output
    assert git(fleet, "status", "--porcelain") == ""
