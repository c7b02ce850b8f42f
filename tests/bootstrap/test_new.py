"""`meshwright new` without questions: folders, answers, and files that are all there or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright.bootstrap import creation
from meshwright.bootstrap.creation import Request, create
from meshwright.errors import MeshwrightError
from support.trees import read_tree
from support.upgrades import git


def refusal(request: Request) -> list[str]:
    with pytest.raises(MeshwrightError) as refused:
        create(request)
    assert all("\n" not in str(fault) for fault in refused.value.args)
    return [str(fault) for fault in refused.value.args]


def make(folder: Path, *data: str) -> Path:
    create(Request(folder, defaults=True, data=data))
    return folder


class TestFolders:
    def test_parents_are_made_and_only_the_repository_is_left(self, tmp_path: Path) -> None:
        created = create(Request(tmp_path / "a/b/home", defaults=True))

        assert created.files == len(read_tree(tmp_path / "a/b/home"))
        assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["home"]
        assert (tmp_path / "a/b/home").stat().st_mode & 0o777 == 0o777 & ~_umask()

    def test_the_current_folder_serves_when_it_is_empty(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        create(Request(Path(), defaults=True))

        assert (Path() / ".copier-answers.yml").is_file()
        assert not list(tmp_path.glob(".meshwright-*"))

    def test_a_fresh_clone_is_empty_too(self, tmp_path: Path) -> None:
        folder = tmp_path / "home"
        folder.mkdir()
        git(folder, "init", "--quiet")

        make(folder)

        assert (folder / "README.md").is_file()
        assert (folder / ".git/HEAD").is_file()

    def test_a_folder_with_files_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").touch()
        (tmp_path / "b.txt").touch()

        assert refusal(Request(tmp_path, defaults=True)) == [
            f"{tmp_path}: name a new or an empty folder, such as `meshwright new my-cluster`: "
            "this one contains a.txt and 1 more"
        ]
        assert len(list(tmp_path.iterdir())) == 2

    def test_a_file_and_a_link_to_nothing_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "link").symlink_to("nowhere")

        assert refusal(Request(tmp_path / "file")) == [
            f"{tmp_path / 'file'}: name a new folder instead: this is a file"
        ]
        assert refusal(Request(tmp_path / "link")) == [
            f"{tmp_path / 'link'}: name a new folder instead: this is a broken symbolic link"
        ]

    def test_a_generated_repository_is_updated_instead(self, tmp_path: Path) -> None:
        folder = make(tmp_path / "home")
        before = read_tree(folder)

        assert refusal(Request(folder, defaults=True)) == [
            f"{folder}: run `meshwright update --answers KEY=VALUE` there to change an answer, "
            "or `meshwright cluster add NAME` to add a cluster: it is a generated repository already"
        ]
        assert read_tree(folder) == before

    @pytest.mark.parametrize("inner", ["prod", "clusters/prod", "."])
    def test_no_repository_in_another(self, inner: str, tmp_path: Path) -> None:
        folder = make(tmp_path / "home")
        (folder / "empty").mkdir()
        target = folder / "empty" / inner

        assert refusal(Request(target, defaults=True)) == [
            f"{target}: choose a folder outside the generated repository {folder}: "
            "to add a cluster to it, run `meshwright cluster add NAME` there"
        ]
        assert list((folder / "empty").iterdir()) == []

    def test_a_copy_of_another_template_may_be_around_it(self, tmp_path: Path) -> None:
        (tmp_path / ".copier-answers.yml").write_text("_src_path: gh:other/template\nname: x\n")

        make(tmp_path / "home")

        assert (tmp_path / "home/README.md").is_file()


class TestAnswers:
    def test_a_repository_begins_with_a_cluster(self, tmp_path: Path) -> None:
        assert refusal(Request(tmp_path / "home", defaults=True, data=("cluster_name=",))) == [
            "-d cluster_name: name the first cluster of the repository, such as home"
        ]
        assert list(tmp_path.iterdir()) == []

    def test_the_file_and_the_option_and_which_wins(self, tmp_path: Path) -> None:
        file = tmp_path / "answers.yml"
        file.write_text("cluster_name: file\nnodes: 3\napps: [velero]\n", encoding="utf-8")

        create(
            Request(
                tmp_path / "x", defaults=True, data=("cluster_name=option", "apps=[demo]"), data_file=file
            )
        )

        stored = (tmp_path / "x/.copier-answers.yml").read_text(encoding="utf-8")
        assert '\ncluster_name: "option"\n' in stored
        assert "\nnodes: 3\n" in stored
        assert '\napps: ["demo"]\n' in stored

    def test_every_refused_answer_is_told_where_it_was_given(self, tmp_path: Path) -> None:
        file = tmp_path / "answers.yml"
        file.write_text("engine: fluxx\n\nviz_host: https://x\n", encoding="utf-8")
        data = ("nodes=three", "git_url=git@github.com:me/x.git", "apps=demo")

        told = refusal(Request(tmp_path / "x", defaults=True, data=data, data_file=file))

        assert [line.partition(": ")[0] for line in told] == [
            f"{file}:1:1",
            "-d git_url=git@github.com:me/x.git",
            "-d nodes=three",
            f"{file}:3:1",
            "-d apps=demo",
        ]
        assert told[0].endswith(": choose one of flux, argocd; there is no choice 'fluxx'")
        assert told[2].endswith(": write a number from 1 to 5000")
        assert told[4].endswith(": write a list, such as [longhorn, elastic]; 'demo' is not one")
        assert not (tmp_path / "x").exists()

    def test_a_choice_that_does_not_fit_another_answer(self, tmp_path: Path) -> None:
        told = refusal(Request(tmp_path / "x", defaults=True, data=("distribution=other", "ingress=k3s")))

        assert len(told) == 1
        assert told[0].startswith("-d ingress=k3s: only k3s packages a Traefik")

    def test_unknown_and_computed_questions(self, tmp_path: Path) -> None:
        told = refusal(Request(tmp_path / "x", defaults=True, data=("clustername=pi", "cni=true")))

        assert told == [
            "-d clustername=pi: there is no question 'clustername'; did you mean 'cluster_name'?",
            "-d cni=true: leave it out, because the template computes 'cni' from the other answers",
        ]

    @pytest.mark.parametrize("pair", ["nodes", "=3", ""])
    def test_a_pair_that_is_none(self, pair: str, tmp_path: Path) -> None:
        assert refusal(Request(tmp_path / "x", data=(pair,))) == [
            f"-d {pair}: write -d KEY=VALUE, such as -d nodes=3"
        ]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("- a\n", ":1:1: write one KEY: VALUE per line, such as nodes: 3"),
            (
                "nodes: 3\n b: [\n",
                ":2:2: 'b' is indented below 'nodes' (line 1), which already has a value; "
                "give it no spaces, like 'nodes'",
            ),
        ],
    )
    def test_a_file_that_holds_no_answers(self, text: str, told: str, tmp_path: Path) -> None:
        file = tmp_path / "answers.yml"
        file.write_text(text, encoding="utf-8")

        assert refusal(Request(tmp_path / "x", data_file=file)) == [f"{file}{told}"]

    def test_without_a_terminal_the_missing_answers_are_named(self, tmp_path: Path) -> None:
        [told] = refusal(Request(tmp_path / "x", data=("engine=flux", "metrics=none", "apps=[]")))

        assert told == (
            "give -d KEY=VALUE or --data-file for these answers, or --defaults, because there is no terminal "
            "to ask on: cluster_name, git_url, distribution, nodes, ingress, gateway_api, cert_manager, "
            "trust_anchor, redirect, viz_host, secrets"
        )

    def test_all_answers_need_no_terminal_and_no_defaults(self, tmp_path: Path) -> None:
        make(tmp_path / "first", "metrics=none", "nodes=2")

        create(Request(tmp_path / "second", data_file=tmp_path / "first/.copier-answers.yml"))

        assert read_tree(tmp_path / "second") == read_tree(tmp_path / "first")


class TestWhole:
    def test_a_fault_while_rendering_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(repository: Path) -> tuple[str, str]:
            assert (repository / "README.md").is_file()
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(creation, "_remote", fail)

        with pytest.raises(OSError, match="No space"):
            create(Request(tmp_path / "a/b/home", defaults=True))

        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_appears_meanwhile_is_left_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def meddle(_: Path) -> tuple[str, str]:
            (tmp_path / "home").mkdir()
            (tmp_path / "home/mine.txt").touch()
            return "", ""

        monkeypatch.setattr(creation, "_remote", meddle)

        [told] = refusal(Request(tmp_path / "home", defaults=True))

        assert "something else was written there in the meantime" in told
        assert [path.name for path in tmp_path.rglob("*")] == ["home", "mine.txt"]

    def test_a_file_that_appears_meanwhile_is_left_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "home").mkdir()

        def meddle(_: Path) -> tuple[str, str]:
            (tmp_path / "home/platform").write_text("mine", encoding="utf-8")
            return "", ""

        monkeypatch.setattr(creation, "_remote", meddle)

        with pytest.raises(FileExistsError):
            create(Request(tmp_path / "home", defaults=True))

        assert read_tree(tmp_path) == {"home/platform": "mine"}


def test_the_command_from_end_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "meshwright", "new", "home", "--defaults", "--git", "-d", "nodes=3"]
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\n  name = Ada\n  email = ada@example.org\n[commit]\n  gpgSign = true\n"
        f"[gpg]\n  program = {tmp_path / 'evil'}\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )

    home = tmp_path / "home"
    commit = git(home, "rev-parse", "--short", "HEAD")
    lines = done.stdout.splitlines()
    assert lines[0] == f"wrote {len(git(home, 'ls-files').splitlines())} files into home"
    assert lines[1] == f"committed everything as {commit}"
    assert lines[2].startswith("check: ")
    assert "0 findings" in lines[2]
    assert lines[4:] == [
        "Next:",
        "  1. cd home && git remote add origin https://github.com/example/home-cluster.git "
        "&& git push -u origin main",
        '  2. follow "Bootstrap" in clusters/home/README.md to start it on the cluster',
        "  3. meshwright app add NAME, for each application of your own",
    ]
    assert git(home, "log", "-1", "--format=%an <%ae> %s") == (
        "Ada <ada@example.org> Create the repository with meshwright new"
    )
    assert git(home, "branch", "--show-current") == "main"
    assert git(home, "status", "--porcelain") == ""
    assert done.stderr == (
        "meshwright: recorded https://github.com/meshwright/meshwright.git at v0.1.0 as the template, "
        "because this meshwright runs from a checkout that others do not have; "
        "updates work once v0.1.0 is published\n"
    )


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
