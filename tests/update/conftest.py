"""What the tests of updates share."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from meshwright.update import renderer, rendering
from meshwright.update.rendering import Job, RenderedTree, description, rendered
from meshwright.update.templaterepository import Template


class _Here:
    """Renders in this process, which has imported Copier already; the same code otherwise."""

    def __init__(self, scratch: Path, _: object = ()) -> None:
        self._scratch = str(scratch)

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def render(self, template: Template, answers_file: str, jobs: Sequence[Job]) -> list[RenderedTree]:
        given: list[dict[str, Any]] = [description(template, answers_file, job) for job in jobs]
        # As it would come through the pipe.
        kept, tempfile.tempdir = tempfile.tempdir, self._scratch
        try:
            results = json.loads(json.dumps([renderer.render(job) for job in given]))
        finally:
            tempfile.tempdir = kept
        return [rendered(job, result) for job, result in zip(jobs, results, strict=True)]


@pytest.fixture
def renders_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process of its own for the renderer: a second less a test. Others run the command as it is."""
    monkeypatch.setattr(rendering, "Renderer", _Here)
