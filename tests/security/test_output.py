"""Whatever stands in a repository comes out as text, in every place of every format."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshwright.check.order.line import Line, Reason
from meshwright.check.output import github, json_output, junit, sarif, text
from meshwright.check.report import Report, RootSummary
from meshwright.difference import json_output as diff_json
from meshwright.difference import markdown
from meshwright.difference import text as diff_text
from meshwright.difference.model import (
    ChangeKind,
    ChartVersion,
    Difference,
    Field,
    Follower,
    Key,
    NotCompared,
    ObjectDifference,
    RootDifference,
)
from meshwright.errors import MeshwrightError, Position, together
from meshwright.finding import Finding, NotSeen
from meshwright.inert import harmless, json_text, printable
from meshwright.unified import unified
from support.hostile_text import HOSTILE, what_is_obeyed, words

FOLDER = Path(__file__).resolve().parents[2]
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Render = Callable[[str], str]


def report(word: str) -> Report:
    finding = Finding("build/yaml", Position(word, 3, 4), word, word, word)
    return Report(
        (finding, Finding(word, Position(word), word)),
        (NotSeen(word, word, Position(word, 1, 1)),),
        (RootSummary("flux", word, word, word, True, 1),),
        {"kustomize": word},
        "1.36",
        (Line(word, 1, word, word, (Reason(word, word, word),)),),
    )


def difference(word: str) -> Difference:
    path = (word, Key((("name", word),)), 1)
    fields = (
        Field(path, ChangeKind.CHANGED, word, f"{word}{word}"),
        Field(path, ChangeKind.ADDED, new={word: [word, float("nan"), None]}),
        Field(path, ChangeKind.REMOVED, old=[{word: float("inf")}]),
        Field((word,), ChangeKind.CHANGED, {None: word}, 1, inner=(word,)),
        Field((word,), ChangeKind.REORDERED, path[1:2], path[1:2]),
    )
    item = ObjectDifference(
        ChangeKind.CHANGED,
        word,
        word,
        word,
        word,
        fields,
        charts=(ChartVersion(word, word, word),),
        source=word,
        followers=(Follower(word),),
        note=word,
    )
    root = RootDifference(ChangeKind.CHANGED, word, word, word, word, (item,))
    return Difference((root,), (NotCompared(word, "old", word),))


FOR_PEOPLE: dict[str, Render] = {
    "check": lambda word: harmless(text.render(report(word))),
    "diff": lambda word: harmless(diff_text.render(difference(word))),
    "diff --format markdown": lambda word: harmless(markdown.render(difference(word), word, word)),
    "an error": lambda word: harmless(f"meshwright: {together([word, 'b'])}\n"),
    "an error at a place": lambda word: harmless(str(MeshwrightError(f"{Position(word, 1, 1)}: no"))),
    "a unified diff": lambda word: harmless("".join(unified(word, f"a\n {word}\nb\n", f"c\n{word}"))),
}
FOR_MACHINES: dict[str, Render] = {
    "check --format json": lambda word: json_output.render(report(word)),
    "check --format sarif": lambda word: sarif.render(report(word)),
    "check --format junit": lambda word: junit.render(report(word)),
    "diff --format json": lambda word: diff_json.render(difference(word)),
    "other json": lambda word: json_text({word: [word, float("-inf")], 1: {None: word}}),
}


@pytest.mark.parametrize("form", [*FOR_PEOPLE, *FOR_MACHINES])
@pytest.mark.parametrize("word", HOSTILE, ids=str)
def test_only_text_comes_out(form: str, word: str) -> None:
    shown = {**FOR_PEOPLE, **FOR_MACHINES}[form](HOSTILE[word])

    assert what_is_obeyed(shown) == []
    shown.encode()


@few
@given(words)
def test_only_text_comes_out_of_any_text(word: str) -> None:
    for render in (*FOR_PEOPLE.values(), *FOR_MACHINES.values()):
        assert what_is_obeyed(render(word)) == []
        render(word).encode()


@few
@given(words)
def test_machines_read_what_was_written(word: str) -> None:
    for form, render in FOR_MACHINES.items():
        if "junit" not in form:
            json.dumps(json.loads(render(word), parse_constant=pytest.fail), ensure_ascii=False).encode()
    ElementTree.fromstring(junit.render(report(word)))
    whole = "".join(char for char in word if not "\ud800" <= char <= "\udfff")
    assert json.loads(json_text(whole)) == whole


@pytest.mark.parametrize("word", HOSTILE, ids=str)
def test_annotations_are_ours_alone(word: str) -> None:
    """Each line is a command of ours, and names and messages end none of its parts."""
    lines = github.render(report(HOSTILE[word])).splitlines()

    assert len(lines) == 3
    for line in lines[:2]:
        assert re.fullmatch(r"::error file=[^:,]*(,line=3,col=4)?,title=[^:,]*::.*", line)
        assert "##[" not in line
        assert what_is_obeyed(line[2:]) == []
    assert lines[2].startswith("meshwright check: ")


@pytest.mark.parametrize("word", HOSTILE, ids=str)
def test_sarif_has_no_link_of_theirs(word: str) -> None:
    data = json.loads(sarif.render(report(HOSTILE[word])))

    for result in data["runs"][0]["results"]:
        assert "](" not in result["message"]["text"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[\w%/.~-]*", uri, re.ASCII)


class _Page(HTMLParser):
    """What a comment becomes: its tags, and the text that stands outside of code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.bare = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._depth += tag == "code"
        assert not attrs

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.bare += "" if self._depth else data


