"""The checks as files: included by Jinja and put into a YAML block scalar, they must arrive as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from argocd.health.cases import check_files, source

CHECKS = pytest.mark.parametrize("check", list(check_files()))


@CHECKS
@pytest.mark.parametrize("sequence", ["[[", "]]", "[%", "%]", "[#", "#]", "{{", "}}", "\t", "\r"])
def test_no_check_holds_what_a_template_engine_would_read(check: str, sequence: str) -> None:
    assert sequence not in source(check)


@CHECKS
def test_a_check_opens_with_one_line_on_what_it_is_for(check: str) -> None:
    first, second, *_ = source(check).splitlines()
    assert first.startswith("-- ")
    assert not second.startswith("--")


@CHECKS
def test_a_check_is_plain_text_that_a_block_scalar_keeps(check: str) -> None:
    text = source(check)
    assert text.isascii()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(line == line.rstrip() for line in text.splitlines())


@CHECKS
def test_a_check_arrives_in_the_config_map_as_it_is(check: str, root: Path) -> None:
    options: dict[str, Any] = yaml.safe_load((root / "copier.yml").read_text(encoding="utf-8"))["_envops"]
    options["undefined"] = jinja2.StrictUndefined
    engine = jinja2.Environment(loader=jinja2.FileSystemLoader(check_files()[check].parent), **options)
    template = (
        "data:\n  key: |\n"
        f"[% filter indent(4, first=true) %]\n[% include '{check}.lua' %]\n[% endfilter %]\n"
        "  next: x\n"
    )
    arrived = yaml.safe_load(engine.from_string(template).render())["data"]["key"]
    assert arrived.rstrip() == source(check).rstrip()


def test_the_page_names_every_key(root: Path) -> None:
    page = (root / "docs" / "argocd-health.md").read_text(encoding="utf-8")
    kinds = re.findall(r"`resource\.customizations\.health\.[a-z0-9.-]+_([A-Za-z]+)`", page)
    assert sorted(kind.lower() for kind in kinds) == sorted(check_files())
