"""The embedded schemas, and kubeconform run over them as ``meshwright check`` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from meshwright.resources import schema_root
from meshwright.tools import locate

# scripts/ is no part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


@dataclass(frozen=True)
class Verdict:
    """What kubeconform says of one object; ``status`` is valid, invalid or error."""

    status: str
    message: str


Conform = Callable[..., dict[str, Verdict]]


@pytest.fixture(scope="session")
def schemas() -> Path:
    return schema_root()


@pytest.fixture(scope="session")
def conform(schemas: Path, tmp_path_factory: pytest.TempPathFactory) -> Conform:
    """Runs kubeconform once over objects given by name, with a proxy that leads nowhere."""
    program = locate("kubeconform").path

    def run(objects: dict[str, dict[str, Any]], kubernetes: str = "1.36") -> dict[str, Verdict]:
        folder = tmp_path_factory.mktemp("objects")
        for name, data in objects.items():
            (folder / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
        # fmt: off
        command = [
            str(program), "-strict", "-output", "json", "-verbose", "-kubernetes-version", f"{kubernetes}.0",
            "-schema-location",
            f"{schemas}/kubernetes/{{{{.NormalizedKubernetesVersion}}}}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
            "-schema-location",
            f"{schemas}/crds/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
            str(folder),
        ]
        # fmt: on
        environment = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
        answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert answer.stdout, answer.stderr
        return {
            Path(resource["filename"]).stem: Verdict(
                resource["status"].removeprefix("status").lower(), resource.get("msg", "")
            )
            for resource in json.loads(answer.stdout)["resources"]
        }

    return run
