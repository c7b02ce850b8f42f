"""What is embedded is what the list of sources says, and NOTICE says so."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meshwright.pins import load_pins


@pytest.fixture
def sources() -> Any:
    return importlib.import_module("scripts.schemas.modules").load_sources()


@pytest.fixture
def notice(root: Path) -> str:
    return " ".join((root / "NOTICE").read_text(encoding="utf-8").split())


def test_notice_names_every_module_with_version_and_licence(sources: Any, notice: str) -> None:
    for source in sources:
        assert f"{source.module} {source.version} {source.licence}" in notice


def test_notice_names_the_package_of_the_lock_file(root: Path, notice: str) -> None:
    lock = (root / "uv.lock").read_text(encoding="utf-8")
    version = lock.split('name = "kubernetes-validate"\nversion = "')[1].split('"')[0]
    assert f"kubernetes-validate {version} Apache-2.0" in notice


def test_modules_are_at_the_pinned_versions(sources: Any) -> None:
    pins = load_pins()
    versions = {source.module: source.pinned or source.version for source in sources}
    assert versions["github.com/cert-manager/cert-manager"] == pins.charts["cert_manager"]
    assert versions["github.com/cert-manager/trust-manager"] == pins.charts["trust_manager"]
    assert versions["sigs.k8s.io/gateway-api"] == pins.crds["gateway_api"]
    # Only a patch may stand for another one.
    for source in sources:
        stands_for = source.pinned or source.version
        assert stands_for.rpartition(".")[0] == source.version.rpartition(".")[0], source.module


def test_hand_written_schemas_are_current(root: Path) -> None:
    command = [sys.executable, "-m", "scripts.schemas", "--check", "linkerd", "charts"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_check_tells_a_changed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = importlib.import_module("scripts.schemas.__main__")
    files = program._files(["charts"])
    monkeypatch.setattr(program, "_ROOT", tmp_path)
    program._write(files, whole=True)
    assert list(program._differences(files, whole=True)) == []
    changed = tmp_path / "charts" / "linkerd-viz.schema.json"
    changed.write_bytes(changed.read_bytes() + b"\n")
    (tmp_path / "charts" / "linkerd-crds.schema.json").unlink()
    (tmp_path / "charts" / "stray.json").write_text("{}\n")
    assert list(program._differences(files, whole=True)) == [
        "schema/charts/linkerd-crds.schema.json: missing",
        "schema/charts/linkerd-viz.schema.json: differs",
        "schema/charts/stray.json: nothing makes it",
    ]
    program._write(files, whole=True)
    assert list(program._differences(files, whole=True)) == []
