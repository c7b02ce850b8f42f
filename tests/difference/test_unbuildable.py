"""What cannot be built or read is said, and nothing of it is called removed or added."""

from __future__ import annotations

import pytest

from support.repositories import config_map, flux_kustomization
from support.shop import SHOP, WEB, Told


def test_what_cannot_be_built_is_said_and_the_rest_compared(told: Told) -> None:
    files = {
        **SHOP,
        "clusters/home/other.yaml": flux_kustomization("other", "./apps/other"),
        "apps/other/kustomization.yaml": "resources: [map.yaml]\n",
        "apps/other/map.yaml": config_map("other", a="b"),
    }
    edits = {
        "apps/other/kustomization.yaml": "resources: [map.yaml, gone.yaml]\n",
        "apps/shop/web.yaml": WEB.replace("web:1", "web:2"),
    }

    lines = told(files, edits)

    assert "      spec.template.spec.containers[web].image: web:1 -> web:2" in lines
    assert lines[4:6] == [
        "not compared:",
        "  Kustomization flux-system/other (new): it cannot be built: "
        "apps/other/kustomization.yaml:1:23: 'apps/other/gone.yaml' does not exist",
    ]


def test_a_base_on_the_network_is_the_reason(told: Told) -> None:
    remote = "resources: [web.yaml, 'https://github.com/example/base?ref=v1']\n"
    files = {**SHOP, "apps/shop/kustomization.yaml": remote}

    lines = told(files, {"apps/shop/kustomization.yaml": remote.replace("v1", "v2")})

    assert lines[1] == (
        "  Kustomization flux-system/shop (new): it cannot be built: apps/shop/kustomization.yaml:1:23: "
        "it needs 'https://github.com/example/base?ref=v2' from the network, but the check runs offline"
    )


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ({path: None for path in SHOP if path.startswith("apps/")}, "which does not exist"),
        ({"clusters/home/shop.yaml": "kind: [\n"}, "clusters/home/shop.yaml:1:7"),
    ],
    ids=["its folder is gone", "its file is no YAML"],
)
def test_a_root_that_cannot_be_read_is_not_called_removed(
    told: Told, edits: dict[str, str | None], reason: str
) -> None:
    lines = told(SHOP, edits)

    assert not [line for line in lines if "Deployment" in line or "Service" in line]
    assert any("Kustomization flux-system/shop (new)" in line and reason in line for line in lines)


def test_what_an_entry_applies_is_not_called_added_when_the_entry_breaks(told: Told) -> None:
    assert told(SHOP, {"clusters/home/flux-system/sync.yaml": "kind: [\n"}) == [
        "not compared:",
        "  Kustomization flux-system/flux-system (new): clusters/home/flux-system/sync.yaml:1:7: "
        "this bracket is never closed; add the closing bracket",
        "",
        "no differences in what could be compared; not compared: 1",
    ]
