"""Renders versions of the template, through Copier's API in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from meshwright.errors import MeshwrightError
from meshwright.update.template import Template, TemplateVersion


@dataclass(frozen=True)
class Job:
    """One version with its answers, into ``destination``; ``paths`` are files of the user's repository."""

    version: TemplateVersion
    answers: Mapping[str, Any]
    destination: Path
    paths: Sequence[str] = ()


@dataclass(frozen=True)
class Fault:
    """What stands against an answer; ``question`` is empty when it is about none."""

    question: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """``kept`` are paths, given or rendered, that Copier leaves alone once they are there."""

    folder: Path
    kept: frozenset[str]
    faults: tuple[Fault, ...]


class Renderer:
    """Started early: its half second of imports passes while the repository is looked at."""

    def __init__(self, scratch: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "meshwright.update.renderer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Copier's own clones go there too, and with it.
            env={**os.environ, "TMPDIR": str(scratch)},
        )

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def render(self, template: Template, answers_file: str, jobs: Sequence[Job]) -> list[Rendered]:
        """Render all jobs at once. Raises MeshwrightError when the renderer itself failed."""
        given = [description(template, answers_file, job) for job in jobs]
        output, complaint = self._process.communicate(json.dumps(given).encode())
        if self._process.returncode:
            lines = complaint.decode("utf-8", "replace").strip().splitlines()
            raise MeshwrightError(
                f"the template cannot be rendered: {lines[-1] if lines else 'no reason given'}"
            )
        return [rendered(job, result) for job, result in zip(jobs, json.loads(output), strict=True)]


def description(template: Template, answers_file: str, job: Job) -> dict[str, Any]:
    """A job as the renderer reads it."""
    return {
        "template": str(template.folder),
        "commit": job.version.commit,
        "destination": str(job.destination),
        "answers": dict(job.answers),
        "answers_file": answers_file,
        "paths": list(job.paths),
    }


def rendered(job: Job, result: Mapping[str, Any]) -> Rendered:
    """What the renderer says of a job."""
    faults = tuple(Fault(question, text) for question, text in result.get("faults", ()))
    return Rendered(job.destination, frozenset(result.get("kept", ())), faults)
