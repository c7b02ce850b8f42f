"""Creates a repository: from the command line's request to files in their place."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.bootstrap.given import Given, read_given, refuse_unknown
from meshwright.bootstrap.place import ANSWERS, Place, choose_place
from meshwright.bootstrap.prompts import can_ask
from meshwright.bootstrap.templates import Chosen, choose_template
from meshwright.errors import MeshwrightError, together
from meshwright.progress import working


@dataclass(frozen=True)
class Request:
    """What the command line asks for; ``data`` are KEY=VALUE pairs."""

    folder: Path
    template: str | None = None
    ref: str | None = None
    defaults: bool = False
    data: tuple[str, ...] = ()
    data_file: Path | None = None


@dataclass(frozen=True)
class Created:
    """The new repository: where, how many files, and a note about its template; ``interactive`` if a person
    answered.

    ``url`` and ``branch`` are where it is to be pushed, ``cluster`` is its first cluster; ``url`` and
    ``cluster`` are empty for another template.
    """

    place: Place
    files: int
    note: str
    is_own: bool
    interactive: bool
    url: str = ""
    branch: str = "main"
    cluster: str = ""


def create(request: Request) -> Created:
    """Ask the open questions, render, and move the files into place, all or none.

    Raises MeshwrightError for a folder, template or answer that does not fit, each with its fix.
    """
    place = choose_place(request.folder)
    given = read_given(request.data, request.data_file)
    with tempfile.TemporaryDirectory(prefix="meshwright-", ignore_cleanup_errors=True) as name:
        with working("fetching the template") if request.template else nullcontext():
            template = choose_template(request.template, request.ref, Path(name).resolve())
        answers, interactive = _answers(request, template, given, place)
        with working("writing"), place.staged() as aside:
            note = _rendered(template, answers, aside, given)
            files = sum(1 for path in aside.rglob("*") if not path.is_dir())
            url, branch = _remote(aside) if template.is_own else ("", "")
            cluster = _answered(aside, "cluster_name") if template.is_own else ""
            if template.is_own and not cluster:
                raise MeshwrightError(
                    "-d cluster_name: name the first cluster of the repository, such as home"
                )
    return Created(place, files, note, template.is_own, interactive, url, branch or "main", cluster)


def _remote(repository: Path) -> tuple[str, str]:
    """URL and branch, from the answer git_url."""
    url, _, branch = _answered(repository, "git_url").partition("?ref=")
    return url, branch


def _answered(repository: Path, question: str) -> str:
    from meshwright.yaml import parse

    answers = parse((repository / ANSWERS).read_text(encoding="utf-8"), ANSWERS)
    return str(answers[question])


def _answers(
    request: Request, template: Chosen, given: Given, place: Place
) -> tuple[Mapping[str, Any], bool]:
    """The answers to render with, and whether a person gave some now."""
    if request.defaults:
        refuse_unknown(given, _definitions(template.folder()) if given.answers else {})
        return given.answers, False
    from meshwright.bootstrap.questions import Questionnaire
    from meshwright.bootstrap.survey import survey

    questionnaire = Questionnaire(template.folder(), user_defaults=template.is_own)
    refuse_unknown(given, questionnaire.definitions)
    asking = can_ask()
    if given.answers or not asking:
        found = survey(questionnaire, given)
        if found.faults:
            raise together(found.faults)
        if not found.missing:
            return given.answers, False
        if not asking:
            raise MeshwrightError(
                "give -d KEY=VALUE or --data-file for these answers, or --defaults, because there is no "
                f"terminal to ask on: {', '.join(found.missing)}"
            )
    from meshwright.bootstrap.interview import Interview

    return Interview(questionnaire, given, place.name).hold(), True


def _rendered(template: Chosen, answers: Mapping[str, Any], aside: Path, given: Given) -> str:
    try:
        return template.render(answers, aside)
    except MeshwrightError:
        # Copier stops at the first refused answer; the user is told all of them, and where they were given.
        from meshwright.bootstrap.questions import Questionnaire
        from meshwright.bootstrap.survey import survey

        found = survey(Questionnaire(template.folder(), user_defaults=template.is_own), given)
        if found.faults:
            raise together(found.faults) from None
        if found.required:
            raise MeshwrightError(
                f"give -d KEY=VALUE for what has no default: {', '.join(found.required)}"
            ) from None
        raise


def _definitions(folder: Path) -> Mapping[str, Any]:
    """The questions of copier.yml without Copier, which takes longer; empty if only Copier can read them."""
    import yaml

    from meshwright.yaml import YamlFault, parse

    try:
        data = parse((folder / "copier.yml").read_text(encoding="utf-8"), "copier.yml")
    except (OSError, UnicodeDecodeError, YamlFault, yaml.YAMLError):
        return {}
    if not isinstance(data, dict):
        return {}
    return {str(key): value for key, value in data.items() if not str(key).startswith("_")}
