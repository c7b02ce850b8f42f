"""Which files source-controller packs, line by line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from meshwright.flux.ignore import SourceIgnore
from meshwright.manifests.files import RepositoryFiles
from support.repositories import check, config_map, write


def left_out(folder: Path, lines: str, *paths: str, ignore: str = "") -> list[str]:
    (folder / ".sourceignore").write_text(lines, newline="")
    ignored = SourceIgnore(RepositoryFiles(folder), ignore)
    return [path for path in paths if ignored(path)]


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        # A file of an ignored folder comes back.
        ("*\n!/c\n", "c/x.y", False),
        ("/a\n!/a/b\n", "a/b", False),
        ("a/**\n", "a", True),
        ("a/**\n", "a/b", True),
        ("/**\n", "a", False),
        ("**/\n", "a", False),
        ("**/\n", "a/b", True),
        ("**/b\n", "b", True),
        ("a/**/b\n", "a/x/y/b", True),
        ("a**b/c\n", "axb/c", False),
        ("a//b\n", "a/b", True),
        ("a/\n", "a", False),
        ("a/\n", "x/a/b", True),
        ("!a\n/*\n", "a", True),
        ("a\n!*/\n", "a", True),
        ("\\!a\n", "!a", True),
        ("#a\n", "#a", False),
        ("a \n", "a", True),
        ("a\\ \n", "a ", True),
        (" a\n", "a", False),
        ("a\r\n", "a", True),
        ("[a-c]\n", "b", True),
        # go-git reads each of these, and nothing fits them.
        ("!\n", "a", False),
        ("\\\n", "\\", False),
        ("**\\\n", "a", False),
        ("[\n", "[", False),
    ],
)
def test_line(tmp_path: Path, lines: str, path: str, ignored: bool) -> None:
    assert left_out(tmp_path, lines, path) == ([path] if ignored else [])


def test_built_in_patterns_count_only_without_others(tmp_path: Path) -> None:
    built_in = (".sops.yaml", "a/b.zip", ".github/x.yaml")

    assert left_out(tmp_path, "# nothing\n\n", *built_in, ".git/config") == [*built_in, ".git/config"]
    assert left_out(tmp_path, "docs\n", *built_in, ".git/config") == [".git/config"]
    assert left_out(tmp_path, "", *built_in, "docs/a", ignore="docs\n") == ["docs/a"]


def test_the_source_has_the_last_word(tmp_path: Path) -> None:
    assert left_out(tmp_path, "/a\n", "a/x", "b/x", ignore="!/a/x\n/b\n") == ["b/x"]


def test_a_line_without_end_hides_what_follows(tmp_path: Path) -> None:
    assert left_out(tmp_path, f"a\n{'x' * 70_000}\nb\n", "a", "b") == ["a"]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / ".sourceignore").write_bytes(b"\xff*\nb\n")

    ignored = SourceIgnore(RepositoryFiles(tmp_path))

    assert ignored("b")
    assert not ignored("a")


def test_broken_lines_are_no_reason_to_stop(tmp_path: Path) -> None:
    report = check(tmp_path, {".sourceignore": "!\n\\\n**\\\n", "a/kustomization.yaml": "resources: []\n"})

    assert [finding.id for finding in report.findings if finding.id.startswith("build/")] == []


def test_many_patterns_are_said_to_be_too_many(tmp_path: Path) -> None:
    lines = "".join(f"*a*a*a*b{number}\n" for number in range(6000))
    files = RepositoryFiles(write(tmp_path, {".sourceignore": lines}))
    started = time.process_time()

    ignored = SourceIgnore(files)

    assert not ignored("a" * 200)
    assert [finding.id for finding in ignored.findings] == ["build/too-many-patterns"]
    assert time.process_time() - started < 5


def test_a_source_may_leave_files_out_itself(tmp_path: Path) -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        "spec: {interval: 1m, url: 'ssh://git@example.org/x', ref: {branch: main},"
        " ignore: '/apps/broken.yaml'}\n"
    )
    kustomization = (
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: NAME, namespace: flux-system}\n"
        "spec: {interval: 1h, retryInterval: 2m, timeout: 5m, prune: true, path: ./PATH, wait: true,"
        " sourceRef: {kind: GitRepository, name: flux-system}}\n"
    )
    sync = source + kustomization.replace("NAME", "flux-system").replace("PATH", "clusters/home")
    files = {
        "clusters/home/sync.yaml": sync,
        "clusters/home/apps.yaml": kustomization.replace("NAME", "apps").replace("PATH", "apps"),
        "apps/map.yaml": config_map("x"),
        "apps/broken.yaml": "no: manifest\n",
    }

    with_ignore = {finding.id for finding in check(tmp_path / "a", files).findings}
    without = dict(files)
    without["clusters/home/sync.yaml"] = sync.replace(" ignore: '/apps/broken.yaml'", "")

    assert "build/not-a-manifest" not in with_ignore
    assert "build/not-a-manifest" in {finding.id for finding in check(tmp_path / "b", without).findings}
