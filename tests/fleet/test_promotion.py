"""`meshwright promote`: the version and the edits of one cluster reach another one, or nothing does."""

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
from support.upgrades import commit, git, make_repository, real_template, release

# A fleet is made, released and updated by Copier for each of them.
pytestmark = pytest.mark.long
ANSWERS = {"cluster_name": "staging", "apps": [], "viz_host": "linkerd.home.arpa"}
PLATFORM = "template/repo/platform/[[ cluster_name ]]"
NEXT = [
    {"append": {"file": "template/repo/README.md.jinja", "text": "\nMore.\n"}},
    {"append": {"file": f"{PLATFORM}/namespaces/namespaces.yaml.jinja", "text": "# of v0.2.0\n"}},
]
VALUES = "platform/{}/linkerd-control-plane/values.yaml"
NAMESPACES = "platform/{}/namespaces/namespaces.yaml"
MORE = "platform/{}/namespaces/more.yaml"
WIRING = "clusters/{}/platform/linkerd-control-plane.yaml"


def make_fleet(folder: Path, root: Path, engine: str) -> Path:
    """Two clusters at v0.1.0, then staging and the repository at v0.2.0."""
    template = real_template(folder / "template", root)
    fleet = make_repository(template, folder / "fleet", {**ANSWERS, "engine": engine}, "v0.1.0")
    invoke("cluster", "add", "production", "--answers", "nodes=3", "--answers", "viz_host=", "-C", str(fleet))
    commit(fleet)
    release(template, NEXT, "v0.2.0")
    invoke("update", str(fleet), "--cluster", "staging")
    commit(fleet)
    return fleet


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fleet(tmp_path_factory.mktemp("promotion"), root, "flux")


@pytest.fixture
def fleet(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "fleet"))


def promote(fleet: Path, *arguments: str, clusters: tuple[str, str] = ("staging", "production")) -> Result:
    return CliRunner().invoke(app, ["promote", *clusters, *arguments, "-C", str(fleet)])


def invoke(*arguments: str) -> Result:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == ExitCode.CLEAN, done.output
    return done


def text(fleet: Path, path: str, cluster: str) -> str:
    return (fleet / path.format(cluster)).read_text(encoding="utf-8")


def append(fleet: Path, path: str, cluster: str, line: str) -> None:
    with (fleet / path.format(cluster)).open("a", encoding="utf-8") as file:
        file.write(line)


def prepend(fleet: Path, path: str, cluster: str, line: str) -> None:
    write(fleet, path, cluster, line + text(fleet, path, cluster))


def write(fleet: Path, path: str, cluster: str, content: str) -> None:
    (fleet / path.format(cluster)).write_text(content, encoding="utf-8")


