"""Whole processes, as a user starts them; figures are recorded, never asserted (make bench).

Goals: copier copy of the full repository <= 1.5 s; new with defaults <= 1.2 s; check of the example, warm,
<= 1 s and at most twice what kustomize and kubeconform cost alone, one process each.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meshwright.pins import load_pins
from meshwright.resources import schema_root
from meshwright.tools import locate

# Whether they still run is seen by make test-long, and so by .ci/run.
pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/pi-cluster"
BIN = Path(sys.executable).parent
ROUNDS = {"rounds": 7, "warmup_rounds": 1}


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The template without history, as Copier sees a released archive."""
    shutil.copy(ROOT / "copier.yml", tmp_path)
    shutil.copytree(ROOT / "template", tmp_path / "template")
    return tmp_path


def test_copier_copy(benchmark: Any, template: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    def destination() -> tuple[tuple[Path], dict[str, Any]]:
        return (tmp_path_factory.mktemp("copy") / "repository",), {}

    def copy(path: Path) -> None:
        run(
            BIN / "copier",
            "copy",
            "--defaults",
            "--quiet",
            "--data=viz_host=linkerd.home.arpa",
            template,
            path,
        )

    benchmark.pedantic(copy, setup=destination, **ROUNDS)


def test_new(benchmark: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    def destination() -> tuple[tuple[Path], dict[str, Any]]:
        return (tmp_path_factory.mktemp("new") / "repository",), {}

    def new(path: Path) -> None:
        run(BIN / "meshwright", "new", path, "--defaults", "--no-check")

    benchmark.pedantic(new, setup=destination, **ROUNDS)


def test_check_anew(benchmark: Any) -> None:
    benchmark.pedantic(run, args=(BIN / "meshwright", "check", "--no-cache", EXAMPLE), **ROUNDS)


def test_check_unchanged(benchmark: Any) -> None:
    benchmark.pedantic(run, args=(BIN / "meshwright", "check", EXAMPLE), **ROUNDS)


def test_kustomize_and_kubeconform_alone(benchmark: Any, tmp_path: Path) -> None:
    """The floor under a check: one kustomize and one kubeconform process over the same roots."""
    # An application's base is built through its overlay, and a Component by nobody alone.
    inner = ("apps", "mesh/components")
    found = [path.parent for path in EXAMPLE.rglob("kustomization.yaml")]
    roots = [path for path in found if not path.relative_to(EXAMPLE).as_posix().startswith(inner)]
    top = tmp_path / "top"
    top.mkdir()
    relative = [Path("../" * len(top.parts[1:])) / str(root)[1:] for root in roots]
    entries = "".join(f"  - {path}\n" for path in relative)
    (top / "kustomization.yaml").write_text(f"resources:\n{entries}", encoding="utf-8")
    kustomize, kubeconform = locate("kustomize").path, locate("kubeconform").path
    built = tmp_path / "built.yaml"
    schemas = schema_root()
    locations = [
        f"-schema-location={schemas}/kubernetes/{{{{.NormalizedKubernetesVersion}}}}"
        "/{{.ResourceKind}}{{.KindSuffix}}.json",
        f"-schema-location={schemas}/crds/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
    ]
    version = f"-kubernetes-version={load_pins().kubernetes}.0"

    def both() -> None:
        with built.open("wb") as file:
            subprocess.run([kustomize, "build", top], stdout=file, check=True)
        run(kubeconform, "-strict", version, *locations, built)

    benchmark.pedantic(both, **ROUNDS)
