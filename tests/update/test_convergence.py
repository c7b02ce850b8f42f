"""copy(old) and an update are copy(new), byte for byte, where the user changed nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import unpack_archive
from typing import Any

import pytest
from copier import run_update

from meshwright.commands.update import update
from meshwright.errors import ExitCode
from support.trees import read_tree, tree_diff
from support.upgrades import adopt, commit, copy, git, real_template, take

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("renders_here")]

ANSWERS: dict[str, dict[str, Any]] = {
    "flux": {"viz_host": "linkerd.home.arpa", "apps": ["demo", "velero"]},
    "argocd": {"engine": "argocd", "ingress": "own", "nodes": 3, "apps": ["demo"]},
}


def rename_layer(template: Path) -> None:
    """linkerd-monitoring gets another name: folders, files, the layer map, whatever speaks of it."""
    for path in sorted(template.rglob("*"), reverse=True):
        if ".git" in path.relative_to(template).parts:
            continue
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"linkerd-monitoring", b"mesh-monitoring"))
        if "linkerd-monitoring" in path.name:
            path.rename(path.with_name(path.name.replace("linkerd-monitoring", "mesh-monitoring")))


def move_file(template: Path) -> None:
    layer = template / "template/repo/platform/[[ cluster_name ]]/linkerd-trust"
    names = sorted(path.name for path in layer.iterdir() if path.name not in ("kustomization.yaml",))
    old = next(name for name in names if name.removesuffix(".jinja").endswith(".yaml"))
    (layer / old).rename(layer / f"moved-{old}")
    for kustomization in layer.glob("kustomization.yaml*"):
        text = kustomization.read_text(encoding="utf-8")
        plain = old.removesuffix(".jinja")
        assert plain in text
        kustomization.write_text(text.replace(plain, f"moved-{plain}"), encoding="utf-8")


def steps(*wanted: Mapping[str, Any]) -> Callable[[Path], None]:
    return lambda template: take(template, wanted)


CHANGES: dict[str, Callable[[Path], None]] = {
    "renamed-layer": rename_layer,
    "moved-file": move_file,
    # The question goes, and what it was for is always so.
    "dropped-option": steps(
        {
            "replace": {
                "file": "copier.yml",
                "old": "inject:\n  type: str\n",
                "new": "inject:\n  when: false\n  type: str\n",
            }
        }
    ),
    "new-question": steps(
        {
            "append": {
                "file": "copier.yml",
                "text": "\nsite:\n  type: str\n  help: Where is it?\n  default: attic\n",
            }
        },
        {"append": {"file": "template/repo/README.md.jinja", "text": "\nIt stands in the [[ site ]].\n"}},
    ),
    "changed-default": steps(
        {"replace": {"file": "copier.yml", "old": "[[ 'home' if scope", "new": "[[ 'house' if scope"}}
    ),
    "new-validator": steps(
        {
            "replace": {
                "file": "copier.yml",
                "old": "  help: How many nodes",
                "new": "  # Stricter, and still satisfied.\n  help: How many schedulable nodes",
            }
        },
        {"replace": {"file": "copier.yml", "old": "nodes | int > 5000", "new": "nodes | int > 500"}},
    ),
    "changed-pin": steps(
        {"replace": {"file": "template/includes/pins.yml", "old": '"2026.8.3"', "new": '"2026.9.1"'}}
    ),
}
# The other engine where what changes depends on it.
CASES = [(change, "flux") for change in CHANGES] + [("renamed-layer", "argocd"), ("changed-pin", "argocd")]
BY_CASE = pytest.mark.parametrize(("change", "engine"), CASES, ids=["-".join(case) for case in CASES])


def plain(repository: Path) -> None:
    run_update(repository, defaults=True, overwrite=True, quiet=True, unsafe=False)


def ours(repository: Path) -> None:
    assert update(repository) is ExitCode.CLEAN
    assert git(repository, "diff", "--name-only") == ""


TOOLS = {"copier": plain, "meshwright": ours}


def assert_converges(template: Path, old: str, answers: Mapping[str, Any], tmp_path: Path) -> None:
    """Both tools, from one copy of the old version to one of the new."""
    made = copy(template, tmp_path / "old", answers, old)
    # What is stored counts, not what would be the default today.
    fresh = read_tree(copy(template, tmp_path / "new", {"cluster_name": "home", **answers}, "v9.0.0"))
    for name, with_tool in TOOLS.items():
        repository = adopt(Path(shutil.copytree(made, tmp_path / name)))

        with_tool(repository)

        shutil.rmtree(repository / ".git")
        assert not tree_diff(fresh, read_tree(repository)), name


@BY_CASE
def test_made_up_version(root: Path, tmp_path: Path, change: str, engine: str) -> None:
    template = real_template(tmp_path / "template", root)
    before = git(template, "rev-parse", "HEAD^{tree}")
    CHANGES[change](template)
    commit(template, "v9.0.0")
    assert git(template, "rev-parse", "HEAD^{tree}") != before

    assert_converges(template, "v0.1.0", ANSWERS[engine], tmp_path)


def test_every_released_version(root: Path, tmp_path: Path) -> None:
    """From each tag of this repository to what is there now; from the newest alone where no tag is."""
    released = git(root, "tag", "--list", "v*", "--merged").split()
    for tag in released or ["HEAD"]:
        place = tmp_path / tag
        template = place / "template"
        template.mkdir(parents=True)
        old = git(root, "archive", "--output", str(place / "old.tar"), tag, "copier.yml", "template")
        assert old == ""
        git(template, "init", "--quiet")
        unpack_archive(place / "old.tar", template)
        commit(template, "v0.0.1")
        shutil.rmtree(template / "template")
        for name in ("copier.yml", "template"):
            source = root / name
            shutil.copytree(source, template / name) if source.is_dir() else shutil.copy(source, template)
        commit(template, "v9.0.0")

        assert_converges(template, "v0.0.1", ANSWERS["flux"], place)
