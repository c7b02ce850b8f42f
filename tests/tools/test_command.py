"""meshwright tools: the list, its formats and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshwright.commands.tools import tools
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.tools import installer
from meshwright.tools.catalog import TOOLS, wanted_version

if TYPE_CHECKING:
    from tools.conftest import Sandbox


def _all_on_path(sandbox: Sandbox) -> None:
    for name in TOOLS:
        sandbox.script(name, f"echo {wanted_version(name)}")


def test_lists_each_tool_in_plain_columns(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    _all_on_path(sandbox)
    assert tools() is ExitCode.CLEAN
    out, err = capsys.readouterr()
    assert err == ""
    heading, *lines = out.splitlines()
    assert heading.split() == ["tool", "wanted", "found", "from", "path"]
    expected = [
        [name, wanted_version(name), wanted_version(name), "PATH", str(sandbox.bin / name)] for name in TOOLS
    ]
    assert [line.split() for line in lines] == expected


def test_missing_tool_is_exit_2_and_one_line_on_stderr(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    _all_on_path(sandbox)
    (sandbox.bin / "helm").unlink()
    assert tools() is ExitCode.COULD_NOT_RUN
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].split() == ["helm", wanted_version("helm"), "missing", "-", "-"]
    (line,) = err.splitlines()
    assert line.startswith(
        f"meshwright: helm {wanted_version('helm')} not found (not on PATH; not in the cache)"
    )


def test_json_has_what_was_found_and_what_was_not(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    assert tools(output="json") is ExitCode.COULD_NOT_RUN
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == 1
    found, *missing = report["tools"]
    assert found == {
        "name": "kustomize",
        "wanted": wanted_version("kustomize"),
        "found": wanted_version("kustomize"),
        "origin": "path",
        "detail": str(sandbox.bin),
        "path": str(sandbox.bin / "kustomize"),
        "problem": None,
    }
    assert [tool["name"] for tool in missing] == ["kubeconform", "helm"]
    assert all(tool["found"] is None and "not found" in tool["problem"] for tool in missing)


def test_install_builds_what_is_missing_and_lists_it(
    sandbox: Sandbox,
    fake_go: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _all_on_path(sandbox)
    (sandbox.bin / "kubeconform").unlink()
    fake_go("kubeconform")
    monkeypatch.setenv("MESHWRIGHT_DOWNLOAD_BASE", "http://127.0.0.1:9")
    assert tools(install=True) is ExitCode.CLEAN
    out, err = capsys.readouterr()
    built = f"{TOOLS['kubeconform'].package}@{wanted_version('kubeconform')}"
    assert f"cache: built from {built}" in out
    assert err.startswith(f"kubeconform {wanted_version('kubeconform')}: 127.0.0.1:9 cannot be reached")


def test_one_failed_installation_does_not_stop_the_others(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.script("helm", f"echo {wanted_version('helm')}")
    monkeypatch.setattr(installer, "complain", lambda _: None)
    monkeypatch.setenv("MESHWRIGHT_DOWNLOAD_BASE", "http://127.0.0.1:9")
    assert tools(output="json", install=True) is ExitCode.COULD_NOT_RUN
    out, err = capsys.readouterr()
    assert [tool["found"] for tool in json.loads(out)["tools"]] == [None, None, wanted_version("helm")]
    first, second = err.splitlines()
    assert first.startswith("meshwright: kustomize")
    assert second.startswith("meshwright: kubeconform")
    assert "go is not on PATH" in second


def test_terminal_gets_a_table(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _all_on_path(sandbox)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert tools() is ExitCode.CLEAN
    out = capsys.readouterr().out
    assert all(name in out for name in TOOLS)


def test_names_leave_out_the_others(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    _all_on_path(sandbox)
    (sandbox.bin / "helm").unlink()

    assert tools(["kubeconform"]) is ExitCode.CLEAN
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["tool", "kubeconform"]


def test_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        MeshwrightError, match="there is no tool 'kustomiz'; the tools are kustomize, kubeconform, helm"
    ):
        tools(["kustomiz"])
