"""Bases read by hand are what the real kustomize builds; the others go to it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.base import read_bases
from meshwright.apps.base.built import build_bases
from meshwright.apps.base.plain import CLUSTER_SCOPED, PlainReader
from meshwright.apps.model import Base
from meshwright.yaml import dump, dump_all

Data = dict[str, Any]
CLUSTER_KINDS = [
    {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": {"name": kind.lower()}}
    for group, kind in sorted(CLUSTER_SCOPED)
]
KINDS = [
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "Job"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("traefik.io/v1alpha1", "IngressRoute"),
    ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch"),
]


def an_object(chooser: random.Random, number: int) -> Data:
    version, kind = chooser.choice(KINDS)
    metadata: Data = {"name": f"{chooser.choice(['web', 'y', 'a.b'])}-{number}"}
    if chooser.random() < 0.5:
        metadata["namespace"] = chooser.choice(["shop", "other"])
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": {"number": number}}


def write(folder: Path, chooser: random.Random, depth: int = 0) -> None:
    """A folder with a kustomization that only lists, perhaps with another below it."""
    folder.mkdir(parents=True)
    resources = []
    for number in range(chooser.randint(1, 3)):
        items = [an_object(chooser, 10 * depth + 3 * number + k) for k in range(chooser.randint(1, 3))]
        if chooser.random() < 0.2:
            items = [{"apiVersion": "v1", "kind": "List", "items": items}]
        (folder / f"{number}.yaml").write_text(dump_all(items))
        resources.append(f"{number}.yaml")
    if depth < 2 and chooser.random() < 0.5:
        write(folder / "inner", chooser, depth + 1)
        resources.append("inner" if chooser.random() < 0.5 else "./inner/")
    data: Data = {"resources": resources}
    if chooser.random() < 0.5:
        data["namespace"] = chooser.choice(["shop", "no", "1e3"])
    if chooser.random() < 0.3:
        data["labels"] = [{"pairs": {"a": "b"}}]
    if chooser.random() < 0.3:
        data["images"] = [{"name": "nginx", "newTag": "1"}]
    (folder / "kustomization.yaml").write_text(dump(data))


def identities(base: Base) -> list[tuple[str, str, str, str]]:
    return sorted((item.api_version, item.kind, item.namespace, item.name) for item in base.objects)


def specs_of(base: Base) -> Data:
    return {
        f"{item.kind} {item.name}": item.data.get("spec")
        for item in base.objects
        if item.kind != "APIService"
    }


def test_by_hand_as_by_kustomize(tmp_path: Path) -> None:
    chooser = random.Random(5)
    paths = [f"apps/a{number}" for number in range(60)]
    for path in paths:
        write(tmp_path / path, chooser)
    (tmp_path / "apps/cluster").mkdir()
    (tmp_path / "apps/cluster/all.yaml").write_text(dump_all(CLUSTER_KINDS))
    (tmp_path / "apps/cluster/kustomization.yaml").write_text(
        dump({"namespace": "shop", "resources": ["all.yaml"]})
    )
    reader = PlainReader(tmp_path)
    plain = {path: base for path in [*paths, "apps/cluster"] if (base := reader.read(path)) is not None}
    assert len(plain) > 40, "most are read by hand"

    built, findings = build_bases(tmp_path, list(plain))

    assert findings == []
    for path, base in plain.items():
        assert identities(base) == identities(built[path]), path
        # Kustomize moves the Service of an APIService too; nothing here reads it.
        specs = specs_of(base)
        assert specs == specs_of(built[path])


WEB = an_object(random.Random(1), 1)


@pytest.mark.parametrize(
    "more",
    [
        {"namePrefix": "x-"},
        {"patches": [{"target": {"kind": WEB["kind"]}, "patch": "- {op: add, path: /spec/a, value: 1}"}]},
        {"commonAnnotations": {"linkerd.io/inject": "enabled"}},
        {"labels": [{"pairs": {"a": "b"}, "includeTemplates": True}]},
    ],
)
def test_what_changes_pods_goes_to_kustomize(more: Data, tmp_path: Path) -> None:
    folder = tmp_path / "apps/shop"
    folder.mkdir(parents=True)
    (folder / "web.yaml").write_text(dump(WEB))
    (folder / "kustomization.yaml").write_text(dump({"resources": ["web.yaml"], **more}))

    assert PlainReader(tmp_path).read("apps/shop") is None
    bases, findings = read_bases(tmp_path, ["apps/shop"])

    assert findings == []
    assert len(bases["apps/shop"].objects) == 1
    assert bases["apps/shop"].objects[0].origin.position.path == "apps/shop/web.yaml"


def test_what_stands_on_the_network_is_not_seen(tmp_path: Path) -> None:
    folder = tmp_path / "apps/shop"
    folder.mkdir(parents=True)
    remote = "https://github.com/example/shop//deploy?ref=v1"
    (folder / "kustomization.yaml").write_text(dump({"resources": [remote]}))

    bases, findings = read_bases(tmp_path, ["apps/shop"])

    assert findings == []
    assert bases["apps/shop"].not_seen == (remote,)
