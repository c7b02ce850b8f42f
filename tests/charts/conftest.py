"""A chart repository and an OCI registry on loopback, and an empty repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.tools import locate
from meshwright.tools.catalog import tool_spec
from support.chartservers import Charts
from support.webserver import serving


@pytest.fixture
def charts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Charts]:
    for name in ("kustomize", "helm", "kubeconform"):
        monkeypatch.setenv(tool_spec(name).variable, str(locate(name).path))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    with serving() as server:
        yield Charts(server)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """An empty repository."""
    folder = tmp_path / "repo"
    (folder / "apps").mkdir(parents=True)
    return folder
