"""What a kustomization names, and how it moves to another folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.errors import Position
from meshwright.manifests.entry import EntryPoint
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import KustomizationIndex, references_of
from meshwright.manifests.relocation import relocate
from meshwright.manifests.remote import is_remote
from support.repositories import write

EVERYTHING = {
    "resources": ["a.yaml", "../base"],
    "components": ["../component"],
    "patches": [{"path": "p.yaml"}, {"patch": "inline: true", "target": {"kind": "X"}}],
    "patchesStrategicMerge": ["s.yaml", "kind: X\nmetadata: {name: y}\n"],
    "transformers": ["t.yaml", "kind: T\n"],
    "configMapGenerator": [{"name": "c", "files": ["v.yaml", "key=data/w.yaml"], "envs": ["e.env"]}],
    "secretGenerator": [{"name": "s", "env": "old.env", "literals": ["a=b"]}],
    "replacements": [{"path": "r.yaml"}],
    "openapi": {"path": "schema.json"},
    "configurations": ["names.yaml"],
    "namespace": "left-alone",
}


def test_every_entry_that_names_a_file() -> None:
    assert sorted(reference.entry for reference in references_of(EVERYTHING)) == sorted(
        [
            "a.yaml",
            "../base",
            "../component",
            "p.yaml",
            "s.yaml",
            "t.yaml",
            "v.yaml",
            "data/w.yaml",
            "e.env",
            "old.env",
            "r.yaml",
            "schema.json",
            "names.yaml",
        ]
    )


def test_relocation_keeps_keys_and_inline_text() -> None:
    moved = relocate(EVERYTHING, lambda entry: f"/x/{entry}")

    assert moved["resources"] == ["/x/a.yaml", "/x/../base"]
    assert moved["configMapGenerator"][0]["files"] == ["v.yaml=/x/v.yaml", "key=/x/data/w.yaml"]
    assert moved["patchesStrategicMerge"] == ["/x/s.yaml", '{"kind": "X", "metadata": {"name": "y"}}']
    assert moved["namespace"] == "left-alone"
    assert EVERYTHING["resources"] == ["a.yaml", "../base"]


@pytest.mark.parametrize(
    "entry",
    [
        "https://github.com/org/repo/path?ref=v1",
        "http://example.org/file.yaml",
        "HTTPS://example.org/x",
        "github.com/org/repo",
        "github.com:org/repo.git",
        "git@github.com:org/repo.git",
        "ssh://git@example.org/x",
        "git::https://example.org/x",
        "user@example.org:org/repo.git//path",
        "file:///srv/repo",
    ],
)
def test_remote(entry: str) -> None:
    assert is_remote(entry)


@pytest.mark.parametrize(
    "entry", ["../base", "apps", "./github.com", "a@b", "https", "apps/github.com/x", "a.yaml?x"]
)
def test_local(entry: str) -> None:
    assert not is_remote(entry)


def read(folder: Path, files: dict[str, str]) -> BuildInputsReader:
    repository = RepositoryFiles(write(folder, files))
    return BuildInputsReader(repository, KustomizationIndex(repository))


def test_closure_follows_bases_and_components(tmp_path: Path) -> None:
    inputs_reader = read(
        tmp_path,
        {
            "top/kustomization.yaml": "resources: [a.yaml, ../base]\ncomponents: [../part]\n",
            "top/a.yaml": "",
            "base/kustomization.yml": "resources: [b.yaml]\nconfigurations: [names.yaml]\n",
            "base/b.yaml": "",
            "base/names.yaml": "# comment\nnameReference: []\n",
            "part/Kustomization": "kind: Component\nsecretGenerator: [{name: s, literals: [a=b]}]\n",
        },
    )

    inputs = inputs_reader.read([EntryPoint("top", Position("x"))])

    assert inputs.findings == []
    assert inputs.folders == {"top", "base", "part"}
    assert inputs.files == {"top/a.yaml", "base/b.yaml"}
    assert inputs.settings == {"nameReference: []"}
    assert inputs.renames
    assert inputs.buildable


@pytest.mark.parametrize(
    ("options", "renames"),
    [("{}", True), ("{disableNameSuffixHash: true}", False), ("{labels: {a: b}}", True)],
)
def test_only_hashed_names_are_renames(tmp_path: Path, options: str, renames: bool) -> None:
    text = f"generatorOptions: {options}\nconfigMapGenerator: [{{name: c, literals: [a=b]}}]\n"
    inputs = read(tmp_path, {"top/kustomization.yaml": text}).read([EntryPoint("top", Position("x"))])

    assert inputs.renames is renames


def test_remote_and_helm_are_no_findings(tmp_path: Path) -> None:
    text = "resources: ['https://example.org/x']\nhelmCharts: [{name: x}]\n"
    inputs = read(tmp_path, {"top/kustomization.yaml": text}).read([EntryPoint("top", Position("x"))])

    assert inputs.findings == []
    assert [entry for entry, _ in inputs.remote] == ["https://example.org/x"]
    assert [field for field, _ in inputs.helm] == ["helmCharts"]
    assert not inputs.buildable
