"""The manual's site: every page has one place, every link leads somewhere, nothing is from other hosts."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from scripts.manual import hosts, mermaid, navigation, staging


def test_every_page_has_one_place_in_the_navigation(root: Path) -> None:
    assert navigation.misplaced(root / "docs") == []


def test_a_page_outside_the_navigation_is_a_fault(root: Path, tmp_path: Path) -> None:
    pages = navigation.listed(navigation.configuration(root / "docs")["nav"])
    for page in {*pages, "lost.md"} - {"install.md"}:
        file = tmp_path / page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    assert navigation.misplaced(tmp_path) == [
        "docs/lost.md: not in the navigation of scripts/manual/site.yml",
        "scripts/manual/site.yml: docs/install.md does not exist",
    ]


def test_every_link_leads_to_a_file(root: Path, tmp_path: Path) -> None:
    assert staging.stage(root, tmp_path / "docs") == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_every_link_of_a_page_beside_the_manual_leads_to_a_file(root: Path, page: str) -> None:
    text = (root / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)

    assert [link for link in links if not (root / link).exists()] == []


def test_links_out_of_the_manual_lead_to_the_repository(tmp_path: Path) -> None:
    page = tmp_path / "docs/deep/page.md"
    page.parent.mkdir(parents=True)
    for name in ("README.md", "docs/other.md", "schema/one.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    page.write_text(
        "[a](../other.md#part) [b](../../README.md#first) [c](../../schema) [d](https://example.org)\n"
        "[e](../lost.md) [f](#here)\n```\n[g](../nothing.md)\n```\n",
        encoding="utf-8",
    )

    faults = staging.stage(tmp_path, tmp_path / "site")

    assert faults == ["docs/deep/page.md:2: ../lost.md does not exist"]
    public = "https://github.com/meshwright/meshwright"
    assert (tmp_path / "site/deep/page.md").read_text(encoding="utf-8") == (
        f"[a](../other.md#part) [b]({public}/blob/main/README.md#first) [c]({public}/tree/main/schema)"
        " [d](https://example.org)\n[e](../lost.md) [f](#here)\n```\n[g](../nothing.md)\n```\n"
    )
    assert page.read_text(encoding="utf-8").startswith("[a](../other.md#part) [b](../../README.md#first)")


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<script src="https://unpkg.com/x.js"></script>', "https://unpkg.com/x.js"),
        ('<link rel="stylesheet" href="//fonts.example/css">', "//fonts.example/css"),
        ('<link rel="preconnect" href="https://fonts.example">', "https://fonts.example"),
        ('<img src="https://example.org/a.svg">', "https://example.org/a.svg"),
        ('<link rel="canonical" href="https://example.org/">', ""),
        ('<a href="https://example.org/">x</a><script src="../own.js"></script>', ""),
    ],
)
def test_what_a_page_loads_from_another_host_is_a_fault(tmp_path: Path, html: str, address: str) -> None:
    (tmp_path / "index.html").write_text(html, encoding="utf-8")

    assert hosts.foreign(tmp_path) == ([f"index.html: loads {address}"] if address else [])


def test_a_package_with_another_hash_is_refused(tmp_path: Path) -> None:
    package = tmp_path / f"mermaid-{mermaid.VERSION}.tgz"
    package.write_bytes(b"another")

    with pytest.raises(mermaid.Missing, match="its hash is not that of mermaid"):
        mermaid.library(tmp_path)
    assert len(mermaid.INTEGRITY) == len("=" * 4 * -(-hashlib.sha512().digest_size // 3))


def test_the_theme_takes_nothing_from_another_host(root: Path) -> None:
    settings = navigation.configuration(root / "docs")

    assert "repo_url" not in settings, "the theme would ask GitHub's API for the stars"

    assert settings["theme"]["font"] is False
    [superfences] = [
        it["pymdownx.superfences"]
        for it in settings["markdown_extensions"]
        if "pymdownx.superfences" in it and isinstance(it, dict)
    ]
    # The theme looks for elements of class mermaid, and fetches the library for them.
    assert [fence["class"] for fence in superfences["custom_fences"]] == ["diagram"]