def page(comment: str) -> _Page:
    found = _Page()
    found.feed(github_flavored_markdown_to_html(comment, Options.CMARK_OPT_UNSAFE))
    return found


@few
@given(st.lists(words, max_size=4).map("".join).filter(bool).map(lambda word: word[:800]))
def test_a_comment_holds_text_in_code_alone(word: str) -> None:
    """By GitHub's own parser: no link, mention, image or tag of theirs, and no cell ends early."""
    ours, shown = (
        page(markdown.render(difference("x"), "x", "x")),
        page(markdown.render(difference(word), word, word)),
    )

    assert shown.tags <= ours.tags
    assert re.sub(r"\s+", " ", shown.bare) == re.sub(r"\s+", " ", ours.bare)


def test_a_backslash_frees_no_pipe() -> None:
    for sign in ("\\|<b>@team", "\\\\|<b>", "`\\`|x"):
        found = page(f"| a |\n|---|\n| {markdown._code(sign)} |\n")
        assert found.tags == {"table", "thead", "tbody", "tr", "th", "td", "code"}
        assert found.bare.split() == ["a"]


@few
@given(words)
def test_tones_are_ours_alone(word: str) -> None:
    """A coloured output without its tones is the plain one: none of them came from a text."""
    for plain, coloured in (
        (text.render(report(word)), text.render(report(word), colour=True)),
        (diff_text.render(difference(word)), diff_text.render(difference(word), colour=True)),
        ("".join(unified(word, word, "x")), "".join(unified(word, word, "x", colour=True))),
    ):
        shown = harmless(coloured, colour=True)
        assert what_is_obeyed(re.sub(r"\x1b\[\d{1,2}m", "", shown)) == []
        assert re.sub(r"\x1b\[\d{1,2}m", "", coloured) == plain


@few
@given(words)
def test_what_is_harmless_stays_as_it_is(word: str) -> None:
    assert printable(printable(word)) == printable(word)
    assert harmless(harmless(word)) == harmless(word)
    assert "\n" not in printable(word)


# A pipe to our own process.
OTHERS = {"printing.py", "update/applier.py"}


def test_nothing_else_prints() -> None:
    package = FOLDER / "generator/meshwright"
    pattern = re.compile(
        r"(?<![.\w])print\(|\.echo\(|sys\.std(out|err)\.write|Console\(\)\.print\((?!table\))"
    )
    found = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if pattern.search(file.read_text(encoding="utf-8"))
    }
    assert found <= OTHERS


