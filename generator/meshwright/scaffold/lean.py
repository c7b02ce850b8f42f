"""Copier at half its cost: it compiles each text once at most, and starts no Git process for each file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

# Copier calls it for each file that it has written, and it reads the setting core.fileMode with git.
_INDEX = "_sync_git_index_executable_bit"


@contextmanager
def lean() -> Generator[None, None, None]:
    """Let Copier render into folders without a Git index for less; what it renders is the same.

    A Copier without one of these parts works as it is.
    """
    import yaml
    from copier import _main, _user_data
    from jinja2 import Environment

    c_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    worker = getattr(_main, "Worker", None)
    changes: list[tuple[Any, str, Any]] = [
        (Environment, "from_string", _compiled_once(Environment.from_string)),
        (yaml, "safe_load", lambda stream: yaml.load(stream, c_loader)),
        # Copier derives the loader of copier.yml from it.
        (yaml, "SafeLoader", c_loader),
    ]
    # It is only used to make a dict of, for each path and text.
    if hasattr(_user_data, "ChainMap"):
        changes.append((_user_data, "ChainMap", _merged))
    if hasattr(worker, _INDEX):
        changes.append((worker, _INDEX, lambda *_: None))
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    try:
        for owner, name, value in changes:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _merged(*maps: Mapping[Any, Any]) -> dict[Any, Any]:
    """What dict(ChainMap(*maps)) gives: the first mapping with a key decides; the last one's keys lead."""
    found: dict[Any, Any] = {}
    for each in reversed(maps):
        found.update(each)
    return found


def _compiled_once(from_string: Callable[..., Any]) -> Callable[..., Any]:
    known: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()

    def remembered(environment: Any, source: Any, *others: Any, **named: Any) -> Any:
        if others or named or not isinstance(source, str):
            return from_string(environment, source, *others, **named)
        templates = known.setdefault(environment, {})
        template = templates.get(source)
        if template is None:
            made = _Plain(source) if _is_plain(environment, source) else from_string(environment, source)
            templates[source] = template = made
        # Copier's own extension forgets here which loop the last path had.
        environment.preprocess(source)
        return template

    return remembered


class _Plain:
    """A text without anything to render."""

    def __init__(self, source: str) -> None:
        self._source = source

    def render(self, *_: Any, **__: Any) -> str:
        return self._source


def _is_plain(environment: Any, source: str) -> bool:
    # At the end of a text Jinja removes a line's end, and in a line it knows statements by their prefix.
    marks = ("\n", "\r", environment.line_statement_prefix, environment.line_comment_prefix)
    starts = (
        environment.variable_start_string,
        environment.block_start_string,
        environment.comment_start_string,
    )
    return not any(mark and mark in source for mark in (*marks, *starts))
