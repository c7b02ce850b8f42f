"""Regular expressions as Go reads them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from meshwright.patterns.regexp import PatternFault, compile_anchored, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("web", "web", True),
        ("web", "web-1", False),
        ("web|api", "api", True),
        ("web.*", "web\n", False),
        ("web", "web\n", False),
        ("(?i)WEB", "web", True),
        (r"\pL+", "é", True),
        (r"\d", "٣", False),
        (r"\Qa.b\E", "axb", False),
        ("(?P<x>a)", "a", True),
        (".", "\udc80", True),
    ],
)
def test_anchored(pattern: str, text: str, fits: bool) -> None:
    assert compile_anchored(pattern).found_in(text) is fits


@pytest.mark.parametrize(
    "pattern", ["(", "a**", "(?=a)", r"(a)\1", r"\C", r"a\\\C", "x{1001}", "(?<!a)b", "[b-a]"]
)
def test_what_go_refuses(pattern: str) -> None:
    with pytest.raises(PatternFault):
        compile_anchored(pattern)


def test_a_backslash_before_a_c_is_a_backslash() -> None:
    assert compile_anchored(r"\\C").found_in(r"\C")


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(.*)*b", "(a*)*" * 20 + "b"])
def test_time_is_linear(pattern: str) -> None:
    started = time.process_time()

    assert not compile_anchored(pattern).found_in("a" * 100_000)

    assert time.process_time() - started < 2


def test_a_pattern_has_a_size() -> None:
    with pytest.raises(PatternFault, match="too large"):
        compile_pattern("a" * 10_000_000)


def test_a_refusal_writes_nothing_of_its_own() -> None:
    program = "from meshwright.patterns.regexp import *\ntry: compile_pattern('(')\nexcept PatternFault: pass"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert (done.stdout, done.stderr) == (b"", b"")


def test_the_library_is_imported_only_for_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/kustomization.yaml").write_text("resources: []\n")
    program = (
        "import sys; from pathlib import Path; from meshwright.check import check_repository;"
        f"import meshwright.cli; check_repository(Path({str(tmp_path)!r})); print('re2' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)

    assert done.stdout == "False\n"