def repository(folder: Path) -> Path:
    """Hostile texts as names of files and objects, as namespaces, keys and values, in manifests and specs."""
    from support.many_apps import add_app, make_repository

    root = make_repository(folder, 1)
    bad = [word for word in HOSTILE.values() if len(word) < 200]
    (root / "odd").mkdir()
    for number, word in enumerate(bad):
        name = os.fsencode(word.replace("/", "-").replace("\x00", ""))
        data = json.dumps(word.encode("utf-8", "replace").decode())
        body = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {data}\n  namespace: {data}\n"
            f"  annotations: {{{data}: {data}}}\ndata: {{{data}: {number}, x.yaml: {data}}}\n{data}: 1\n"
        )
        with open(os.fsencode(root / "odd") + b"/" + name + b".yaml", "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(body)
        spec = add_app(root, number + 1, 2) / "mesh.yaml"
        spec.write_text(f"schema_version: 1\nnamespace: {data}\n{data}: {data}\n", encoding="utf-8")
    listed = json.dumps(
        [f"{word.replace('/', '-')}.yaml".encode("utf-8", "replace").decode() for word in bad]
    )
    (root / "odd/kustomization.yaml").write_text(f"resources: {listed}\n", encoding="utf-8")
    answers = root / ".copier-answers.yml"
    answers.write_text(answers.read_text(encoding="utf-8") + f"odd: {json.dumps(bad[0])}\n", encoding="utf-8")
    return root


COMMANDS = (
    ("check", "--no-cache"),
    ("check", "--no-cache", "--order"),
    *(("check", "--no-cache", "--format", form) for form in ("json", "sarif", "junit", "github")),
    *(("diff", "--format", form) for form in ("text", "markdown", "json")),
    ("diff", "\x1b]0;pwned\x07::error::"),
    *(("graph", "--format", form) for form in ("html", "svg", "mermaid", "dot", "json")),
    ("graph", "--since", "HEAD"),
    ("graph", "--focus", "\x1b]0;pwned\x07"),
    ("generate", "--check"),
    ("app", "list"),
    ("app", "list", "--format", "json"),
    ("app", "show", "app-00001"),
    ("app", "show", "\x1b]0;pwned\x07"),
    ("app", "add", "app-00001"),
    ("trust",),
    ("trust", "--format", "json"),
    ("explain", "\x1b]0;pwned\x07", "x"),
    ("explain", "\u202eMW004"),
    ("update", "--preview"),
    ("\x1b]0;pwned\x07[bold]x[/bold]",),
    ("check", "--\x1b]0;pwned\x07", "\n::error::pwned"),
    ("trust", "rotate", "--stage", "##[error]\u202e1"),
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = repository(tmp_path_factory.mktemp("odd") / "repository")
    git = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "state")):
        subprocess.run([*git, *command], cwd=root, check=True, capture_output=True)
    for file in (root / "odd").iterdir():
        content = file.read_bytes()
        file.write_bytes(content.replace(b"x.yaml: ", b"y.yaml: ").replace(b'": 1\n', b'": 2\n'))
    return root


@pytest.mark.parametrize("command", COMMANDS, ids=lambda it: printable(" ".join(it)).replace("/", "-"))
@pytest.mark.parametrize("variables", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_no_command_lets_anything_through(
    command: tuple[str, ...], variables: dict[str, str], odd: Path
) -> None:
    option = (
        () if command[0] in ("check", "generate", "graph", "update", "trust") else ("--repository", str(odd))
    )
    where = (str(odd),) if not option else ()
    done = subprocess.run(
        [sys.executable, "-m", "meshwright", *command, *option, *where],
        cwd=odd.parent,
        env={**os.environ, "GITHUB_ACTIONS": "true", **variables},
        capture_output=True,
        timeout=300,
        check=False,
    )

    assert done.returncode in (0, 1, 2)
    assert b"Traceback" not in done.stderr
    out = done.stdout.decode()
    if command[-1] == "github":
        out = re.sub(r"^::(error|warning) file=[^:]*::", "", out, flags=re.MULTILINE)
    assert what_is_obeyed(out) == []
    assert what_is_obeyed(done.stderr.decode()) == []


def on_a_terminal(*command: str | Path) -> str:
    """What a command prints on a terminal."""
    parts: list[bytes] = []

    def read(handle: int) -> bytes:
        part = os.read(handle, 65536)
        parts.append(part)
        return part

    before = os.environ.copy()
    os.environ |= {"TERM": "xterm-256color", "COLUMNS": "200"}
    os.environ.pop("NO_COLOR", None)
    out = os.dup(1)
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 1)
            pty.spawn([sys.executable, "-m", "meshwright", *map(str, command)], read)
    finally:
        os.dup2(out, 1)
        os.close(out)
        os.environ.clear()
        os.environ.update(before)
    return b"".join(parts).decode()


@pytest.mark.parametrize("command", [("generate", "--check"), ("check", "--no-cache"), ("trust",)], ids=str)
def test_a_terminal_obeys_tones_alone(command: tuple[str, ...], tmp_path: Path) -> None:
    from support.many_apps import make_repository

    root = make_repository(tmp_path / "repository", 1)
    subprocess.run(
        [sys.executable, "-m", "meshwright", "generate", str(root)], check=True, capture_output=True
    )
    edited = root / "mesh/apps/home/app-00000/kustomization.yaml"
    bad = "# \x1b]0;pwned\x07 \x1b[31m \x9b2J \u202e\n  ::error file=x::pwned\n"
    edited.write_text(edited.read_text(encoding="utf-8") + bad, encoding="utf-8")
    (root / "apps/app-00000/service.yaml").write_text(f"a: [\n{bad}", encoding="utf-8")

    shown = on_a_terminal(*command, root).replace("\r\n", "\n")

    # Tones, and what the line about the progress does to its own line.
    bare = re.sub(r"\x1b\[(?:\d{0,2}(?:;\d+)*m|\?25[lh]|2K|1A)|\r", "", shown)
    assert what_is_obeyed(bare) == []
    assert "\x1b[" in shown or command == ("trust",)
