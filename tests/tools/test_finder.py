"""Where a tool is found, in which order, and what is said when it is not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshwright.errors import MeshwrightError
from meshwright.tools import ToolNotFoundError, ToolOrigin, locate
from meshwright.tools.catalog import TOOLS, wanted_version

if TYPE_CHECKING:
    from tools.conftest import Sandbox


def _cached(sandbox: Sandbox, name: str = "kustomize") -> Path:
    """A stored tool that would leave a trace if it were run."""
    entry = sandbox.entry(name)
    entry.folder.mkdir(parents=True)
    with entry.staging() as folder:
        made = sandbox.script(name, "echo development", folder)
        return entry.store(made, ToolOrigin.GO_INSTALL, f"{TOOLS[name].package}@{entry.version}").path


def test_explicit_path_wins_over_everything_whatever_its_version(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cached(sandbox)
    sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    told = sandbox.script("my-kustomize", "echo v5.5.0", tmp_path / "own")
    monkeypatch.setenv("MESHWRIGHT_KUSTOMIZE", str(told))
    tool = locate("kustomize")
    assert (tool.path, tool.version, tool.origin) == (told, "v5.5.0", ToolOrigin.EXPLICIT)
    assert tool.source == "explicit: MESHWRIGHT_KUSTOMIZE"


@pytest.mark.parametrize(("made", "problem"), [(False, "is not a file"), (True, "is not executable")])
def test_wrong_explicit_path_is_an_error_even_if_the_tool_is_elsewhere(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: bool, problem: str
) -> None:
    _cached(sandbox)
    told = tmp_path / "told"
    if made:
        told.write_text("#!/bin/sh\n")
        told.chmod(0o644)
    monkeypatch.setenv("MESHWRIGHT_KUSTOMIZE", str(told))
    with pytest.raises(MeshwrightError) as caught:
        locate("kustomize")
    assert not isinstance(caught.value, ToolNotFoundError)
    assert str(caught.value) == (
        f"MESHWRIGHT_KUSTOMIZE is {told}, which {problem}; correct the variable or unset it"
    )


def test_fitting_version_on_path_is_used_before_the_cache(sandbox: Sandbox) -> None:
    _cached(sandbox)
    own = sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    tool = locate("kustomize")
    assert (tool.path, tool.origin, tool.version) == (own, ToolOrigin.PATH, wanted_version("kustomize"))


def test_second_folder_of_path_is_looked_at_too(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.script("kustomize", "echo v5.5.0")
    second = sandbox.script("kustomize", f"echo {wanted_version('kustomize')}", tmp_path / "second")
    monkeypatch.setenv("PATH", f"{sandbox.bin}{os.pathsep}{second.parent}")
    assert locate("kustomize").path == second


def test_other_version_on_path_gives_way_to_the_cache(sandbox: Sandbox) -> None:
    sandbox.script("kustomize", "echo v5.5.0")
    cached = _cached(sandbox)
    assert locate("kustomize").path == cached


def test_relative_folder_on_path_is_not_searched(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    monkeypatch.chdir(sandbox.bin)
    monkeypatch.setenv("PATH", f".{os.pathsep}")
    with pytest.raises(ToolNotFoundError, match="not on PATH"):
        locate("kustomize")
    assert sandbox.runs() == []


def test_version_on_path_is_asked_once(sandbox: Sandbox) -> None:
    sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    first, second = locate("kustomize"), locate("kustomize")
    assert first == second
    assert sandbox.runs() == ["kustomize version"]


def test_changed_executable_is_asked_again(sandbox: Sandbox) -> None:
    sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    locate("kustomize")
    sandbox.script("kustomize", "echo v5.5.0  # another size")
    with pytest.raises(ToolNotFoundError):
        locate("kustomize")


def test_answer_of_a_shim_grows_old(sandbox: Sandbox) -> None:
    sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    locate("kustomize")
    (memory,) = sandbox.cache.glob("tools/kustomize/answers/*.json")
    content = json.loads(memory.read_text())
    content["content"]["asked"] -= 3600
    memory.write_text(json.dumps(content))
    locate("kustomize")
    assert sandbox.runs() == ["kustomize version"] * 2


def test_broken_memory_is_asked_again(sandbox: Sandbox) -> None:
    sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    locate("kustomize")
    (memory,) = sandbox.cache.glob("tools/kustomize/answers/*.json")
    memory.write_text("{")
    assert locate("kustomize").origin is ToolOrigin.PATH
    assert sandbox.runs() == ["kustomize version"] * 2


def test_cached_tool_starts_no_process(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = _cached(sandbox, "kubeconform")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    tool = locate("kubeconform")
    assert (tool.path, tool.version) == (cached, wanted_version("kubeconform"))
    assert tool.source == f"cache: built from {TOOLS['kubeconform'].package}@{tool.version}"
    assert sandbox.runs() == []


def test_nothing_found_is_one_line_with_every_way_out(sandbox: Sandbox) -> None:
    sandbox.script("kustomize", "echo v5.5.0")
    with pytest.raises(ToolNotFoundError) as caught:
        locate("kustomize")
    message, wanted = str(caught.value), wanted_version("kustomize")
    assert "\n" not in message
    assert message == (
        f"kustomize {wanted} not found (PATH has v5.5.0 in {sandbox.bin}; not in the cache): "
        "run `meshwright tools --install`, or set MESHWRIGHT_KUSTOMIZE to its path, or "
        f"`go install sigs.k8s.io/kustomize/kustomize/v5@{wanted}` and put it on PATH"
    )


def test_changed_copy_in_the_cache_is_named(sandbox: Sandbox) -> None:
    _cached(sandbox).write_text("changed")
    with pytest.raises(ToolNotFoundError, match=r"PATH; the origin of the cached copy is not proved\)"):
        locate("kustomize")


def test_unknown_name_is_refused() -> None:
    with pytest.raises(MeshwrightError, match="there is no tool 'kubectl'"):
        locate("kubectl")
