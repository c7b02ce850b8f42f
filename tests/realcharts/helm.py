"""Renders charts with the real helm, each combination of chart and values once."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshwright.tools import locate

_SECONDS = 120


class HelmError(Exception):
    """Helm refused a chart with these values; the message is its own."""


class Helm:
    """``minor`` is the Kubernetes minor version that charts are rendered for."""

    def __init__(self, minor: str) -> None:
        self.minor = minor
        self._program = str(locate("helm").path)

    def template(self, chart: Path, name: str, namespace: str, values: Mapping[str, Any]) -> str:
        """The rendered manifests, CRDs and hooks included, tests left out. Raises HelmError."""
        with tempfile.TemporaryDirectory() as home:
            given = Path(home) / "values.json"
            given.write_text(json.dumps(values), encoding="utf-8")
            command = [self._program, "template", name, str(chart), "--namespace", namespace]
            command += ["--values", str(given), "--include-crds", "--skip-tests"]
            ended = subprocess.run(
                [*command, "--kube-version", f"{self.minor}.0"],
                env={**os.environ, "HOME": home, "XDG_CACHE_HOME": home},
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        if ended.returncode:
            raise HelmError(" ".join(ended.stderr.split()))
        return ended.stdout
