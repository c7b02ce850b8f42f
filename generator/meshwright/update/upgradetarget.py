"""Chooses the version and the answers of an update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from meshwright import __version__
from meshwright.errors import MeshwrightError, together
from meshwright.update.answers import Answers
from meshwright.update.templaterepository import Template, TemplateVersion, version_of
from meshwright.words import did_you_mean
from meshwright.yaml import as_written


@dataclass(frozen=True)
class UpgradeTarget:
    """From ``old`` to ``new`` with all ``answers``; ``changed`` are those passed to this run.

    They are text until the new version is rendered, and have the types of their questions afterwards.
    """

    old: TemplateVersion
    new: TemplateVersion
    answers: Mapping[str, Any]
    changed: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def choose(
    template: Template, recorded: Answers, before: Answers, to: str | None, given: Mapping[str, Any] | None
) -> UpgradeTarget:
    """The target. ``before`` are the answers used for the current files, ``recorded`` those in the file.

    Raises MeshwrightError if a version is missing or older than the current one, or an answer is unknown.
    """
    old = template.resolve(before.commit)
    if old is None:
        raise MeshwrightError(
            f"{before.place('_commit')}: the template {template.source} has no {before.commit}: the tag may "
            "have been moved or deleted; pass a clone that has it with --template"
        )
    new = _new(template, recorded, old, to, given)
    if template.note and to is None and not given:
        raise MeshwrightError(
            f"{template.note}the newest version is unknown; pass one that was fetched before with --to, "
            f"such as {(template.releases() or (old.name,))[0]}, or a clone of the template with --template"
        )
    changed = dict(given or {})
    questions = template.questions(new)
    refuse_unknown(new, questions, changed)
    edited = {key: value for key, value in recorded.given.items() if before.given.get(key) != value}
    notes = tuple(
        f"{recorded.place(key)}: edited by hand; "
        f"used as the answer {as_written(value)} instead of {as_written(before.given[key])}"
        for key, value in edited.items()
        if key in before.given
    )
    if template.note:
        notes += (f"{template.note}{template.used} is used",)
    notes += _too_new(new, questions)
    return UpgradeTarget(old, new, {**recorded.given, **changed}, changed, notes)


def _new(
    template: Template,
    recorded: Answers,
    old: TemplateVersion,
    to: str | None,
    given: Mapping[str, Any] | None,
) -> TemplateVersion:
    if to is None and given:
        to = recorded.commit
    newest = to is None
    if to is None:
        released = template.releases()
        if not released:
            raise MeshwrightError(
                f"the template {template.source} has no released version (a tag); pass a revision with --to"
            )
        to = released[0]
    new = template.resolve(to)
    if new is None:
        hint = did_you_mean(to, template.releases())
        if not hint and template.releases():
            hint = f"; the newest is {template.releases()[0]}"
        raise MeshwrightError(f"--to {to}: the template {template.source} has no such version{hint}")
    if is_older(template, new, old):
        if newest:
            return old
        raise MeshwrightError(
            f"--to {to} is older than the repository's version {old.name}: "
            "updates only go forward; to go back, git revert the commit of the last update"
        )
    return new


def is_older(template: Template, new: TemplateVersion, old: TemplateVersion) -> bool:
    """Whether ``new`` is an older version than ``old``."""
    if new.commit == old.commit:
        return False
    if new.version is not None and old.version is not None and new.version != old.version:
        return new.version < old.version
    return not template.git.run("merge-base", "--is-ancestor", new.commit, old.commit).status


def refuse_unknown(new: TemplateVersion, questions: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    """Raise MeshwrightError if an answer is passed to a question that the version does not have."""
    # Questions in included files are left to Copier.
    if not questions:
        return
    lines = [
        f"--answers {key}: {new.name} has no such question{did_you_mean(key, questions)}"
        for key in changed
        if key not in questions
    ]
    if lines:
        raise together(lines)


def _too_new(new: TemplateVersion, questions: Mapping[str, Any]) -> tuple[str, ...]:
    """A note if the template needs a newer Meshwright, because this one writes the generated files."""
    question = questions.get("meshwright_version")
    needed = question.get("default") if isinstance(question, dict) else None
    version = version_of(str(needed))
    if version is None or version <= Version(__version__):
        return ()
    return (
        f"{new.name} needs meshwright {needed}, but this is {__version__}: "
        "install that version and run `meshwright generate`, or CI will report outdated generated files",
    )
