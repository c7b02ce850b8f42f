"""The groups under which an update lists files."""

from __future__ import annotations

import pytest

from meshwright.update.filegroups import group_of


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("platform/pi/linkerd-viz/values.yaml", ("layer", "linkerd-viz", "pi")),
        ("clusters/pi/platform/linkerd-viz.yaml", ("layer", "linkerd-viz", "pi")),
        ("clusters/pi/platform/kustomization-controller.yaml", ("layer", "kustomization-controller", "pi")),
        ("clusters/pi/platform/kustomization.yaml", ("cluster", "", "pi")),
        ("clusters/pi/platform/project.yaml", ("cluster", "", "pi")),
        ("clusters/pi/apps/shop.yaml", ("application", "shop", "pi")),
        # Argo CD's project of all applications.
        ("clusters/pi/apps/_project.yaml", ("cluster", "", "pi")),
        ("README.md", ("repository", "", "")),
    ],
)
def test_groups(path: str, group: tuple[str, str, str]) -> None:
    assert group_of(path) == group
