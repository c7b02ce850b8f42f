"""What is recorded as the template, by how meshwright was installed."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest

from meshwright.bootstrap import provenance
from meshwright.bootstrap.provenance import Recorded, recorded
from meshwright.scaffold import PUBLISHED_SOURCE


class _Distribution:
    def __init__(self, text: str | None) -> None:
        self._text = text

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self._text


def install(monkeypatch: pytest.MonkeyPatch, direct_url: Any, *, wheel: bool = True) -> None:
    text = direct_url if direct_url is None or isinstance(direct_url, str) else json.dumps(direct_url)
    monkeypatch.setattr(provenance, "is_installed", lambda: wheel)
    monkeypatch.setattr(provenance, "distribution", lambda _: _Distribution(text))


def from_git(url: str, revision: str | None = None) -> dict[str, Any]:
    vcs = {"vcs": "git", "commit_id": "0123456789" * 4}
    return {"url": url, "vcs_info": vcs | ({"requested_revision": revision} if revision else {})}


@pytest.mark.parametrize(
    "direct_url",
    [None, "{", "[]", {"url": "file:///tmp/meshwright-0.1.0-py3-none-any.whl", "archive_info": {}}],
)
def test_a_wheel_records_its_release(direct_url: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, direct_url)

    assert recorded() == Recorded(PUBLISHED_SOURCE, "v0.1.0")


def test_a_git_url_at_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, from_git("https://github.com/meshwright/meshwright", "v0.1.0"))

    assert recorded() == Recorded(PUBLISHED_SOURCE, "v0.1.0")


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://github.com/meshwright/meshwright", PUBLISHED_SOURCE),
        ("https://me:secret@git.example.org/fork.git", "https://git.example.org/fork.git"),
        ("ssh://git@git.example.org/fork.git", "ssh://git@git.example.org/fork.git"),
    ],
)
def test_a_git_url_records_its_commit(url: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, from_git(url, "main"))

    assert recorded() == Recorded(
        source,
        "0123456789" * 4,
        f"recorded {source} at 0123456 as the template: meshwright was installed from there",
    )


@pytest.mark.parametrize("wheel", [True, False])
def test_a_checkout_says_what_it_records(wheel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, {"url": "file:///home/me/meshwright", "dir_info": {"editable": True}}, wheel=wheel)

    found = recorded()

    assert (found.source, found.commit) == (PUBLISHED_SOURCE, "v0.1.0")
    assert "because this meshwright runs from a checkout" in found.note


def test_a_package_that_was_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr(provenance, "is_installed", lambda: True)
    monkeypatch.setattr(provenance, "distribution", missing)

    assert recorded() == Recorded(PUBLISHED_SOURCE, "v0.1.0")
