"""What `meshwright update` tells a person to do on the cluster, because no engine does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.commands.update import update
from support.upgrades import adopt, copy, make_template, release

pytestmark = pytest.mark.usefixtures("renders_here")

HEAD = "to do by hand, because the engine does not do it:"
FOLDER = "template/clusters/home/argocd"
VALUES = 'configs:\n  cm:\n    timeout: 60s\n    health: |\n      -- why\n      return "Healthy"\n'
ROOT = "kind: Application\nspec: {path: clusters/home/platform}\n"
START = [
    {"write": {"file": f"{FOLDER}/values.yaml", "text": VALUES}},
    {"write": {"file": f"{FOLDER}/root.yaml", "text": ROOT}},
    {"write": {"file": f"{FOLDER}/apps.yaml", "text": ROOT}},
]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            [
                {"replace": {"file": f"{FOLDER}/root.yaml", "old": "platform", "new": "layers"}},
                {"replace": {"file": f"{FOLDER}/values.yaml", "old": "60s", "new": "30s"}},
            ],
            [
                "  before you push: upgrade Argo CD with clusters/home/argocd/values.yaml, as in "
                '"Bootstrap" in clusters/home/README.md',
                "  after you push: kubectl apply --filename clusters/home/argocd/root.yaml",
            ],
        ),
        # Comments of YAML, and of Lua in it.
        ([{"replace": {"file": f"{FOLDER}/values.yaml", "old": "-- why", "new": "-- because"}}], []),
        ([{"append": {"file": f"{FOLDER}/apps.yaml", "text": "# more\n"}}], []),
        # The other engine's: the README says how to start it.
        ([{"delete": FOLDER}], []),
        (
            [{"write": {"file": "template/.sops.yaml", "text": "creation_rules: []\n"}}],
            [
                "  before you push: create the key and Secret flux-system/sops-age, without which Flux "
                'applies nothing ("Bootstrap" in the README of the cluster)'
            ],
        ),
    ],
)
def test_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], steps: list[dict[str, object]], expected: list[str]
) -> None:
    template = make_template(tmp_path / "template", START)
    repository = adopt(copy(template, tmp_path / "home", {}, "v1.0.0"))
    release(template, steps, "v2.0.0")

    for preview in (True, False):
        update(repository, preview=preview)

        lines = capsys.readouterr().out.splitlines()
        start = lines.index(HEAD) if HEAD in lines else len(lines) - 1
        assert lines[start + 1 : -1] == expected
