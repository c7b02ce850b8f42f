"""Applications on several clusters of one repository: which, with which overrides, and what is written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meshwright.apps.generate import generate
from meshwright.apps.inspection.gathering import gather
from meshwright.cli import app
from meshwright.commands.app.look import look
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.mergepatch import merge_patch
from meshwright.yaml import parse
from support.many_apps import add_app, add_cluster, app_name, make_repository
from support.specs import lines
from support.trees import read_tree

SHOP, MAIL = app_name(0), app_name(1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_repository(tmp_path_factory.mktemp("fleet") / "fleet", 2)
    add_cluster(root, "production")
    return root


@pytest.fixture
def fleet(made: Path, tmp_path: Path) -> Path:
    """Clusters home and production with two applications; the second depends on the first."""
    return Path(shutil.copytree(made, tmp_path / "fleet"))


def extend(root: Path, name: str, text: str) -> None:
    with (root / f"apps/{name}/mesh.yaml").open("a", encoding="utf-8") as file:
        file.write(text)


def run(root: Path) -> list[str]:
    """Generate; what stands against it, as a person reads it."""
    return lines(list(generate(root, check=False, force=False, remember=False).findings))


def output(root: Path, cluster: str) -> dict[str, str]:
    """A cluster's overlays and wirings of applications by path."""
    overlays = read_tree(root / f"mesh/apps/{cluster}")
    wirings = read_tree(root / f"clusters/{cluster}/apps")
    return {**overlays, **{path: text for path, text in wirings.items() if path.startswith("app-")}}


def test_every_cluster_gets_its_own_overlay_and_wiring(fleet: Path) -> None:
    assert run(fleet) == []

    home, production = output(fleet, "home"), output(fleet, "production")
    assert home.keys() == production.keys()
    assert len(home) == 6
    for name in (SHOP, MAIL):
        wiring = parse(production[f"{name}.yaml"])
        assert wiring["metadata"]["name"] == name
        assert wiring["spec"]["path"] == f"./mesh/apps/production/{name}"
        overlay = parse(production[f"{name}/kustomization.yaml"])
        assert overlay["resources"][0] == f"../../../../apps/{name}"
        assert overlay["components"] == ["../../../components/production/inject-workloads"]
        assert parse(home[f"{name}/kustomization.yaml"])["components"] == [
            "../../../components/home/inject-workloads"
        ]
    told = CliRunner().invoke(app, ["generate", "--check", str(fleet)]).output
    assert told == "4 applications on 2 clusters: 0 stale, 4 unchanged, 0 to be removed\n"
    assert CliRunner().invoke(app, ["check", str(fleet)]).output.endswith(", 0 findings\n")


def test_an_application_runs_only_on_the_clusters_that_it_names(fleet: Path) -> None:
    run(fleet)
    before = output(fleet, "home")
    extend(fleet, MAIL, "clusters: [home]\n")

    assert run(fleet) == []

    assert output(fleet, "home") == before
    assert {path.partition("/")[0].removesuffix(".yaml") for path in output(fleet, "production")} == {SHOP}


def test_overrides_change_one_cluster(fleet: Path) -> None:
    run(fleet)
    before = output(fleet, "home")
    extend(fleet, SHOP, "overrides:\n  production: {inject: disabled, timeout: 3m}\n")
    extend(fleet, MAIL, "overrides:\n  production: {dependsOn: null}\n")

    assert run(fleet) == []

    assert output(fleet, "home") == before
    production = output(fleet, "production")
    assert "components" not in parse(production[f"{SHOP}/kustomization.yaml"])
    assert parse(production[f"{SHOP}.yaml"])["spec"]["timeout"] == "3m"
    assert [need["name"] for need in parse(production[f"{MAIL}.yaml"])["spec"]["dependsOn"]] == [
        "linkerd-gate"
    ]


