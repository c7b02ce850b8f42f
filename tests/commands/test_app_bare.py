"""`meshwright app add` of a folder without a kustomization."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.apps.generate import generate
from meshwright.commands import app as command
from meshwright.errors import MeshwrightError
from meshwright.yaml import dump, parse
from support.appcommands import NAMESPACE, added, workload
from support.specs import SpecCase, write_case

BARE = {
    "apps/shop/web.yaml": dump(workload("Deployment", "web")),
    "apps/shop/values.yaml": "replicas: 2\n",
    "apps/shop/db/kustomization.yaml": "resources: [db.yaml]\n",
    "apps/shop/db/db.yaml": dump(workload("StatefulSet", "db")),
    "apps/shop/README.md": "",
}


def test_a_folder_without_a_kustomization_gets_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_case(tmp_path, SpecCase("app", BARE, (), {}))

    data = added(root, capsys, yes=True)

    assert data["files"] == ["apps/shop/kustomization.yaml", "apps/shop/mesh.yaml"]
    assert data["notes"] == [
        "apps/shop has no kustomization.yaml: one is proposed that lists db, web.yaml",
        "not listed in it, because they are not manifests: values.yaml",
    ]
    assert [item["name"] for item in data["workloads"]] == ["db", "web"]
    assert parse((root / "apps/shop/kustomization.yaml").read_text())["resources"] == ["db", "web.yaml"]
    outcome = generate(root, check=False, force=False, remember=False)
    assert [str(finding) for finding in outcome.findings] == []


def test_its_namespace_is_set_if_nothing_else_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = workload("Deployment", "web")
    del bare["metadata"]["namespace"]
    root = write_case(tmp_path, SpecCase("app", {"apps/shop/web.yaml": dump(bare)}, (), {}))

    data = added(root, capsys, yes=True)

    assert data["before"] == []
    assert parse((root / "apps/shop/kustomization.yaml").read_text())["namespace"] == "shop"
    outcome = generate(root, check=False, force=False, remember=False)
    assert [str(finding) for finding in outcome.findings] == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"apps/shop/README.md": ""},
            "^apps/shop: no kustomization.yaml and no manifests; add them, or name",
        ),
        ({"apps/shop/a.yaml": "a: [\n"}, "^apps/shop/a.yaml:"),
        (
            {"apps/shop/a.yaml": dump(NAMESPACE), "apps/shop/b.yaml": dump(NAMESPACE)},
            "^apps/shop: no kustomization.yaml, and none can be proposed, because an object appears twice",
        ),
    ],
)
def test_a_folder_for_which_none_can_be_proposed(files: dict[str, str], said: str, tmp_path: Path) -> None:
    root = write_case(tmp_path, SpecCase("app", files, (), {}))

    with pytest.raises(MeshwrightError, match=said):
        command.add("shop", repository=root, yes=True)

    assert not (root / "apps/shop/mesh.yaml").exists()
