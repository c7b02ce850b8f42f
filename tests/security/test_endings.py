"""How a fault of Meshwright's own, or of the machine, ends: the reason in a line."""

from __future__ import annotations

import os
from typing import Any

import pytest

from meshwright import ending
from meshwright.deadline import OutOfTime
from meshwright.errors import DEBUG


class _Ended(Exception):
    pass


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_fault_of_our_own(debug: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    def stop(code: int) -> None:
        raise _Ended(code)

    monkeypatch.setattr(os, "_exit", stop)
    monkeypatch.setenv(DEBUG, debug) if debug else monkeypatch.delenv(DEBUG, raising=False)
    with pytest.raises(_Ended, match="2"):
        ending.fail(KeyError("a\x1b]0;pwned\x07\n::error::b"))
    told = capsys.readouterr().err
    assert (
        ("Traceback" in told or "KeyError" in told.splitlines()[0]) if debug else len(told.splitlines()) == 1
    )
    assert told.splitlines()[-1].startswith("meshwright: KeyError: ")
    assert "https://github.com/meshwright/meshwright/issues" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("cause", "code", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (
            OutOfTime(3, ""),
            2,
            "meshwright: stopped after 3 s; --timeout 6 allows more time, --timeout 0 sets no limit\n",
        ),
    ],
)
def test_an_interruption_that_python_wraps(
    cause: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def stop(code: int) -> None:
        raise _Ended(code)

    monkeypatch.setattr(os, "_exit", stop)
    monkeypatch.delenv(DEBUG, raising=False)
    error = RuntimeError("Error calling __set_name__ on 'Field' instance 'a' in 'B'")
    error.__cause__ = cause
    with pytest.raises(_Ended) as ended:
        ending.fail(error)
    assert ended.value.args == (code,)
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/a/b"), "/a/b: No space left on device; free some space"),
        (OSError(28, "No space left on device"), "No space left on device; free some space"),
        (PermissionError(13, "Permission denied", b"/a/\xff"), r"/a/\udcff: Permission denied"),
        (MemoryError(), "out of memory"),
        (RecursionError("deep"), "RecursionError: deep"),
    ],
)
def test_reasons(error: BaseException, said: str) -> None:
    assert ending.reason(error).startswith(said)