def test_the_merged_whole_is_validated_and_each_value_has_its_place(fleet: Path) -> None:
    extend(
        fleet,
        SHOP,
        "timeout: 2m\n"  # line 6
        "proxy: {cpu: {request: 200m}}\n"
        "overrides:\n"
        "  production:\n"
        "    proxy: {cpu: {limit: 100m}}\n"
        "    opaquePorts: [7010-7000]\n",
    )
    extend(fleet, MAIL, "overrides: {production: {inject: maybe, nmespace: x}, home: {namespace: null}}\n")

    path, other = f"apps/{SHOP}/mesh.yaml", f"apps/{MAIL}/mesh.yaml"
    assert run(fleet) == [
        f"{path}:7:24: error: proxy.cpu.request is 200m, more than the limit 100m [mesh/proxy]",
        f"{path}:11:19: error: '7010-7000' is not a port range: use 1 to 65535, lower port first [mesh/port]",
        f"{other}:8:41: error: unknown field 'overrides.production.nmespace'; did you mean 'namespace'? "
        "[mesh/unknown]",
    ]


def test_a_merged_file_that_breaks_the_schema_is_refused_at_the_override(fleet: Path) -> None:
    extend(fleet, MAIL, "overrides:\n  production: {inject: maybe}\n  home: {namespace: null}\n")

    assert run(fleet) == [
        f"apps/{MAIL}/mesh.yaml:2:1: error: field 'namespace' is missing [mesh/required]",
        f"apps/{MAIL}/mesh.yaml:9:24: error: field 'inject' is 'maybe', and must be one of 'enabled', "
        "'ingress', 'disabled' [mesh/value]",
    ]


def test_names_that_are_no_clusters_and_overrides_without_effect(fleet: Path) -> None:
    extend(
        fleet, SHOP, "clusters: [hme, production]\noverrides: {home: {timeout: 1m}, prod: {timeout: 1m}}\n"
    )

    path = f"apps/{SHOP}/mesh.yaml"
    found = run(fleet)
    assert found[:3] == [
        f"{path}:6:12: error: clusters names 'hme', which is not a cluster of this repository; "
        "did you mean 'home'? [mesh/cluster]",
        f"{path}:7:13: error: overrides for 'home' have no effect, because clusters does not name it "
        "[mesh/cluster]",
        f"{path}:7:34: error: overrides names 'prod', which is not a cluster of this repository "
        "[mesh/cluster]",
    ]


def test_a_fault_on_one_cluster_names_it_and_one_on_all_is_reported_once(fleet: Path) -> None:
    extend(fleet, SHOP, "clusters: [home]\n")

    assert run(fleet) == [
        f"apps/{MAIL}/mesh.yaml:7:5: error: dependsOn names '{SHOP}', which is not an application or layer; "
        f"did you mean '{MAIL}'? (on production) [mesh/depends-on]"
    ]
    extend(fleet, MAIL, "createNamspace: true\n")
    assert len(run(fleet)) == 1


def test_output_of_a_cluster_without_answers_is_never_touched(fleet: Path) -> None:
    run(fleet)
    (fleet / ".copier-answers.production.yml").unlink()
    before = output(fleet, "production")
    shutil.rmtree(fleet / f"apps/{MAIL}")

    assert run(fleet) == []

    assert output(fleet, "production") == before
    assert not any(MAIL in path for path in output(fleet, "home"))
    assert "clusters/production: warning: cluster 'production' has no answers file" in (
        CliRunner().invoke(app, ["check", str(fleet)]).output
    )


