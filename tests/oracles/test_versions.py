"""The oracles are of the versions that the engine tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_REQUIRED = re.compile(r"^(?:require )?\t?(\S+) (v\S+)(?: // indirect)?$", re.MULTILINE)


def versions(file: Path) -> dict[str, str]:
    return dict(_REQUIRED.findall(file.read_text(encoding="utf-8")))


def test_linkerd() -> None:
    module = "github.com/linkerd/linkerd2"

    assert (
        versions(_HERE / "linkerd/go.mod")[module]
        == versions(_HERE.parent / "engine/modules/linkerd/go.mod")[module]
    )


@pytest.mark.parametrize(
    ("controller", "modules"),
    [
        ("source-controller", ["github.com/fluxcd/pkg/sourceignore", "github.com/fluxcd/pkg/artifact"]),
        (
            "kustomize-controller",
            [
                "github.com/fluxcd/pkg/envsubst",
                "github.com/fluxcd/pkg/kustomize",
                "go.yaml.in/yaml/v2",
                "sigs.k8s.io/yaml",
                "sigs.k8s.io/kustomize/api",
                "sigs.k8s.io/kustomize/kyaml",
            ],
        ),
        ("argo-cd", ["github.com/gobwas/glob"]),
    ],
)
def test_versions(controller: str, modules: list[str]) -> None:
    ours = versions(_HERE / "go/go.mod")
    theirs = versions(_HERE.parent / "engine/modules" / controller / "go.mod")

    assert {module: ours[module] for module in modules} == {module: theirs[module] for module in modules}
