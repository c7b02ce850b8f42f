"""The pins of the template: what was done with each, and what `make pins` tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from meshwright.pins import load_pins
from meshwright.resources import includes_root
from meshwright.yaml import parse
from scripts.pins import TABLE, Newest, lines, numbers, proofs_of

ROOT = Path(__file__).resolve().parents[2]
PINS = (includes_root() / "pins.yml").read_text(encoding="utf-8")
KNOWN: dict[str, Any] = parse(TABLE.read_text(encoding="utf-8"))
DONE = ("rendered", "Pod Security", "injected", "engine")


def test_every_chart_and_image_says_what_was_done_with_it_by_machine() -> None:
    for name, proof in proofs_of(PINS):
        if name.startswith("charts.") or name in ("images.traefik", "images.velero"):
            done = proof.partition(";")[0].split(", ")
            assert set(done) <= set(DONE), name
            # The CRDs have no pods.
            assert {"rendered", "Pod Security"} <= set(done) or name == "charts.prometheus_operator_crds"


def test_the_table_is_about_pins() -> None:
    names = {line.name for line in lines(PINS, {"sources": {}, "notes": []}, lambda _: None)}
    assert set(KNOWN["sources"]) <= names
    assert {note["pin"] for note in KNOWN["notes"]} <= names


def test_no_pin_is_below_a_version_that_fixes_a_security_fault() -> None:
    affected = [
        note
        for line in lines(PINS, KNOWN, lambda _: None)
        for note in line.notes
        if note.startswith("AFFECTED")
    ]
    assert affected == []


def test_the_choice_of_argo_cd_names_the_pinned_versions() -> None:
    choices = parse((ROOT / "copier.yml").read_text(encoding="utf-8"))["engine"]["choices"]
    versions = load_pins().versions
    assert f"Argo CD ({versions['argocd_least']} or newer)" in choices
    assert f"Flux ({versions['flux_least']} or newer)" in choices


def test_the_choice_of_the_gateway_api_names_the_pinned_version_of_k3s() -> None:
    choices = parse((ROOT / "copier.yml").read_text(encoding="utf-8"))["gateway_api"]["choices"]
    assert f"k3s (before {load_pins().versions['k3s_gateway_api']} only together with its Traefik)" in choices


def test_no_text_of_the_template_has_a_version_beside_the_pins() -> None:
    written = re.compile(r"\b(?:Flux|Argo CD|k3s|Kubernetes)(?: before| since)? v?[0-9]+\.[0-9]+")
    found = [
        (path.relative_to(ROOT).as_posix(), match[0])
        for path in sorted((ROOT / "template").rglob("*"))
        if path.is_file() and path.name != "pins.yml"
        for match in written.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


SMALL = """
charts:
  # renovate: datasource=helm
  # proof: rendered
  web: "v1.2.3"
actions:
  # renovate: datasource=github-releases
  # proof: read
  checkout: "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
kubernetes: "1.36"
"""
NOTE = {"pin": "charts.web", "fixed": "v1.2.4", "note": "a hole", "source": "release notes"}


def test_a_pin_is_listed_with_what_is_known_of_it() -> None:
    table = {"sources": {"charts.web": {"module": "example.org/web", "of": "the program"}}, "notes": [NOTE]}
    web, checkout, kubernetes = lines(SMALL, table, lambda _: Newest("v1.3.0", 12))
    assert web.cells == ("charts.web", "v1.2.3", "v1.3.0 (the program)", "12 days ago")
    assert dict(proofs_of(SMALL)) == {"charts.web": "rendered", "actions.checkout": "read"}
    assert (web.proof, web.notes) == ("rendered", ("AFFECTED below v1.2.4: a hole (release notes)",))
    assert checkout.cells == ("actions.checkout", "v7.0.1", "unknown", "")
    assert kubernetes.cells == ("kubernetes", "1.36", "unknown", "")


@pytest.mark.parametrize(("version", "is_fixed"), [("v1.2.3", False), ("v1.2.4", True), ("v1.2.10", True)])
def test_versions_are_compared_by_their_numbers(version: str, is_fixed: bool) -> None:
    [line, *_] = lines(SMALL.replace("v1.2.3", version), {"sources": {}, "notes": [NOTE]}, lambda _: None)
    assert line.notes[0].startswith("fixed") == is_fixed
    assert (numbers(version) >= (1, 2, 4)) == is_fixed