def test_a_repository_without_a_cluster_has_nothing_to_generate(fleet: Path) -> None:
    (fleet / ".copier-answers.production.yml").unlink()
    file = fleet / ".copier-answers.yml"
    text = file.read_text(encoding="utf-8").replace('cluster_name: "home"', 'cluster_name: ""')
    file.write_text(text, encoding="utf-8")

    assert run(fleet) == []
    with pytest.raises(MeshwrightError, match="no cluster yet"):
        look(fleet, "shop", path=None, chart=None, charts=None, namespace=None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('cluster_name: "production"', 'cluster_name: "prod"', "rename it to .copier-answers.prod.yml"),
        ('engine: "flux"', 'engine: "argocd"', "engine is 'argocd', but 'flux' in .copier-answers.yml"),
        ("home-cluster.git", "other.git", "all clusters of a repository read the same one"),
    ],
)
def test_answers_that_do_not_fit_are_refused_and_found(fleet: Path, old: str, new: str, said: str) -> None:
    file = fleet / ".copier-answers.production.yml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    with pytest.raises(MeshwrightError, match=re.escape(said)) as refused:
        run(fleet)
    found = CliRunner().invoke(app, ["check", str(fleet)]).output

    assert ".copier-answers.production.yml: " in str(refused.value)
    assert said in " ".join(found.split())
    assert "[schema/clusters]" in found


def test_two_files_for_one_cluster(fleet: Path) -> None:
    shutil.copy(fleet / ".copier-answers.yml", fleet / ".copier-answers.home.yml")

    found = CliRunner().invoke(app, ["check", str(fleet)]).output

    assert "cluster 'home' has answers in .copier-answers.yml too" in found


def test_answers_of_another_template_are_left_alone(fleet: Path) -> None:
    (fleet / ".copier-answers.ci.yml").write_text("_src_path: gh:other/ci\nname: x\n", encoding="utf-8")
    # ssh and https lead to the same repository, and a cluster may follow a branch of its own.
    file = fleet / ".copier-answers.production.yml"
    text = file.read_text(encoding="utf-8")
    same = "ssh://git@github.com:22/example/home-cluster?ref=production"
    file.write_text(text.replace("https://github.com/example/home-cluster.git", same), encoding="utf-8")

    assert run(fleet) == []
    assert 'targetRevision: "production"' not in output(fleet, "home")[f"{SHOP}.yaml"]


def test_list_show_and_add_know_clusters(fleet: Path) -> None:
    extend(fleet, MAIL, "clusters: [production]\ndependsOn: []\n")
    spec = fleet / f"apps/{MAIL}/mesh.yaml"
    spec.write_text(
        spec.read_text(encoding="utf-8").replace(f"dependsOn:\n  - {SHOP}\n", ""), encoding="utf-8"
    )
    runner = CliRunner()

    listed = runner.invoke(app, ["app", "list", "-C", str(fleet)]).output
    only = runner.invoke(app, ["app", "list", "-C", str(fleet), "--cluster", "home"]).output
    shown = runner.invoke(app, ["app", "show", SHOP, "-C", str(fleet)]).output
    with pytest.raises(MeshwrightError, match=r"no cluster 'prodction' .*; did you mean 'production'"):
        gather(fleet, "prodction")

    assert [line.split()[:2] for line in listed.splitlines()] == [
        ["cluster", "app"],
        ["home", SHOP],
        ["production", SHOP],
        ["production", MAIL],
    ]
    assert [line.split()[0] for line in only.splitlines()] == ["app", SHOP]
    assert f"{SHOP} on home: " in shown
    assert f"{SHOP} on production: " in shown
    assert f"mesh/apps/production/{SHOP}/kustomization.yaml: not generated yet" in shown

    add_app(fleet, 7, 8)
    (fleet / f"apps/{app_name(7)}/mesh.yaml").unlink()
    added = runner.invoke(app, ["app", "add", app_name(7), "--yes", "-C", str(fleet), "--cluster", "home"])
    assert added.exit_code == ExitCode.CLEAN
    assert parse((fleet / f"apps/{app_name(7)}/mesh.yaml").read_text(encoding="utf-8"))["clusters"] == [
        "home"
    ]


@pytest.mark.parametrize(
    ("whole", "patch", "result"),
    # RFC 7396, appendix A.
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_overrides_merge_as_a_json_merge_patch(whole: object, patch: object, result: object) -> None:
    assert merge_patch(whole, patch) == result
