"""kustomize and kubeconform as they are, with settings of Go's runtime that cost less processor time."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright import programs
from meshwright.manifests import kustomize

# Every core runs tests already, and a program that ends after 50 ms need not collect garbage.
_RUNTIME = {"GOGC": "400", "GOMAXPROCS": "1"}
_bare_environment = programs.bare_environment


def install(patch: pytest.MonkeyPatch) -> None:
    """Give them to every tool that a check in this process starts."""
    for module in (programs, kustomize):
        patch.setattr(module, "bare_environment", _frugal_environment)


def _frugal_environment(home: Path) -> dict[str, str]:
    return {**_bare_environment(home), **_RUNTIME}
