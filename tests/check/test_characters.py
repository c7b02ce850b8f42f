"""Characters that JSON and YAML write differently: the check goes on, and the tools read what was written."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from meshwright import programs
from meshwright.check import check_repository
from meshwright.check.schema.kubeconform import Kubeconform
from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.check.schema.schemas import Schemas, choose_minor
from meshwright.errors import Position
from meshwright.finding import Finding
from support.repositories import GITOPS_SYNC, check, config_map, flux_kustomization, lines, write

GOOD = {
    "good/kustomization.yaml": "resources: [map.yaml]",
    "good/map.yaml": config_map("good") + "datta: {}\n",
}
GOOD_FINDING = "good/map.yaml:5:1 kubeconform/unknown-field"
# Beyond U+FFFF, both ends of what a pair can say; what YAML takes for the end of a line; ordinary ones.
CHARACTERS = ["\U0001f680", "\U00010000", "\U0010ffff", "\u2028", "\ufeff", "\u2713"]
# Kustomize writes these as no YAML reader takes them; kubeconform reads what we write.
REFUSED_BY_KUSTOMIZE = ["\x7f", "\x80", "\x85", "\x9f", "\ufffe", "\uffff", "\ud83d"]


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


@pytest.mark.parametrize("char", CHARACTERS, ids=lambda char: f"U+{ord(char):04X}")
@pytest.mark.parametrize("place", ["value", "key", "name", "label", "wrapper", "patch", "inline"])
def test_a_character_anywhere(tmp_path: Path, char: str, place: str) -> None:
    odd, text = f"a{char}b", _quoted(f"a{char}b")
    body = {
        "value": f"metadata: {{name: x, namespace: shop}}\ndata: {{motd: {text}}}\n",
        "key": f"metadata: {{name: x, namespace: shop}}\ndata: {{{text}: v}}\n",
        "name": f"metadata: {{name: {text}, namespace: shop}}\n",
        "label": f"metadata: {{name: x, namespace: shop, annotations: {{a: {text}}}}}\n",
    }.get(place, "metadata: {name: x, namespace: shop}\n")
    patch = f"- {{op: add, path: /data, value: {{k: {text}}}}}"
    flux = (
        f"patches: [{{target: {{kind: ConfigMap}}, patch: {json.dumps(patch)}}}]" if place == "inline" else ""
    )
    kustomization = {
        "wrapper": f"resources: [m.yaml]\ncommonAnnotations: {{a: {text}}}\n",
        "patch": "resources: [m.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: " + json.dumps(patch),
    }.get(place, "resources: [m.yaml]\n")
    files = {
        **GOOD,
        "odd/m.yaml": f"apiVersion: v1\nkind: ConfigMap\n{body}",
        "odd/kustomization.yaml": kustomization,
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/odd.yaml": flux_kustomization("odd", "./odd", flux),
    }

    report = check(tmp_path, files)

    # The API server takes no such character in a name.
    refused = ["odd/m.yaml:3:18 MW681"] if place == "name" else []
    assert lines(report) == [GOOD_FINDING, *refused]
    assert [root.objects for root in report.roots if root.path == "odd"] == [1], odd


@pytest.mark.parametrize("name", ["\U0001f680.yaml", os.fsdecode(b"\xff.yaml")], ids=["emoji", "no text"])
def test_a_character_in_the_name_of_a_file(tmp_path: Path, name: str) -> None:
    applied = flux_kustomization("odd", "./odd")
    write(tmp_path, {**GOOD, "clusters/home/sync.yaml": GITOPS_SYNC, "clusters/home/odd.yaml": applied})
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / name).write_text(textwrap.dedent(config_map("x")), encoding="utf-8")

    assert GOOD_FINDING in lines(check_repository(tmp_path))


def _submissions(*data: Any) -> list[SchemaCheck]:
    def explained(number: int) -> Any:
        return lambda said: iter([Finding("x", Position(f"{number}"), said)])

    schema = Schemas(choose_minor(None)).root / "answers.schema.json"
    return [SchemaCheck(item, schema, explained(number), is_object=True) for number, item in enumerate(data)]


def _map(name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, **more}


@pytest.mark.parametrize("char", CHARACTERS + REFUSED_BY_KUSTOMIZE, ids=lambda char: f"U+{ord(char):04X}")
def test_kubeconform_reads_every_character(tmp_path: Path, char: str) -> None:
    judge = Kubeconform(Schemas(choose_minor(None)), tmp_path)
    odd = f"a{char}b"

    findings, _ = judge.judge(_submissions(_map(odd, data={odd: odd}), _map("b", datta={})))

    assert [finding.position.path for finding in findings] == ["1"]


def test_what_kubeconform_cannot_name_is_found_by_its_file(tmp_path: Path) -> None:
    """Two keys that are one in YAML: kubeconform says so of a document without a name."""
    twice = _map("twice", data={7: "a", "7": "b"})
    judge = Kubeconform(Schemas(choose_minor(None)), tmp_path)

    findings, _ = judge.judge(_submissions(_map("a"), twice, _map("b", datta={})))

    assert sorted(finding.position.path for finding in findings) == ["1", "2"]


def test_what_cannot_be_written_is_one_finding(tmp_path: Path) -> None:
    circle = _map("circle")
    circle["data"] = circle
    judge = Kubeconform(Schemas(choose_minor(None)), tmp_path)

    findings, _ = judge.judge(_submissions(circle, _map("b", datta={})))

    assert sorted(finding.position.path for finding in findings) == ["0", "1"]


@pytest.mark.parametrize("kind", ["time", "crash", "noise", "start"])
def test_a_kubeconform_that_fails_ends_nothing(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: Any, **__: Any) -> programs.Ended:
        if kind == "time":
            raise programs.ProgramTimeout("kubeconform took longer than 60 s")
        if kind == "start":
            raise PermissionError(13, "Permission denied")
        output = b'{"resources": 7}' if kind == "noise" else b""
        return programs.Ended(2, output, b"fatal error: out of memory\n")

    monkeypatch.setattr(programs, "run", run)

    report = check(tmp_path, {**GOOD, "bad/kustomization.yaml": "resources: [gone.yaml]\n"})

    assert lines(report) == [". kubeconform/no-answer", "bad/kustomization.yaml:1:13 build/missing-resource"]
    assert "1 object not validated" in report.findings[0].message
