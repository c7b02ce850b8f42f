"""mypy reads tests and scripts as strictly as the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_IGNORED = re.compile(r"# type: ignore\b(.*)")


def test_mypy_reads_everything(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]

    assert settings["strict"] is True
    assert settings["files"] == ["generator/meshwright", "scripts", "tests"]
    assert "exclude" not in settings
    for override in settings["overrides"]:
        assert override.keys() == {"module", "ignore_missing_imports"}, "only packages without types"


def test_what_is_ignored_has_a_code_and_a_reason(root: Path) -> None:
    ignored = [
        (path.relative_to(root).as_posix(), number, rest)
        for folder in ("scripts", "tests")
        for path in (root / folder).rglob("*.py")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for rest in _IGNORED.findall(line)
    ]

    assert ignored, "the pattern finds nothing"
    assert [it for it in ignored if not re.fullmatch(r"\[[\w, -]+\] +# \w.+", it[2])] == []
