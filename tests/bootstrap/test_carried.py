"""Without a network, an installed Meshwright uses the template that it carries at the recorded version."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright import __version__
from meshwright.errors import MeshwrightError
from meshwright.resources import data_root
from meshwright.scaffold import PUBLISHED_SOURCE
from meshwright.update.carried import recorded_template
from support.publicrepository import Public

RELEASE = f"v{__version__}"


@pytest.fixture
def offline(public: Public, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel is installed, and the public repository cannot be reached."""
    public.folder.rename(public.folder.with_name("away"))
    monkeypatch.setattr("meshwright.update.carried.is_installed", lambda: True)


@pytest.mark.usefixtures("offline")
def test_the_recorded_version_is_carried(tmp_path: Path) -> None:
    template = recorded_template(PUBLISHED_SOURCE, RELEASE, tmp_path, here=tmp_path)

    version = template.resolve(RELEASE)
    assert version is not None
    assert (template.source, template.releases(), version.name) == (PUBLISHED_SOURCE, (RELEASE,), RELEASE)
    listed = template.git("ls-tree", "-r", "--name-only", version.commit).split("\n")
    carried = [path for path in (data_root() / "template").rglob("*") if path.is_file()]
    assert len(listed) == len(carried) + 1
    assert template.git("cat-file", "blob", f"{RELEASE}:copier.yml").encode() == (
        (data_root() / "copier.yml").read_bytes().rstrip(b"\n")
    )
    assert template.note.startswith(f"the template {PUBLISHED_SOURCE} cannot be read: git clone: ")


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("source", "commit"),
    [(PUBLISHED_SOURCE, "v0.0.9"), ("https://git.example.invalid/fork.git", RELEASE)],
    ids=["another version", "another template"],
)
def test_another_one_is_not_carried(source: str, commit: str, tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match="cannot be read"):
        recorded_template(source, commit, tmp_path, here=tmp_path)


def test_a_checkout_carries_no_release(
    public: Public, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meshwright.update.carried.is_installed", lambda: False)
    public.folder.rename(public.folder.with_name("away"))

    with pytest.raises(MeshwrightError, match="cannot be read"):
        recorded_template(PUBLISHED_SOURCE, RELEASE, tmp_path, here=tmp_path)


@pytest.mark.usefixtures("public")
def test_what_can_be_reached_is_fetched(tmp_path: Path) -> None:
    template = recorded_template(PUBLISHED_SOURCE, RELEASE, tmp_path, here=tmp_path)

    assert template.note == ""
    # Only the public repository has a history with it.
    assert "CHANGELOG.md" in template.git("ls-tree", "--name-only", "HEAD")
