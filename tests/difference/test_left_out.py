"""Builds that no change can reach are left out, and the difference is the same."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from meshwright.difference.sharing import SharedBuilds
from support.argocd import application
from support.repositories import flux_kustomization
from support.shop import ARGO, RELEASE, SHOP, VARIABLES, WEB, Changes

COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
EDITS: dict[str, tuple[Mapping[str, str], Mapping[str, str | None]]] = {
    "image": (SHOP, {"apps/shop/web.yaml": WEB.replace("web:1", "web:2")}),
    "settings": (
        VARIABLES,
        {"clusters/home/settings.yaml": VARIABLES["clusters/home/settings.yaml"].replace("info", "debug")},
    ),
    "inline variables": (
        VARIABLES,
        {
            "clusters/home/shop.yaml": flux_kustomization(
                "shop", "./apps/shop", "postBuild: {substitute: {LEVEL: x}}"
            )
        },
    ),
    "labels": (
        SHOP,
        {
            "clusters/home/shop.yaml": flux_kustomization(
                "shop", "./apps/shop", "commonMetadata: {labels: {a: b}}"
            )
        },
    ),
    "path": (
        {**SHOP, "apps/two/kustomization.yaml": "resources: [../shop]\nnamePrefix: two-\n"},
        {"clusters/home/shop.yaml": flux_kustomization("shop", "./apps/two")},
    ),
    "component": (
        {
            **SHOP,
            "parts/kustomization.yaml": f"{COMPONENT}labels: []\n",
            "apps/shop/kustomization.yaml": SHOP["apps/shop/kustomization.yaml"]
            + "components: [../../parts]\n",
        },
        {
            "parts/kustomization.yaml": f"{COMPONENT}labels: [{{pairs: {{a: b}}}}]\n",
        },
    ),
    "values": (RELEASE, {"viz/values.yaml": "dashboard: {}\n"}),
    "unreached": (SHOP, {"clusters/home/shop.yaml": None}),
    "argo cd": (ARGO, {"argocd/web.yaml": application("web", "path: apps/web, kustomize: {namePrefix: x-}")}),
}


@pytest.mark.parametrize("name", EDITS)
def test_builds_that_are_left_out_change_nothing(
    name: str, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = changes(*EDITS[name])
    monkeypatch.setattr(SharedBuilds, "digest", lambda *_: None)

    assert shared == changes(*EDITS[name])
    assert not shared.is_empty
