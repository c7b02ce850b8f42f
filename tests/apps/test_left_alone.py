"""What generate leaves alone: edits by hand, files of a person, output of other clusters."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from apps.test_header import of_0_1_0
from meshwright.apps.header import with_header
from meshwright.errors import ExitCode, MeshwrightError
from support.fewapps import COUNT, FIRST, WIRING, Run, edit
from support.many_apps import app_name
from support.trees import read_tree
from support.upgrades import adopt, commit


def test_a_renamed_application_is_not_removed_unasked(repository: Path, run: Run) -> None:
    run()
    adopt(repository)
    before, after = app_name(COUNT - 1), "web"
    (repository / "apps" / before).rename(repository / "apps" / after)
    told = (
        f"clusters/home/apps/{before}.yaml: error: application '{before}' is now '{after}' "
        f"(apps/{after}/mesh.yaml): Flux would delete the objects of '{before}', volumes included, "
        f"while it creates those of '{after}' [generate/renamed]\n"
        f"  fix: keep the folder apps/{before}, or pass --force when the data is backed up\n"
    )

    code, out = run()
    assert (code, told in out) == (ExitCode.FINDINGS, True), out
    assert (repository / "mesh/apps/home" / before).is_dir()
    # The rename may be committed: the history knows the folder.
    commit(repository)
    assert told in run()[1]

    assert run(force=True)[0] is ExitCode.CLEAN
    assert not (repository / "mesh/apps/home" / before).exists()
    assert (repository / "mesh/apps/home" / after).is_dir()


def test_a_removed_application_loses_its_output(repository: Path, run: Run) -> None:
    run()
    last = app_name(COUNT - 1)
    (repository / "apps" / last / "mesh.yaml").unlink()
    code, out = run(check=True)
    assert code is ExitCode.FINDINGS
    assert re.findall(r"^--- a/(.*)\n\+\+\+ /dev/null$", out, re.MULTILINE) == [
        f"clusters/home/apps/{last}.yaml",
        f"mesh/apps/home/{last}/kustomization.yaml",
        f"mesh/apps/home/{last}/namespace.yaml",
    ]
    files = "clusters/home/apps/app-00005.yaml and mesh/apps/home/app-00005/"
    gone = f"removed: {files}, because apps/app-00005 has no mesh.yaml\n"
    assert run() == (ExitCode.CLEAN, f"{gone}5 applications: 0 written, 5 unchanged, 1 removed\n")
    assert not (repository / "mesh/apps/home" / last).exists()
    assert not (repository / f"clusters/home/apps/{last}.yaml").exists()


def test_what_was_not_generated_is_kept_and_told(repository: Path, run: Run) -> None:
    run()
    last = app_name(COUNT - 1)
    note = repository / "mesh/apps/home" / last / "notes.txt"
    note.write_text("mine", encoding="utf-8")
    deep = repository / FIRST.replace("kustomization.yaml", "more/deep.yaml")
    deep.parent.mkdir()
    deep.write_text("mine", encoding="utf-8")
    own = repository / "clusters/home/apps/own.yaml"
    own.write_text("mine", encoding="utf-8")
    (repository / "apps" / last / "mesh.yaml").unlink()
    edit(repository / "apps" / app_name(0) / "mesh.yaml", "inject: enabled", "inject: disabled")
    code, out = run()
    assert code is ExitCode.CLEAN
    told = [line for line in out.splitlines() if line.endswith("[generate/foreign]")]
    assert [line.partition(":")[0] for line in told] == [
        f"mesh/apps/home/{app_name(0)}/more",
        f"mesh/apps/home/{last}/notes.txt",
    ]
    assert [path.read_text(encoding="utf-8") for path in (note, deep, own)] == ["mine"] * 3
    assert [path.name for path in note.parent.iterdir()] == ["notes.txt"]


def test_another_cluster_name(repository: Path, run: Run) -> None:
    run()
    (repository / "clusters/home").rename(repository / "clusters/attic")
    edit(repository / ".copier-answers.yml", 'cluster_name: "home"', 'cluster_name: "attic"')

    run()

    assert len(list((repository / "clusters/attic/apps").glob("app-*"))) == COUNT
    assert not (repository / "clusters/home").exists()


@pytest.mark.parametrize("force", [False, True])
def test_another_cluster_keeps_its_wirings(repository: Path, run: Run, force: bool) -> None:
    """Of applications that are here, that are here no more, and of its own; generated, and edited since."""
    run()
    other = repository / "clusters/production"
    shutil.copytree(repository / "clusters/home/apps", other / "apps")
    last = app_name(COUNT - 1)
    (other / "apps" / "gone.yaml").write_text(
        (other / "apps" / f"{last}.yaml").read_text(encoding="utf-8").replace(last, "gone"), encoding="utf-8"
    )
    edit(other / "apps" / f"{app_name(1)}.yaml", "prune: true", "prune: false")
    before = read_tree(other)
    (repository / "apps" / last / "mesh.yaml").unlink()

    code, _ = run(force=force)

    assert code is ExitCode.CLEAN
    assert read_tree(other) == before
    assert not (repository / "clusters/home/apps" / f"{last}.yaml").exists()
    assert run(check=True)[0] is ExitCode.CLEAN


@pytest.mark.parametrize("path", [FIRST, WIRING])
def test_a_hand_edit_stops_everything(path: str, repository: Path, run: Run) -> None:
    run()
    edit(repository / path, "kind: Kustomization", "kind: Kustomization # mine")
    edit(repository / "apps" / app_name(4) / "mesh.yaml", "inject: enabled", "inject: disabled")
    before = read_tree(repository)
    code, out = run()
    assert code is ExitCode.FINDINGS
    assert out.startswith(f"{path}:1:1: error: edited by hand since it was generated: ")
    assert "# mine" not in out
    assert out.endswith("6 applications: 1 error; nothing is written\n")
    assert read_tree(repository) == before

    code, out = run(check=True)
    assert code is ExitCode.FINDINGS
    assert "\n-kind: Kustomization # mine\n+kind: Kustomization\n" in out
    assert read_tree(repository) == before

    assert run(force=True)[0] is ExitCode.CLEAN
    assert "# mine" not in (repository / path).read_text(encoding="utf-8")


def test_a_file_of_a_person_in_the_place_of_output_is_not_overwritten(repository: Path, run: Run) -> None:
    file = repository / FIRST
    file.parent.mkdir(parents=True)
    file.write_text("kind: Kustomization\n", encoding="utf-8")
    code, out = run()
    assert code is ExitCode.FINDINGS
    assert out.startswith(f"{FIRST}:1:1: error: not a generated file: ")
    assert file.read_text(encoding="utf-8") == "kind: Kustomization\n"
    assert run(force=True)[0] is ExitCode.CLEAN


def test_what_a_merge_or_a_power_cut_leaves_is_written_anew(repository: Path, run: Run) -> None:
    run()
    fresh = read_tree(repository)
    ours, theirs = with_header(app_name(0), "a: 1\n"), with_header(app_name(0), "a: 2\n")
    conflict = f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n"
    (repository / FIRST).write_text(conflict, encoding="utf-8")
    (repository / WIRING).write_text("", encoding="utf-8")
    # Text that the generator would not write any more, but has written.
    (repository / f"mesh/apps/home/{app_name(1)}/kustomization.yaml").write_text(
        with_header(app_name(1), "of: an older version\n"), encoding="utf-8"
    )
    assert run() == (ExitCode.CLEAN, "6 applications: 2 written, 4 unchanged, 0 removed\n")
    assert read_tree(repository) == fresh


def test_output_of_0_1_0_is_written_anew(repository: Path, run: Run) -> None:
    """Without --force: its header, two lines where the file has a schema, is ours."""
    run()
    fresh = read_tree(repository)
    for path, text in fresh.items():
        if path.startswith(("mesh/apps/home/app-", "clusters/home/apps/app-")):
            first, _, rest = text.partition("\n")
            schema, _, _ = first.partition(" # Generated by ")
            (repository / path).write_text(
                of_0_1_0(Path(path).parent.name if "mesh/" in path else Path(path).stem, f"{schema}\n{rest}"),
                encoding="utf-8",
            )
    assert run(check=True)[0] is ExitCode.FINDINGS

    assert run() == (ExitCode.CLEAN, "6 applications: 6 written, 0 unchanged, 0 removed\n")

    assert read_tree(repository) == fresh


def test_line_ends_of_another_system_are_no_edit(repository: Path, run: Run) -> None:
    run()
    for path in (FIRST, WIRING):
        (repository / path).write_bytes((repository / path).read_bytes().replace(b"\n", b"\r\n"))
    assert run(check=True)[0] is ExitCode.CLEAN


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("mesh", "mesh"),
        ("mesh/apps", "mesh/apps"),
        ("mesh/apps/home", "mesh/apps/home"),
        (f"mesh/apps/home/{app_name(0)}", f"mesh/apps/home/{app_name(0)}"),
        (FIRST, FIRST),
        ("clusters/home/apps", "clusters/home/apps"),
        (WIRING, WIRING),
    ],
)
def test_nothing_is_written_through_a_link(link: str, shown: str, repository: Path, run: Run) -> None:
    outside = repository.parent / "outside"
    outside.mkdir()
    place = repository / link
    if place.is_dir():
        place.rename(outside / "moved")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside / "moved" if (outside / "moved").exists() else outside)
    before = read_tree(outside)
    code, out = run(force=True)
    assert code is ExitCode.FINDINGS
    assert f"{shown}: error: found a symbolic link where generated output goes" in out
    assert read_tree(outside) == before
    assert place.is_symlink()


def test_a_link_in_the_place_aside_is_refused(repository: Path, run: Run) -> None:
    (repository / ".cache").symlink_to(repository.parent)
    with pytest.raises(MeshwrightError, match="not a folder"):
        run()
