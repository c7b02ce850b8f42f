"""The command over whole repositories: what it writes, and what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshwright.apps import pipeline
from meshwright.commands import generate as command
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.unified import unified
from support.fewapps import COUNT, FIRST, WIRING, Run, edit, states
from support.many_apps import app_name
from support.trees import read_tree


def test_every_application_gets_its_output(repository: Path, run: Run) -> None:
    assert run() == (ExitCode.CLEAN, "6 applications: 6 written, 0 unchanged, 0 removed\n")
    for number in range(COUNT):
        assert (repository / "mesh/apps/home" / app_name(number) / "kustomization.yaml").is_file()
        assert (repository / "clusters/home/apps" / f"{app_name(number)}.yaml").is_file()
    assert not (repository / ".cache").exists(), "nothing is left aside"
    assert run(check=True) == (ExitCode.CLEAN, "6 applications: 0 stale, 6 unchanged, 0 to be removed\n")


def test_what_does_not_change_is_not_touched(repository: Path, run: Run) -> None:
    run()
    before = states(repository)
    spec = repository / "apps" / app_name(0) / "mesh.yaml"
    edit(spec, "inject: enabled", "inject: enabled\nopaquePorts: [1883]\ntimeout: 3m")
    assert run() == (ExitCode.CLEAN, "6 applications: 1 written, 5 unchanged, 0 removed\n")
    after = states(repository)
    changed = {Path(path).relative_to(repository).as_posix() for path in after if after[path] != before[path]}
    # The namespace of the application is as it was, though its folder is a new one.
    assert changed == {f"apps/{app_name(0)}/mesh.yaml", FIRST, WIRING}


def test_output_does_not_depend_on_the_number_of_workers(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    alone = read_tree(repository)
    for path in [
        *(repository / "mesh/apps").rglob("*.yaml"),
        *(repository / "clusters/home/apps").glob("app-*"),
    ]:
        path.unlink()
    monkeypatch.setattr(pipeline, "_MIN_APPS_FOR_TWO_WORKERS", 2)
    monkeypatch.setattr(pipeline, "processors", lambda: 2)
    run()
    assert read_tree(repository) == alone


@pytest.mark.usefixtures("repository")
def test_a_worker_refuses_as_the_run_itself_would(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_MIN_APPS_FOR_TWO_WORKERS", 2)
    monkeypatch.setattr(pipeline, "processors", lambda: 2)

    def refuse(*_: object) -> None:
        raise MeshwrightError("no kustomize here")

    monkeypatch.setattr(pipeline, "read_bases", refuse)
    with pytest.raises(MeshwrightError, match="no kustomize here"):
        run()


def test_check_shows_what_is_stale_and_missing_by_path(repository: Path, run: Run) -> None:
    run()
    (repository / FIRST).unlink()
    edit(repository / "apps" / app_name(1) / "mesh.yaml", "inject: enabled", "inject: enabled\ntimeout: 3m")
    before = read_tree(repository)
    code, out = run(check=True)
    assert code is ExitCode.FINDINGS
    assert re.findall(r"^(?:---|\+\+\+) (.*)$", out, re.MULTILINE) == [
        f"a/clusters/home/apps/{app_name(1)}.yaml",
        f"b/clusters/home/apps/{app_name(1)}.yaml",
        "/dev/null",
        f"b/{FIRST}",
    ]
    assert '-  timeout: "10m"\n+  timeout: "3m"\n' in out
    assert "\x1b" not in out
    assert out.endswith("6 applications: 2 stale, 4 unchanged, 0 to be removed\n")
    assert read_tree(repository) == before


def test_any_fault_stops_everything_and_all_are_told(repository: Path, run: Run) -> None:
    edit(repository / "apps" / app_name(0) / "mesh.yaml", "inject: enabled", "inject: maybe")
    edit(
        repository / "apps" / app_name(2) / "mesh.yaml",
        "inject: enabled",
        "inject: enabled\ndependsOn: [app-0000x]",
    )
    edit(
        repository / "apps" / app_name(3) / "mesh.yaml",
        "inject: enabled",
        "inject: enabled\nworkloads: [{kind: Deployment, name: app-0003}]",
    )
    before = read_tree(repository)
    code, out = run()
    assert code is ExitCode.FINDINGS
    named = re.findall(r"^apps/(app-\d+)/mesh\.yaml:\d+:\d+: error: ", out, re.MULTILINE)
    assert {app_name(0), app_name(2), app_name(3)} <= set(named)
    assert out.endswith("; nothing is written\n")
    assert read_tree(repository) == before


def test_warnings_do_not_stop_anything(repository: Path, run: Run) -> None:
    edit(repository / "apps" / app_name(3) / "deployment.yaml", "      serviceAccountName: app-00003\n", "")
    code, out = run(remember=True)
    assert code is ExitCode.CLEAN
    assert ": warning: " in out
    # Remembered, they are told again.
    again = run(remember=True)[1]
    assert again.splitlines()[:-1] == out.splitlines()[:-1]
    assert again.endswith("6 applications: 0 written, 6 unchanged, 0 removed\n")


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match="no such folder"):
        command.generate(tmp_path / "gone")


def test_the_diff_is_coloured_for_people_only() -> None:
    change = ("a.yaml", "x: 1\ny: 2", "x: 1\ny: 3\n")
    plain = "".join(unified(*change))
    assert plain == (
        "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n x: 1\n-y: 2\n\\ No newline at end of file\n+y: 3\n"
    )
    assert re.sub(r"\x1b\[\d+m", "", "".join(unified(*change, colour=True))) == plain
