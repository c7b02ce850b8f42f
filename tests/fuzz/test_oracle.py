"""What `make fuzz` would call a failure, each shown once."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fuzz import process
from fuzz.case import Area, Case, surround
from fuzz.commands import Command
from fuzz.oracle import State, judge, state
from fuzz.process import Ended
from fuzz.seeds import Seed
from security.hostile import SECRET

WATCHED = ("repository", "outside", "home", "tmp", "charts")


@pytest.fixture
def area(tmp_path: Path) -> Area:
    area = Area(tmp_path / "case")
    surround(area)
    area.cache.mkdir()
    (area.repository / "apps" / "a").mkdir(parents=True)
    (area.repository / "a.yaml").write_text("a: 1\n", encoding="utf-8")
    return area


def before(area: Area) -> dict[str, State]:
    return {name: state(area.root / name) for name in WATCHED}


def ended(output: str = "", stderr: str = "", status: int = 0, **more: object) -> Ended:
    fields: dict[str, Any] = {"seconds": 0.1, "processor": 0.1, "left": 0, **more}
    return Ended(status, output.encode(), stderr.encode(), **fields)


def verdict(area: Area, found: Ended, form: str = "text", writes: tuple[str, ...] = ()) -> list[str]:
    case = Case(0, Seed("", {}), Command("", (), form, writes), ())
    return judge(case, found, area, before(area), [])


@pytest.mark.parametrize(
    ("found", "form", "says"),
    [
        (ended(status=70), "text", "exit code 70"),
        (ended(status=-9, seconds=60.1), "text", "hang"),
        (ended(left=1), "text", "processes left"),
        (
            ended(stderr="Traceback (most recent call last):\nKeyError: 'x'\n"),
            "text",
            "traceback: KeyError",
        ),
        (ended("a.yaml:1:1: error: x [internal/error]\n"), "text", "internal error"),
        (ended(stderr="x.py:1: FutureWarning: y\n"), "text", "python warning"),
        (ended(f"a {SECRET} b\n"), "text", "secret in output"),
        (ended(stderr=f"{SECRET}\n"), "text", "secret in stderr"),
        (ended("a\x1b[31mb\n"), "text", "control character"),
        (ended("a\u202eb\n"), "text", "control character"),
        (ended("  ::error file=fuzz::x\n"), "text", "workflow command"),
        (ended("::error file=fuzz::x\n"), "github", "workflow command"),
        (ended("::stop-commands::x\n"), "github", "workflow command"),
        (ended("a ##[error]x\n"), "text", "old workflow command"),
        (ended("{"), "json", "json cannot be read"),
        (ended(), "sarif", "no report"),
        (ended("<a>"), "junit", "junit cannot be read"),
        (ended("a <img src=fuzz> b"), "markdown", "markdown: HTML"),
        (ended("[a](http://fuzz.example)"), "markdown", "markdown: link"),
        (ended("x @fuzz/team"), "markdown", "markdown: mention"),
        (ended(noted={"read": ["/etc/passwd"]}), "text", "read outside"),
        (ended(noted={"connections": ["('127.0.0.1', 1)"]}), "text", "connection"),
        (ended(noted={"written": ["/tmp/foreseen"]}), "text", "wrote outside"),
        (ended(noted={"programs": ["/bin/sh"]}), "text", "program: /bin/sh"),
    ],
)
def test_what_is_said_or_noted(found: Ended, form: str, says: str, area: Area) -> None:
    assert any(says in failure for failure in verdict(area, found, form))


@pytest.mark.parametrize(
    ("found", "form"),
    [
        (ended("a.yaml:1:1: error: é \\x1b :: [x]\n", status=1), "text"),
        (ended("::error file=a.yaml,line=1::x\n::warning title=x::y\n", status=1), "github"),
        (ended("{}\n"), "json"),
        (ended(status=2, stderr="meshwright: x\n"), "json"),
        (ended("<details><summary><code>fuzz</code></summary></details>\n\n`@fuzz`"), "markdown"),
        (ended(noted={"programs": ["/usr/bin/git", "kustomize"]}), "text"),
    ],
)
def test_what_is_right(found: Ended, form: str, area: Area) -> None:
    assert verdict(area, found, form) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda area: (area.outside / "new").touch(), "outside: made 'new'"),
        (lambda area: (area.outside / "victim" / "kept.yaml").unlink(), "outside: removed"),
        (lambda area: (area.outside / "secret.yaml").write_text("x"), "outside: changed"),
        (lambda area: (area.home / ".config").mkdir(), "home: made"),
        (lambda area: (area.temporary / "left").touch(), "tmp: made"),
        (lambda area: (area.root / "beside").touch(), "beside the repository"),
        (lambda area: area.ran.touch(), "code of the repository ran"),
        (lambda area: (area.repository / "a.yaml").write_text("a: 2\n"), "repository: changed 'a.yaml'"),
        (lambda area: (area.repository / "a.yaml").chmod(0o755), "repository: changed 'a.yaml'"),
        (lambda area: (area.repository / "apps" / "b").symlink_to("a"), "repository: made 'apps/b'"),
    ],
)
def test_what_is_touched(change: Callable[[Area], object], says: str, area: Area) -> None:
    case, old = Case(0, Seed("", {}), Command("", ()), ()), before(area)
    change(area)

    assert any(failure.startswith(says) for failure in judge(case, ended(), area, old, []))


def test_a_command_may_write_what_it_is_for(area: Area) -> None:
    case, old = Case(0, Seed("", {}), Command("", (), writes=("apps/a/",)), ()), before(area)
    (area.repository / "apps" / "a" / "mesh.yaml").touch()

    assert judge(case, ended(), area, old, []) == []


def test_what_the_interpreter_notes(area: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    (area.repository / "link.yaml").symlink_to(area.outside / "secret.yaml")
    (area.repository / "code.py").write_text("x = 1\n", encoding="utf-8")

    def act() -> None:
        (area.repository / "link.yaml").read_bytes()
        exec(compile("x = 1", str(area.repository / "code.py"), "exec"))
        (area.root.parent / "foreseen").touch()
        socket.socket().connect_ex(("127.0.0.1", 9))
        os.posix_spawn("/bin/true", ["true"], {})
        sys.stdout.write("said\n")
        raise KeyError

    monkeypatch.setattr("meshwright.cli.main", act)
    found = process.run(("check",), area, {"PATH": "/usr/bin"})

    assert found.status == 1
    assert found.output == b"said\n"
    failures = "\n".join(verdict(area, found))
    for says in (
        "traceback: KeyError",
        "read outside: ",
        "code ran: ",
        "wrote outside: ",
        "connection: ",
        "program: ",
    ):
        assert says in failures


def test_what_never_ends(area: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "HANG", 0.5)
    monkeypatch.setattr("meshwright.cli.main", lambda: os.system("sleep 30"))

    found = process.run(("check",), area, {"PATH": "/usr/bin:/bin"})

    assert found.status == -9
    assert found.left >= 1
