"""go install: what it is asked, and what is said when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshwright.tools.catalog import TOOLS
from meshwright.tools.gobuild import go_install
from meshwright.tools.model import InstallationFault

if TYPE_CHECKING:
    from tools.conftest import Sandbox


def _fault(tmp_path: Path) -> str:
    with pytest.raises(InstallationFault) as caught:
        go_install(TOOLS["kustomize"], "v5.8.1", tmp_path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_asks_for_the_pinned_package_in_a_clean_environment(
    sandbox: Sandbox,
    fake_go: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOPROXY", "https://proxy.example")
    fake_go(before=f"echo $GOOS:$GOFLAGS:$CGO_ENABLED:$GOPROXY > '{tmp_path}/environment'")
    folder = tmp_path / "in"
    folder.mkdir()
    assert go_install(TOOLS["kustomize"], "v5.8.1", folder) == folder / "kustomize"
    assert sandbox.runs() == ["go install -trimpath sigs.k8s.io/kustomize/kustomize/v5@v5.8.1"]
    assert (tmp_path / "environment").read_text() == ":-mod=mod:0:https://proxy.example\n"


def test_missing_go_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    assert _fault(tmp_path) == "go is not on PATH"
    assert sandbox.runs() == []


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (
            "go: m@v1: m@v1 requires go >= 1.24.0 (running go 1.22.2; GOTOOLCHAIN=local)",
            "go 1.22.2 is too old: the module needs go 1.24.0 or newer",
        ),
        (
            'go: m@v1: Get "https://proxy.example/m": dial tcp: lookup proxy.example: no such host',
            "go cannot reach the module proxy: dial tcp: lookup proxy.example: no such host",
        ),
        (
            "go: downloading m v1\ngo: m@v1: module lookup disabled by GOPROXY=off",
            "go install failed: m@v1: module lookup disabled by GOPROXY=off",
        ),
        (
            "# example.org/m\nm.go:1:1: syntax error\nm.go:2:1: more",
            "go install failed: m.go:1:1: syntax error",
        ),
        ("", "go install failed without a message"),
    ],
)
def test_failure_is_one_telling_line(sandbox: Sandbox, tmp_path: Path, errors: str, said: str) -> None:
    (tmp_path / "errors").write_text(errors)
    sandbox.script("go", f"/bin/cat '{tmp_path}/errors' >&2\nexit 1")
    assert _fault(tmp_path) == said


def test_build_that_leaves_nothing_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.script("go", "exit 0")
    assert _fault(tmp_path) == "go install succeeded but did not create kustomize"
