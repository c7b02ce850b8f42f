"""Copier made cheaper renders the same, and only what it renders costs."""

from __future__ import annotations

import subprocess
from collections import ChainMap, Counter
from pathlib import Path
from typing import Any

import copier
import copier._main
import copier._user_data
import jinja2
import pytest
import yaml

from meshwright.scaffold import render
from meshwright.scaffold.lean import _merged, lean
from support.upgrades import write

FILES = {
    "copier.yml": """\
_envops: {undefined: jinja2.StrictUndefined, keep_trailing_newline: true, line_statement_prefix: "%%"}
_exclude: [copier.yml, "{% if name %}left/out{% endif %}"]
name: {type: str, default: home}
size: {type: yaml, default: "{a: [1, 2]}"}
colour: {type: str, choices: [red, blue], default: blue}
items: {type: yaml, when: false, default: "[x, y]"}
""",
    "{% yield item from items %}{{ item }}{% endyield %}/{{ name }}.txt.jinja": "{{ item }} {{ size.a }}\n",
    "{% yield item from items %}{{ item }}{% endyield %}/plain/file.txt": "{{ copied }}\n",
    "plain/{{ name }}/{% if colour == 'red' %}red.txt{% endif %}": "none\n",
    "plain/file.txt.jinja": "%% if name\n{{ name }}\n%% endif\n",
    "left/out/file.txt": "none\n",
    "run.sh": "#!/bin/sh\n",
}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {file.relative_to(folder).as_posix(): (file.read_bytes(), file.stat().st_mode) for file in files}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        write(tmp_path / "template" / name, text)
    (tmp_path / "template/run.sh").chmod(0o755)
    return tmp_path / "template"


def copied(template: Path, destination: Path) -> dict[str, tuple[bytes, int]]:
    copier.run_copy(str(template), destination, data={"name": "pi"}, defaults=True, quiet=True)
    return contents(destination)


def test_the_same_bytes(template: Path, tmp_path: Path) -> None:
    plain = copied(template, tmp_path / "plain")

    with lean():
        cheap = copied(template, tmp_path / "cheap")

    assert cheap == plain
    assert sorted(cheap) == [
        "plain/file.txt",
        "run.sh",
        "x/pi.txt",
        "x/plain/file.txt",
        "y/pi.txt",
        "y/plain/file.txt",
    ]
    assert cheap["y/pi.txt"][0] == b"y [1, 2]\n"


def test_what_a_dict_of_a_chain_map_is() -> None:
    maps: list[dict[str, Any]] = [{"b": 1}, {}, {"c": 2, "b": 3}, {"a": 4, "c": 5}]

    found = _merged(*maps)

    assert list(found.items()) == list(dict(ChainMap(*maps)).items())


def test_each_text_is_compiled_once_and_no_process_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: Counter[str] = Counter()
    real = jinja2.Environment.compile
    started: list[Any] = []
    popen = subprocess.Popen

    def compile_(self: jinja2.Environment, source: Any, *others: Any, **named: Any) -> Any:
        # Copier tries values that are no text, too.
        compiled[source] += isinstance(source, str)
        return real(self, source, *others, **named)

    class Started(popen):  # type: ignore[misc,valid-type] # the name may change, for mypy
        def __init__(self, command: Any, *others: Any, **named: Any) -> None:
            started.append(command)
            super().__init__(command, *others, **named)

    monkeypatch.setattr(jinja2.Environment, "compile", compile_)
    monkeypatch.setattr(subprocess, "Popen", Started)

    render({}, tmp_path / "home")

    assert [text for text, count in compiled.items() if count > 1] == []
    marks = ("[[", "[%", "[#", "\n")
    assert [
        text for text, count in compiled.items() if count and not any(mark in text for mark in marks)
    ] == []
    # Git and its version, not one process for each of the files.
    assert len(started) <= 3


def test_everything_is_as_before_afterwards() -> None:
    before = (
        jinja2.Environment.from_string,
        yaml.safe_load,
        yaml.SafeLoader,
        vars(copier._user_data)["ChainMap"],
        copier._main.Worker._sync_git_index_executable_bit,
    )

    with pytest.raises(RuntimeError), lean():
        raise RuntimeError

    assert before == (
        jinja2.Environment.from_string,
        yaml.safe_load,
        yaml.SafeLoader,
        vars(copier._user_data)["ChainMap"],
        copier._main.Worker._sync_git_index_executable_bit,
    )


def test_a_copier_without_the_step_is_used_as_it_is(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meshwright.scaffold.lean._INDEX", "_a_step_of_another_version")

    with lean():
        assert "run.sh" in copied(template, tmp_path / "copy")