def answers(fleet: Path, name: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((fleet / f".copier-answers.{name}.yml").read_text())
    return found


def staged(fleet: Path) -> list[str]:
    return git(fleet, "diff", "--cached", "--name-only", "--no-renames").splitlines()


def names(fleet: Path) -> list[str]:
    """What has changed, staged or not."""
    return git(fleet, "status", "--porcelain").splitlines()


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_the_version_and_the_edits_reach_production_alone(
    engine: str, root: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if engine == "flux":
        fleet = Path(shutil.copytree(request.getfixturevalue("made"), tmp_path / "fleet"))
    else:
        fleet = make_fleet(tmp_path, root, engine)
    prepend(fleet, VALUES, "staging", "# edited on staging\n")
    # Beside the line with the path, which names the cluster.
    old = text(fleet, WIRING, "staging")
    line = next(row for row in old.splitlines() if "platform/staging/" in row)
    indent = line[: len(line) - len(line.lstrip())]
    write(fleet, WIRING, "staging", old.replace(line, f"{line}\n{indent}# staging's"))
    write(fleet, MORE, "staging", "# See platform/staging/namespaces and platform/staging-2.\n")
    prepend(fleet, NAMESPACES, "production", "# production's own\n")
    append(fleet, "clusters/{}/README.md", "staging", "Only about staging.\n")
    commit(fleet)
    before = answers(fleet, "production")

    done = promote(fleet)

    assert done.exit_code == ExitCode.CLEAN, done.output
    paths = (".copier-answers.{}.yml", WIRING, VALUES, NAMESPACES, MORE)
    assert staged(fleet) == sorted(path.format("production") for path in paths)
    assert len(names(fleet)) == len(paths)
    assert answers(fleet, "production") == {**before, "_commit": "v0.2.0"}
    assert text(fleet, VALUES, "production").startswith("# edited on staging\n")
    assert "# staging's\n" in text(fleet, WIRING, "production")
    assert "platform/production/linkerd-control-plane" in text(fleet, WIRING, "production")
    namespaces = text(fleet, NAMESPACES, "production")
    assert namespaces.startswith("# production's own\n")
    assert namespaces.endswith("# of v0.2.0\n")
    assert text(fleet, MORE, "production") == "# See platform/production/namespaces and platform/staging-2.\n"
    head = git(fleet, "rev-parse", "HEAD")
    assert (
        f"next: git commit --message 'Promote staging to production' "
        f"--trailer 'Promoted-from: staging@{head[:12]}'\n"
    ) in done.output

    commit(fleet)
    again = promote(fleet)
    assert (again.exit_code, names(fleet)) == (ExitCode.CLEAN, [])
    assert again.output.endswith("nothing to change\n")


def test_a_preview_and_json_write_what_they_say(fleet: Path) -> None:
    prepend(fleet, VALUES, "staging", "# edited on staging\n")
    commit(fleet)

    shown = promote(fleet, "--preview")

    assert shown.exit_code == ExitCode.CLEAN, shown.output
    assert "3 files would change; nothing is written\n" in shown.output
    assert names(fleet) == []
    report = json.loads(promote(fleet, "--format", "json").output)
    assert (report["from"], report["to"], report["written"]) == ("v0.1.0", "v0.2.0", True)
    assert [item["path"] for item in report["changes"]] == staged(fleet)
    assert {item["belongs_to"] for item in report["changes"]} == {
        "cluster production",
        "layer linkerd-control-plane",
        "layer namespaces",
    }


def test_only_the_template_without_the_edits(fleet: Path) -> None:
    prepend(fleet, VALUES, "staging", "# edited on staging\n")
    commit(fleet)

    done = promote(fleet, "--only-template", "--answers", "nodes=5")

    assert done.exit_code == ExitCode.CLEAN, done.output
    assert staged(fleet) == [".copier-answers.production.yml", NAMESPACES.format("production")]
    assert answers(fleet, "production")["nodes"] == 5


@pytest.mark.parametrize(
    ("cluster", "said", "label"),
    [
        # The end of the file is where v0.2.0 appends a line.
        ("production", "you and v0.2.0 changed the same lines", "template-v0.2.0"),
        ("both", "production and staging changed the same lines", "staging"),
    ],
)
def test_a_conflict_writes_nothing_unless_it_is_wanted(
    fleet: Path, cluster: str, said: str, label: str
) -> None:
    path = NAMESPACES if cluster == "production" else VALUES
    for name in ("production",) if cluster == "production" else ("staging", "production"):
        append(fleet, path, name, f"# {name}'s\n")
    commit(fleet)

    refused = promote(fleet)

    assert refused.exit_code == ExitCode.CONFLICTS
    assert f"  {path.format('production')}: {said}\n" in refused.output
    assert "1 conflict; nothing is written. --write-conflicts writes all changes" in refused.output
    assert names(fleet) == []
    written = promote(fleet, "--write-conflicts")
    assert written.exit_code == ExitCode.CONFLICTS
    assert f"UU {path.format('production')}" in names(fleet)
    assert f">>>>>>> {label}\n" in text(fleet, path, "production")
    assert ("edits of staging are not merged yet" in written.output) == (cluster == "production")


def test_what_belongs_to_one_cluster_is_left_there_and_said(fleet: Path) -> None:
    bundle, key = "platform/{}/linkerd-trust/bundle.yaml", "platform/{}/namespaces/key.yaml"
    viz = "platform/{}/linkerd-viz/kustomization.yaml"
    prepend(fleet, bundle, "staging", "# a rotation\n")
    write(fleet, key, "staging", "kind: Secret\nsops:\n  mac: x\n")
    write(fleet, "platform/{}/namespaces/ca.yaml", "staging", "a: |\n  -----BEGIN CERTIFICATE-----\n")
    prepend(fleet, viz, "staging", "# edited\n")
    assert not (fleet / viz.format("production")).exists()
    commit(fleet)

    done = promote(fleet, "--only-template")
    assert done.exit_code == ExitCode.CLEAN, done.output
    commit(fleet)
    done = promote(fleet)

    assert (done.exit_code, staged(fleet)) == (ExitCode.CLEAN, []), done.output
    for path, why in (
        (bundle, "a trust anchor is rotated on each cluster, by meshwright trust rotate"),
        (key, "certificates and encrypted files are those of one cluster"),
        ("platform/{}/namespaces/ca.yaml", "certificates and encrypted files are those of one cluster"),
        (viz, "production has no layer linkerd-viz"),
    ):
        assert f"note: not promoted: {path.format('production')}: {why}\n" in done.output


@pytest.mark.parametrize("known", [True, False])
def test_what_production_has_undone_stays_undone(fleet: Path, known: bool) -> None:
    prepend(fleet, VALUES, "staging", "# first\n")
    commit(fleet)
    promote(fleet)
    origin = git(fleet, "rev-parse", "HEAD")[:12] if known else "0" * 12
    git(fleet, "commit", "--quiet", "--message", f"Squashed\n\n  Promoted-from: staging@{origin}\n\nMore.")
    undone = text(fleet, VALUES, "production").removeprefix("# first\n")
    write(fleet, VALUES, "production", undone)
    prepend(fleet, NAMESPACES, "staging", "# second\n")
    commit(fleet)

    done = promote(fleet)

    assert done.exit_code == ExitCode.CLEAN, done.output
    assert text(fleet, NAMESPACES, "production").startswith("# second\n")
    assert text(fleet, VALUES, "production").startswith("# first\n") != known
    assert ("is not in this clone: edits of staging that production has undone" in done.output) != known


def test_the_repository_s_own_files_come_along(fleet: Path) -> None:
    own = fleet / ".copier-answers.yml"
    own.write_text(own.read_text(encoding="utf-8").replace("v0.2.0", "v0.1.0"), encoding="utf-8")
    readme = fleet / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").removesuffix("\nMore.\n"), encoding="utf-8")
    commit(fleet)

    done = promote(fleet)

    assert done.exit_code == ExitCode.CLEAN, done.output
    assert {"README.md", ".copier-answers.yml"} <= set(staged(fleet))
    assert (
        "note: the repository's own files are updated too, v0.1.0 -> v0.2.0, because CI runs" in done.output
    )


@pytest.mark.parametrize(
    ("clusters", "said"),
    [
        (("production", "staging"), "production is at v0.1.0, older than v0.2.0 of staging: run meshwright"),
        (("staging", "staging"), "staging: name two clusters"),
        (("stagin", "production"), "did you mean 'staging'?"),
        (("staging", "edge"), "edge: no such cluster"),
    ],
)
def test_refusals(fleet: Path, clusters: tuple[str, str], said: str) -> None:
    refused = promote(fleet, clusters=clusters)

    assert isinstance(refused.exception, MeshwrightError)
    assert said in str(refused.exception)
    assert names(fleet) == []


def test_what_is_not_committed_was_not_met_by_staging(fleet: Path) -> None:
    prepend(fleet, VALUES, "staging", "# new\n")

    refused = promote(fleet)

    assert "uncommitted changes; run git commit or git stash" in str(refused.exception)


def test_a_new_question_that_staging_answered_is_said(fleet: Path) -> None:
    template = Path(str(answers(fleet, "staging")["_src_path"]))
    release(
        template,
        [{"append": {"file": "copier.yml", "text": "\nflavour:\n  type: str\n  default: plain\n"}}],
        "v0.3.0",
    )
    invoke("update", str(fleet), "--cluster", "staging", "--to", "v0.3.0", "--answers", "flavour=rich")
    commit(fleet)

    done = promote(fleet)

    assert answers(fleet, "production")["flavour"] == "plain"
    assert "note: staging answers flavour with rich: pass --answers flavour=... if" in done.output


@pytest.mark.long
def test_the_order_of_edits_updates_and_promotions_does_not_matter(fleet: Path, tmp_path: Path) -> None:
    """Production ends with the same bytes, whether staging is edited before its update or long after it."""

    def edit(number: int) -> Callable[[Path], None]:
        def change(repository: Path) -> None:
            path = (VALUES, NAMESPACES, WIRING)[number]
            prepend(repository, path, "staging", f"# edit {number}\n")
            commit(repository)

        return change

    def promotion(repository: Path) -> None:
        promote(repository)
        commit(repository)

    def update(repository: Path) -> None:
        invoke("update", str(repository), "--cluster", "production", "--to", "v0.2.0")
        commit(repository)

    orders: tuple[tuple[Callable[[Path], None], ...], ...] = (
        (edit(0), edit(1), edit(2), promotion),
        (update, edit(2), promotion, edit(0), promotion, edit(1), promotion),
        (promotion, edit(1), edit(0), promotion, edit(2), update, promotion),
    )
    found = []
    for number, order in enumerate(orders):
        repository = Path(shutil.copytree(fleet, tmp_path / f"order-{number}"))
        for step in order:
            step(repository)
        found.append(git(repository, "rev-parse", "HEAD^{tree}"))
    assert len(set(found)) == 1
