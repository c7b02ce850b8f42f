"""Copier in the tests' own process without the work that it repeats: the same files, three times as fast."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import jinja2
import pytest
import yaml
from copier import _main, _template, _user_data, _vcs
from plumbum import local
from plumbum.commands.base import BaseCommand

# With source and name, all that decides what a template compiles to: Copier's extensions are always the same.
_SYNTAX = (
    *("block_start_string", "block_end_string", "variable_start_string", "variable_end_string"),
    *("comment_start_string", "comment_end_string", "line_statement_prefix", "line_comment_prefix"),
    *("trim_blocks", "lstrip_blocks", "newline_sequence", "keep_trailing_newline"),
)
_run = BaseCommand.__call__
_render = _main.Worker._render_string
_answers_relpath = _main.Worker.answers_relpath
_compile = jinja2.Environment.compile
_compiled: dict[tuple[Any, ...], CodeType] = {}


def install(patch: pytest.MonkeyPatch) -> None:
    """Compile a template once, render no plain string, read YAML with libyaml, start less git."""
    patch.setattr(jinja2.Environment, "compile", _compile_once)
    patch.setattr(_main.Worker, "_render_string", _render_string)
    patch.setattr(_main.Worker, "answers_relpath", property(_path_of_answers))
    patch.setattr(_vcs, "get_git_version", cache(_vcs.get_git_version))
    patch.setattr(BaseCommand, "__call__", _call)
    patch.setattr(_main.Worker, "_sync_git_index_executable_bit", lambda *_, **__: None)
    swift = SimpleNamespace(**{**vars(yaml), "SafeLoader": yaml.CSafeLoader, "safe_load": _safe_load})
    for module in (_template, _user_data):
        patch.setattr(module, "yaml", swift)


def _call(self: BaseCommand, *arguments: Any, **options: Any) -> str:
    """A program that Copier runs; `git submodule update` is a shell script, and seldom has anything to do."""
    if arguments[:2] == ("submodule", "update") and not Path(str(local.cwd), ".gitmodules").exists():
        return ""
    return _run(self, *arguments, **options)


def _safe_load(stream: Any) -> Any:
    return yaml.load(stream, Loader=yaml.CSafeLoader)


def _render_string(self: _main.Worker, string: str, extra_context: dict[str, Any] | None = None) -> str:
    """Nine of ten are names of folders and files as they are."""
    if not _is_plain(self, string):
        return _render(self, string, extra_context)
    self.jinja_env.preprocess(string)
    return string


def _path_of_answers(self: _main.Worker) -> Path:
    """Asked for with each file, and a name without variables but in few templates."""
    path = str(self.answers_file or self.template.answers_relpath)
    if not _is_plain(self, path):
        return Path(_answers_relpath.__get__(self))
    self.jinja_env.preprocess(path)
    return Path(path)


def _is_plain(worker: _main.Worker, string: str) -> bool:
    env = worker.jinja_env
    marks = (env.block_start_string, env.variable_start_string, env.comment_start_string, "\n")
    return not any(mark in string for mark in marks)


def _compile_once(
    self: jinja2.Environment,
    source: Any,
    name: str | None = None,
    filename: str | None = None,
    raw: bool = False,
    defer_init: bool = False,
) -> Any:
    if raw or not isinstance(source, str):
        return _compile(self, source, name, filename, raw, defer_init)  # type: ignore[call-overload]  # Jinja has an overload per value of raw
    key = (source, name, defer_init, type(self), *(getattr(self, field) for field in _SYNTAX))
    # Copier's extension forgets the last yield tag here.
    self.preprocess(source, name, filename)
    if key not in _compiled:
        _compiled[key] = _compile(self, source, name, filename, raw, defer_init)
    return _compiled[key]
