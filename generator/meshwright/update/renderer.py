"""The rendering process: reads jobs from standard input, renders them in parallel, and writes their results.

Copier changes the working folder and takes half a second to import, so it runs in a separate process while
the command reads the repository. A job is a JSON object with ``template`` (a Git repository), ``commit``,
``destination``, ``answers``, ``answers_file``, and ``paths`` of the user's repository. The results are one
JSON list.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from copier import Settings, run_copy
from copier.errors import CopierError
from jinja2 import TemplateError
from plumbum import ProcessExecutionError

from meshwright.scaffold.lean import lean

_REFUSED = re.compile(
    r"(?:Validation error for question|Invalid choice for) '(?P<question>[^']+)'", re.DOTALL
)
_OTHER = re.compile(r'[Qq]uestion "(?P<question>[^"]+)"')


def main() -> None:
    """Render each job in its own process."""
    jobs = json.load(sys.stdin)
    pipes = [_start(job) for job in jobs]
    results = []
    for pipe, process in pipes:
        with os.fdopen(pipe, encoding="utf-8") as stream:
            text = stream.read()
        os.waitpid(process, 0)
        results.append(json.loads(text) if text else {"faults": [["", "the renderer was stopped"]]})
    json.dump(results, sys.stdout)


def _start(job: Mapping[str, Any]) -> tuple[int, int]:
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return reading, process
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        json.dump(render(job), stream)
        stream.flush()
        os._exit(0)


def render(job: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a job: ``kept`` (paths that Copier does not overwrite), or ``faults``.

    A fault is a question (empty if none is concerned) and the error about its answer. Copier stops at the
    first one; it is run again without that answer, so that all are reported.
    """
    answers = dict(job["answers"])
    faults: list[tuple[str, str]] = []
    while True:
        try:
            worker = _copy(job, answers)
        except (CopierError, TemplateError, ProcessExecutionError, ValueError, TypeError, OSError) as error:
            question, text = _fault(error)
            faults.append((question, text))
            if question not in answers:
                return {"faults": faults}
            del answers[question]
        else:
            if faults:
                return {"faults": faults}
            paths = {*job["paths"], *_files(Path(job["destination"]))}
            return {"kept": sorted(path for path in paths if worker.match_skip(Path(path)))}


def _copy(job: Mapping[str, Any], answers: Mapping[str, Any]) -> Any:
    with warnings.catch_warnings(), lean():
        warnings.simplefilter("ignore")
        return run_copy(
            job["template"],
            job["destination"],
            data=dict(answers),
            answers_file=job["answers_file"],
            vcs_ref=job["commit"],
            defaults=True,
            quiet=True,
            unsafe=False,
            # Ignore the user's Copier settings: neither their trusted sources nor their defaults apply.
            settings=Settings(),
            overwrite=True,
        )


def _fault(error: Exception) -> tuple[str, str]:
    text = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    found = _REFUSED.search(text) or _OTHER.search(text)
    if not found:
        return "", text
    return found["question"], text[found.end() :].lstrip(" :") if found.re is _REFUSED else text


def _files(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


if __name__ == "__main__":
    main()
