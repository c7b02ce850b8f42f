"""What a person must do on the cluster for an update, because no engine does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meshwright.update.outcome import Result
from meshwright.update.project import TreeEntry
from meshwright.yaml import YamlFault, parse_all

_ARGOCD = re.compile(r"clusters/(?P<cluster>[^/]+)/argocd/(?P<file>values|root|apps)\.yaml\Z")
_SOPS = ".sops.yaml"
_LUA_COMMENT = re.compile(r"^[ \t]*--[^\n]*\n?", re.MULTILINE)


def steps_by_hand(result: Result) -> tuple[str, ...]:
    """The steps, in order; none for a file that is new, or of which only comments changed."""
    return tuple(f"{when} you push: {what}" for when, what in sorted(_steps(result), key=_is_after))


def _is_after(step: tuple[str, str]) -> bool:
    return step[0] == "after"


def _steps(result: Result) -> Iterator[tuple[str, str]]:
    for path, (before, after) in result.changes.items():
        found = _ARGOCD.match(path)
        if path == _SOPS and before is None:
            yield (
                "before",
                (
                    "create the key and Secret flux-system/sops-age, without which Flux applies nothing "
                    '("Bootstrap" in the README of the cluster)'
                ),
            )
        elif found and before and after and _differ(result, before, after):
            if found["file"] == "values":
                readme = f"clusters/{found['cluster']}/README.md"
                yield "before", f'upgrade Argo CD with {path}, as in "Bootstrap" in {readme}'
            else:
                yield "after", f"kubectl apply --filename {path}"


def _differ(result: Result, before: TreeEntry, after: TreeEntry) -> bool:
    old, new = result.merge.repository.contents([before.blob, after.blob])
    return bool(_content(old) != _content(new))


def _content(raw: bytes) -> Any:
    """The data without comments, also those of Lua in it; a file with a fault is compared as text."""
    text = raw.decode("utf-8", "replace")
    try:
        return _without_comments(parse_all(text))
    except YamlFault:
        return text


def _without_comments(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_comments(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_comments(item) for item in value]
    return _LUA_COMMENT.sub("", value) if isinstance(value, str) else value
