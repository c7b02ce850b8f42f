"""Listing and reading a repository's files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from meshwright.check import check_repository
from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.source import find_text, position_of, source_of
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import YamlFault
from support.repositories import write


def test_listing_is_sorted_and_leaves_folders_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"b/z.yaml": "", "a.yaml": "", ".git/config": "", "node_modules/x.yaml": "", "b/.venv/y": ""},
    )

    files = RepositoryFiles(tmp_path)

    assert files.paths == ("a.yaml", "b/z.yaml")
    assert files.holds_files("b")
    assert files.holds_files(".")
    assert list(files.below("b")) == ["b/z.yaml"]


def test_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")

    assert RepositoryFiles(tmp_path).documents("a.yaml")[0].data == {"a": 1}


def test_each_file_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "a: 1"})
    files = RepositoryFiles(tmp_path)
    first = files.documents("a.yaml")
    (tmp_path / "a.yaml").unlink()

    assert files.documents("a.yaml") is first


def test_fault_is_raised_each_time(tmp_path: Path) -> None:
    files = RepositoryFiles(write(tmp_path, {"a.yaml": "a: ["}))

    for _ in range(2):
        with pytest.raises(YamlFault):
            files.documents("a.yaml")


TWO = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web}
    ---
    kind: List
    items:
    - kind: ConfigMap
      metadata: {name: web-settings}
      data: {a: b}
    - kind: Secret
      metadata: {name: other}
"""


def built(kind: str, name: str) -> BuiltObject:
    return BuiltObject({"kind": kind, "metadata": {"name": name}}, Origin(path="a.yaml"))


@pytest.mark.parametrize(
    ("kind", "name", "line"),
    [
        ("ConfigMap", "web", 1),
        ("ConfigMap", "blue-web", 1),
        ("ConfigMap", "blue-web-settings-x", 7),
        ("Secret", "unlike", 10),
    ],
)
def test_document_of_an_object(tmp_path: Path, kind: str, name: str, line: int) -> None:
    files = RepositoryFiles(write(tmp_path, {"a.yaml": TWO}))

    assert position_of(files, built(kind, name)).line == line


def test_value_inside_a_list(tmp_path: Path) -> None:
    files = RepositoryFiles(write(tmp_path, {"a.yaml": TWO}))
    source = source_of(files, built("ConfigMap", "web-settings"))

    assert source is not None
    assert source.position(("data", "a")) == Position("a.yaml", 9, 13)
    assert source.holds(("data", "a"))
    assert not source.holds(("data", "b"))


def test_object_of_unknown_origin(tmp_path: Path) -> None:
    files = RepositoryFiles(write(tmp_path, {"a.yaml": TWO}))

    assert position_of(files, built("Service", "web")) == Position("a.yaml")


def test_text_is_found_from_a_place_on(tmp_path: Path) -> None:
    files = RepositoryFiles(write(tmp_path, {"a.txt": "x y\nx y\n"}))

    assert find_text(files, Position("a.txt", 1, 2), "x") == Position("a.txt", 2, 1)
    assert find_text(files, Position("a.txt", 1, 2), "none") == Position("a.txt", 1, 2)


@pytest.mark.parametrize("scripts", ["bin", "Scripts"])
def test_a_virtual_environment_of_any_name_is_left_out(scripts: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "env/pyvenv.cfg": "",
            f"env/{scripts}/python": "",
            "env/lib/a.yaml": "\t",
            "like/pyvenv.cfg": "",
            "like/a.yaml": "",
        },
    )

    assert RepositoryFiles(tmp_path).paths == ("like/a.yaml", "like/pyvenv.cfg")


def test_a_checkout_inside_a_checkout_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "", "other/b.yaml": "", "module/c.yaml": "", "module/.git": "gitdir: x\n"})
    subprocess.run(["git", "init", "--quiet", tmp_path / "other"], check=True)

    assert "other/b.yaml" in RepositoryFiles(tmp_path).paths, "there is no checkout around it"
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    files = RepositoryFiles(tmp_path)

    assert files.inner == ["other"]
    assert files.paths == ("a.yaml", "module/.git", "module/c.yaml")


def test_a_check_says_what_it_leaves_out(tmp_path: Path) -> None:
    write(tmp_path, {"a/kustomization.yaml": "resources: []\n", "other/b.yaml": "x: 1\n"})
    for folder in (tmp_path, tmp_path / "other"):
        subprocess.run(["git", "init", "--quiet", folder], check=True)

    assert [str(item.subject) for item in check_repository(tmp_path).not_seen] == ["folder other"]
