"""Whether an update can find the template that an answers file records."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from meshwright.finding import Finding, Severity
from meshwright.scaffold import PUBLISHED_SOURCE
from meshwright.words import closest
from meshwright.yaml import Document

_RESTORE = "restore the line from Git: `copier update` and `meshwright update` write it"
_RECORDS = {"_src_path": "where the template is", "_commit": "the template's version"}
# What `git describe --tags --always` gives: a tag, a tag with commits after it, or a commit.
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_AFTER_TAG = re.compile(r"-[0-9]+-g[0-9a-f]{7,64}\Z")
# A fork has another owner or name; this much like the published source is a typing error.
_TYPING_ERROR = 0.93


def recorded_template(answers: Document) -> Iterator[Finding]:
    """What is wrong with ``_src_path`` and ``_commit``. A check reads nothing outside the repository."""
    for key, what in _RECORDS.items():
        value = answers.data.get(key)
        if not isinstance(value, str) or not value:
            text = f"{key} is {'empty' if key in answers.data else 'missing'}, so no update knows {what}"
            at = answers.position((key,)) if key in answers.data else answers.position()
            yield Finding("schema/template", at, text, _RESTORE, severity=Severity.WARNING)
        elif key == "_src_path":
            yield from _source(answers, value)
        else:
            yield from _version(answers, value)


def _source(answers: Document, source: str) -> Iterator[Finding]:
    given, published = source.removesuffix(".git"), PUBLISHED_SOURCE.removesuffix(".git")
    if given != published and closest(given, [published], _TYPING_ERROR):
        text = f"_src_path is '{source}'; did you mean '{PUBLISHED_SOURCE}'?"
        yield Finding(
            "schema/template", answers.position(("_src_path",)), text, _RESTORE, severity=Severity.WARNING
        )


def _version(answers: Document, commit: str) -> Iterator[Finding]:
    at = answers.position(("_commit",))
    if _COMMIT.match(commit):
        return
    try:
        Version(_AFTER_TAG.sub("", commit))
    except InvalidVersion:
        text = f"_commit is '{commit}', which is neither a version nor a commit"
        yield Finding("schema/template", at, text, _RESTORE, severity=Severity.WARNING)
