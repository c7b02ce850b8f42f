"""The cache is never inside the checkout, whichever variable or link leads there."""

from __future__ import annotations

import pwd
from types import SimpleNamespace

import pytest

from meshwright.cache.places import cache_root
from meshwright.errors import MeshwrightError
from meshwright.tools.ledger import Ledger
from security.ground import Ground


def test_no_home_is_one_line(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.chdir(ground.repository)
    monkeypatch.delenv("HOME", raising=False)

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(MeshwrightError, match=r"no home folder; set HOME, or set MESHWRIGHT_CACHE"):
        cache_root()
    # As platformdirs did before 4.4: a path that begins in the working folder.
    monkeypatch.setattr("platformdirs.user_state_dir", lambda *_, **__: "~/.local/state/meshwright")
    assert "set XDG_STATE_HOME" in Ledger().problem
    monkeypatch.setenv("MESHWRIGHT_CACHE", "~nobody-of-that-name/cache")
    with pytest.raises(MeshwrightError, match="the home or current folder does not exist"):
        cache_root()


@pytest.mark.parametrize("variable", ["MESHWRIGHT_CACHE", "XDG_CACHE_HOME", "HOME"])
@pytest.mark.parametrize("form", ["plain", "relative", "dots", "link out", "link in", "worktree"])
def test_every_way_into_a_checkout_is_seen(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, variable: str, form: str
) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(ground.repository)
    inside = ground.repository / "a"
    match form:
        case "relative":
            told = "a"
        case "dots":
            told = str(ground.folder / "x/../repository/a")
        case "link out":
            inside.symlink_to(ground.folder)
            told = str(inside)
        case "link in":
            (ground.folder / "link").symlink_to(ground.repository)
            told = str(ground.folder / "link/a")
        case "worktree":
            (ground.repository / ".git").rmdir()
            (ground.repository / ".git").write_text("gitdir: /elsewhere\n")
            told = str(inside)
        case _:
            told = str(inside)
    monkeypatch.setenv(variable, told)
    if form == "relative" and variable != "MESHWRIGHT_CACHE":
        # The standard has it ignored: the home of the account counts.
        assert not cache_root().is_relative_to(ground.repository)
        return
    with pytest.raises(MeshwrightError, match="is inside the Git checkout") as caught:
        cache_root()
    assert "\n" not in str(caught.value)
    assert "MESHWRIGHT_CACHE" in str(caught.value)


def test_a_home_folder_that_is_a_checkout_is_the_users(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESHWRIGHT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(ground.repository))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_dir=str(ground.repository)))
    assert cache_root().is_relative_to(ground.repository)
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(ground.repository / "cache"))
    with pytest.raises(MeshwrightError, match="is inside the Git checkout"):
        cache_root()
