"""Renders versions of the template through Copier's API, in a separate process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from meshwright import limits
from meshwright.errors import MeshwrightError
from meshwright.git.command import environment_for_others
from meshwright.git.drivers import Settings
from meshwright.inert import printable
from meshwright.jsontext import parse_json
from meshwright.update.templaterepository import Template, TemplateVersion


@dataclass(frozen=True)
class Job:
    """A version to render with answers into ``destination``; ``paths`` are files of the user's repository.

    ``answers_file`` is that of the job, if it differs from that of the others.
    """

    version: TemplateVersion
    answers: Mapping[str, Any]
    destination: Path
    paths: Sequence[str] = ()
    answers_file: str = ""


@dataclass(frozen=True)
class AnswerFault:
    """An error about an answer; ``question`` is empty if it concerns none."""

    question: str
    text: str


@dataclass(frozen=True)
class RenderedTree:
    """``kept`` are paths that Copier does not overwrite once they exist."""

    folder: Path
    kept: frozenset[str]
    faults: tuple[AnswerFault, ...]


class Renderer:
    """The rendering process, started early so that its imports overlap with reading the repository."""

    def __init__(self, scratch: Path, settings: Settings = ()) -> None:
        """``settings`` disable configured programs in the git that Copier runs."""
        from meshwright.programs import PIPE, python, start

        folder = scratch / "renderer"
        folder.mkdir()
        # Copier's clones also go into the scratch folder; git must not find a checkout around it.
        own = {"TMPDIR": str(scratch), "GIT_CEILING_DIRECTORIES": str(scratch)}
        self._process = start(
            python("meshwright.update.renderer"),
            folder=folder,
            environment={**environment_for_others(settings), **own},
            stdin=PIPE,
            stderr=PIPE,
        )

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from meshwright.programs import end

        end(self._process)

    def render(self, template: Template, answers_file: str, jobs: Sequence[Job]) -> list[RenderedTree]:
        """Render all jobs in parallel. Raises MeshwrightError if the renderer failed or took too long."""
        from meshwright.programs import ProgramTimeout, finish

        given = [description(template, answers_file, job) for job in jobs]
        limit = limits.current()
        try:
            ended = finish(self._process, limit.render, json.dumps(given).encode())
        except ProgramTimeout:
            raise MeshwrightError(
                f"the template {printable(template.source)} takes longer than {limit.render} s to render "
                f"and was stopped; if you trust it, use {limit.option('render')}"
            ) from None
        if ended.status:
            lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            raise MeshwrightError(
                f"the template cannot be rendered: {printable(lines[-1]) if lines else 'no reason given'}"
            )
        return [rendered(job, result) for job, result in zip(jobs, parse_json(ended.output), strict=True)]


def description(template: Template, answers_file: str, job: Job) -> dict[str, Any]:
    """A job in the renderer's input format."""
    return {
        "template": str(template.folder),
        "commit": job.version.commit,
        "destination": str(job.destination),
        "answers": dict(job.answers),
        "answers_file": job.answers_file or answers_file,
        "paths": list(job.paths),
    }


def rendered(job: Job, result: Mapping[str, Any]) -> RenderedTree:
    """The renderer's result of a job."""
    faults = tuple(AnswerFault(question, printable(text)) for question, text in result.get("faults", ()))
    return RenderedTree(job.destination, frozenset(result.get("kept", ())), faults)
