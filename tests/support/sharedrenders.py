"""Renders that tests have in common: made once for all workers of a run, copied for each test.

A render takes thirty times as long as its copy, and many tests begin with the same answers.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from meshwright.resources import data_root
from meshwright.scaffold import render

# The package's name for the module is that of the function.
_RENDER = "meshwright.scaffold.render"
_run_copier = render.__globals__["_run_copier"]
_TEMPLATE = data_root()


class SharedRenders:
    """The project's own template at one place, and what it gives by answers, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template"

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let ``render`` of this process take what was rendered already, whatever the answers' order."""
        if not self._template.exists():
            with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
                made = Path(scratch) / "template"
                made.mkdir()
                shutil.copy(_TEMPLATE / "copier.yml", made)
                shutil.copytree(_TEMPLATE / "template", made / "template")
                _keep(made, self._template)
        patch.setitem(render.__globals__, "_plain_copy", lambda _: self._template)
        patch.setitem(render.__globals__, "_run_copier", self._run)

    def _run(self, source: Path, destination: Path, answers: Mapping[str, Any]) -> None:
        if source != self._template or destination.exists():
            _run_copier(source, destination, answers)
            return
        text = json.dumps(answers, sort_keys=True)
        kept = self._folder / hashlib.sha256(text.encode()).hexdigest()
        if kept.exists():
            _copy(kept, destination)
            return
        _run_copier(source, destination, answers)
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            _copy(destination, Path(scratch) / "made")
            _keep(Path(scratch) / "made", kept)


def render_anew(patch: pytest.MonkeyPatch) -> None:
    """Let ``render`` do its work each time: for tests that compare what it makes."""
    patch.setitem(render.__globals__, "_run_copier", _run_copier)


def _copy(source: Path, destination: Path) -> None:
    # The times are those of a file that was just written.
    shutil.copytree(source, destination, symlinks=True, copy_function=shutil.copy)


def _keep(made: Path, place: Path) -> None:
    """Where another worker was faster, its folder stays."""
    with suppress(OSError):
        made.rename(place)
