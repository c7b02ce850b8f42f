"""Installing: a checked download, or else go install, once, and never half."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshwright.errors import MeshwrightError
from meshwright.tools import Installer, ToolOrigin, ensure, install, locate
from meshwright.tools.catalog import TOOLS, host_platform, wanted_version
from meshwright.tools.download import Checksums
from meshwright.tools.ledger import Ledger, Record
from meshwright.tools.model import Tool
from meshwright.tools.toolcache import cache_entry

if TYPE_CHECKING:
    from tools.conftest import Release, Sandbox

_GO_INSTALL = f"go install -trimpath {TOOLS['kustomize'].package}@{wanted_version('kustomize')}"


def test_download_comes_first_and_is_recorded(
    sandbox: Sandbox, release: Release, fake_go: Callable[..., Path], make_archive: Callable[..., bytes]
) -> None:
    fake_go()
    checksums = release.offer("kustomize", make_archive(("kustomize", b"run")))
    tool = Installer(base_url=release.base, checksums=checksums).install("kustomize")
    assert (tool.origin, tool.detail) == (ToolOrigin.DOWNLOAD, release.base + release.path("kustomize"))
    assert tool.path.read_bytes() == b"run"
    assert tool == locate("kustomize")
    assert os.access(tool.path, os.X_OK)
    assert sandbox.runs() == []
    assert sandbox.leftovers() == []


@pytest.mark.usefixtures("sandbox")
def test_member_below_a_folder_is_taken(
    release: Release, make_archive: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    checksums = release.offer("helm", make_archive((f"{host_platform()}/helm", b"run")))
    monkeypatch.setenv("MESHWRIGHT_DOWNLOAD_BASE", release.base)
    assert Installer(checksums=checksums).install("helm").path.read_bytes() == b"run"


def test_refused_download_is_told_and_go_builds_instead(
    sandbox: Sandbox,
    release: Release,
    fake_go: Callable[..., Path],
    make_table: Callable[[str, bytes], Checksums],
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake_go()
    release.offer("kustomize", b"what an attacker put there")
    tool = Installer(base_url=release.base, checksums=make_table("kustomize", b"right")).install("kustomize")
    assert (tool.origin, tool.version) == (ToolOrigin.GO_INSTALL, wanted_version("kustomize"))
    assert tool.detail == f"{TOOLS['kustomize'].package}@{wanted_version('kustomize')}"
    said = capsys.readouterr().err
    assert "was not unpacked; trying go install" in said
    assert sandbox.runs() == [_GO_INSTALL]
    assert sandbox.leftovers() == []


def test_without_a_checksum_no_download_is_tried(
    release: Release, fake_go: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_go()
    release.offer("kustomize", b"never asked for")
    tool = Installer(base_url=release.base, checksums={}).install("kustomize")
    assert tool.origin is ToolOrigin.GO_INSTALL
    assert release.requests == []
    assert f"no checksum is known for {host_platform()}; trying go install" in capsys.readouterr().err


@pytest.mark.parametrize("go", [False, True], ids=["no go", "go fails"])
def test_when_every_way_fails_one_line_says_why_and_nothing_is_left(
    sandbox: Sandbox, release: Release, make_table: Callable[[str, bytes], Checksums], go: bool
) -> None:
    if go:
        sandbox.script("go", 'echo half > "$GOBIN/kustomize"; echo "go: broken" >&2; exit 1')
    with pytest.raises(MeshwrightError) as caught:
        Installer(base_url=release.base, checksums=make_table("kustomize", b"")).install("kustomize")
    message = str(caught.value)
    reason = "go install failed: broken" if go else "go is not on PATH"
    assert message == (
        f"kustomize {wanted_version('kustomize')} could not be installed "
        f"({release.base}{release.path('kustomize')} returned 404 Not Found; {reason}): "
        "set MESHWRIGHT_KUSTOMIZE to its path, or put it on PATH"
    )
    assert not sandbox.entry("kustomize").binary.exists()
    assert sandbox.leftovers() == []


def test_failed_reinstallation_keeps_what_was_there(sandbox: Sandbox, fake_go: Callable[..., Path]) -> None:
    fake_go()
    made = Installer(checksums={}).install("kustomize").path
    made.write_text("changed")
    sandbox.script("go", "exit 1")
    with pytest.raises(MeshwrightError):
        Installer(checksums={}).install("kustomize")
    assert made.read_text() == "changed"


def test_changed_copy_is_installed_again(sandbox: Sandbox, fake_go: Callable[..., Path]) -> None:
    fake_go()
    installer = Installer(checksums={})
    first = installer.install("kustomize")
    good = first.path.read_bytes()
    first.path.write_text("changed")
    assert installer.install("kustomize") == first
    assert first.path.read_bytes() == good
    assert len(sandbox.runs()) == 2


def test_valid_copy_is_not_installed_again(sandbox: Sandbox, fake_go: Callable[..., Path]) -> None:
    fake_go()
    installer = Installer(checksums={})
    assert installer.install("kustomize") == installer.install("kustomize")
    assert sandbox.runs() == [_GO_INSTALL]


def test_two_processes_install_once(sandbox: Sandbox, fake_go: Callable[..., Path]) -> None:
    fake_go(before="/bin/sleep 0.3")
    program = (
        "from meshwright.tools import Installer; print(Installer(checksums={}).install('kustomize').path)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert said == [str(sandbox.entry("kustomize").binary)] * 2
    assert sandbox.runs() == [_GO_INSTALL]


def test_many_threads_download_once(
    sandbox: Sandbox, release: Release, make_archive: Callable[..., bytes]
) -> None:
    checksums = release.offer("kustomize", make_archive(("kustomize", b"run" * 100_000)))
    installer = Installer(base_url=release.base, checksums=checksums)
    with ThreadPoolExecutor(8) as pool:
        tools = list(pool.map(installer.install, ["kustomize"] * 8))
    assert len(set(tools)) == 1
    assert len(release.requests) == 1
    assert sandbox.leftovers() == []


def test_a_tool_is_not_proved_in_two_ways_while_it_is_stored(
    sandbox: Sandbox,
    release: Release,
    make_archive: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checksums = release.offer("kustomize", make_archive(("kustomize", b"run")))
    meanwhile: list[Tool | None] = []
    keep = Ledger.keep

    def read_first(ledger: Ledger, binary: Path, record: Record) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "keep", keep)
            meanwhile.append(sandbox.entry("kustomize").read(checksums))
        keep(ledger, binary, record)

    monkeypatch.setattr(Ledger, "keep", read_first)

    installed = Installer(base_url=release.base, checksums=checksums).install("kustomize")

    assert meanwhile == [None]
    assert sandbox.entry("kustomize").read(checksums) == installed


@pytest.mark.usefixtures("sandbox")
def test_cache_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "file"))
    with pytest.raises(MeshwrightError, match=r"cannot be written to the cache.*set MESHWRIGHT_CACHE"):
        install("kustomize")


def test_ensure_installs_only_what_is_nowhere(sandbox: Sandbox, fake_go: Callable[..., Path]) -> None:
    own = sandbox.script("kustomize", f"echo {wanted_version('kustomize')}")
    fake_go()
    assert ensure("kustomize").path == own
    own.unlink()
    assert ensure("kustomize").origin is ToolOrigin.GO_INSTALL
    assert sandbox.runs() == ["kustomize version", _GO_INSTALL]


def test_ensure_does_not_install_in_place_of_a_wrong_explicit_path(
    sandbox: Sandbox, fake_go: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go()
    monkeypatch.setenv("MESHWRIGHT_KUSTOMIZE", "/nowhere/kustomize")
    with pytest.raises(MeshwrightError, match="is /nowhere/kustomize, which is not a file"):
        ensure("kustomize")
    assert sandbox.runs() == []


def test_record_of_the_real_kubeconform_says_the_pinned_version() -> None:
    entry = cache_entry(TOOLS["kubeconform"], wanted_version("kubeconform"))
    tool = entry.read()
    if tool is None:
        pytest.skip("kubeconform is not in the user's cache: an explicit path or PATH provides it")
    answer = subprocess.run([tool.path, "-v"], capture_output=True, text=True, check=True)
    says = {ToolOrigin.GO_INSTALL: "development", ToolOrigin.DOWNLOAD: wanted_version("kubeconform")}
    assert answer.stdout.strip() == says[tool.origin]
    assert json.loads(entry.record.read_text())["version"] == wanted_version("kubeconform")


def test_importing_the_package_stays_light() -> None:
    program = "import sys, meshwright.tools; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"rich", "urllib.request", "tarfile", "subprocess", "ssl", "platformdirs", "http.client"}
    assert heavy & set(loaded.stdout.split()) == set()
