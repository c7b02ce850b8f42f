"""What is proposed for a path that does not exist is a whole path, and only one that was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.nearpath import near_path
from support.upgrades import write

FILES = (
    "apps/blog/base/deployment.yaml",
    "apps/blog/blog.yaml",
    "apps/shop/deployment.yaml",
    "apps/shop/Shop.yaml",
    "mesh/apps/pi/shop/kustomization.yaml",
    "platform/pi/viz/values.yaml",
    "platform/pi/cni/values.yaml",
    "platform/home/trust/values.yaml",
    "platform/pi/linkerd-viz/values.yaml",
    "platform/pi/linkerd-trust/webhook-certificates.yaml",
    "platform/gate/values.yaml",
)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("apps/blog/blg.yaml", "apps/blog/blog.yaml"),
        ("apps/blog/Blog.yml", "apps/blog/blog.yaml"),
        ("apps/shop/shop.yaml", "apps/shop/Shop.yaml"),
        ("apps/blog/deployment.yaml", "apps/blog/base/deployment.yaml"),
        ("apps/blog/manifests/blog.yaml", "apps/blog/blog.yaml"),
        ("apps/blog/apps/blog/blog.yaml", "apps/blog/blog.yaml"),
        ("apps/blog.yaml", "apps/blog/blog.yaml"),
        ("apps/blgo/blog.yaml", "apps/blog/blog.yaml"),
        ("platform/pi/vizz", "platform/pi/viz"),
        ("platform/pi-cluster/viz", "platform/pi/viz"),
        ("platform/pi/gate", "platform/gate"),
        ("platform/pi/linkerd-vzi", "platform/pi/linkerd-viz"),
        # Names that are only alike: a layer or a manifest that was deleted is not another one.
        ("platform/pi/linkerd-crds", ""),
        ("platform/pi/linkerd-trust/webhook-ca.yaml", ""),
        # Another cluster's folder, another application's file, one of several: nothing was meant for sure.
        ("platform/pi/trust", ""),
        ("apps/mail/deployment.yaml", ""),
        ("mesh/apps/pi/blog", ""),
        ("platform/other/values.yaml", ""),
        ("nothing/at/all.txt", ""),
    ],
)
def test_the_nearest(path: str, meant: str, tmp_path: Path) -> None:
    for file in FILES:
        write(tmp_path / file, "")

    assert near_path(RepositoryFiles(tmp_path), path) == (f"; did you mean '{meant}'?" if meant else "")
