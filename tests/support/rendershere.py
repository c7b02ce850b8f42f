"""Renders of an update in the tests' own process, which has imported Copier already; else the same code."""

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


def install(patch: pytest.MonkeyPatch) -> None:
    """Let updates, and what adds or promotes clusters, render without a process of its own."""
    patch.setattr(rendering, "Renderer", _Here)
