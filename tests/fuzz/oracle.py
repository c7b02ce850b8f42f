"""What must hold for each case, whatever the repository is: an answer in time, inert, and nothing touched."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from pathlib import Path

from markdown_it import MarkdownIt

from fuzz.case import Area, Case
from fuzz.process import HANG, Ended
from security.hostile import SECRET

State = dict[str, tuple[object, ...]]

_CODES = range(4)
_BIDIRECTIONAL = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
# A runner takes these at the start of a line, after white space too, and the older form anywhere in it.
_OWN_ANNOTATION = re.compile(r"::(?:error|warning|notice) (?:file|title)=(?!fuzz)")
_OLD_COMMAND = re.compile(r"##\[(?:error|warning|group|add-mask|stop-commands|debug|command)")
_PROGRAMS = re.compile(r"(?:.*/)?(?:git|kustomize|kubeconform|helm|unshare|python[\d.]*)")
_TAG = re.compile(r"<[^>]*>?")
_LARGE = 300_000


def state(folder: Path) -> State:
    """Every file, folder and link below, with its content where that is small."""
    found: State = {}
    for parent, folders, files in os.walk(os.fsencode(folder)):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            status = os.lstat(path)
            # Git sets the time of an object that it would write again.
            what: object = status.st_size if b"/.git/objects/" in path else status.st_mtime_ns
            if os.path.islink(path):
                what = os.readlink(path)
            elif os.path.isfile(path) and status.st_size < _LARGE:
                with open(path, "rb") as file:
                    what = hashlib.sha256(file.read()).digest()
            elif os.path.isdir(path):
                what = ""
            found[os.fsdecode(os.path.relpath(path, os.fsencode(folder)))] = (status.st_mode, what)
    return found


def judge(
    case: Case, ended: Ended, area: Area, before: Mapping[str, State], visits: list[bytes]
) -> list[str]:
    """What is wrong, a line each; nothing for a case that is as it should be.

    ``before`` are the states of the area's folders at the start; ``visits`` what the listener got.
    """
    said = [ended.output.decode("utf-8", "replace"), ended.stderr.decode("utf-8", "replace")]
    return [
        *_ending(ended, said),
        *_words(case, said),
        *_form(case, ended, said[0]),
        *_touched(case, area, before),
        *_notes(area, ended.noted),
        *(f"connection: {visit!r}" for visit in visits),
    ]


def _ending(ended: Ended, said: list[str]) -> Iterator[str]:
    if ended.seconds >= HANG:
        yield f"hang: ended after {HANG:.0f} s"
    elif ended.status not in _CODES:
        yield f"exit code {ended.status}"
    if ended.left:
        yield f"processes left: {ended.left}"
    for text in said:
        if "Traceback (most recent call last)" in text:
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            places = [line for line in lines if line.startswith("File ") and "/meshwright/" in line]
            where = places[-1].split("/meshwright/")[-1] if places else ""
            yield f"traceback: {lines[-1][:400]} in {where}"
        if "this is a bug in Meshwright" in text:
            yield "a fault of our own ended the command"
        if "internal/error" in text:
            line = next(line for line in text.splitlines() if "internal/error" in line)
            yield f"internal error: {line[:300]}"
        if re.search(r"\b\w{1,60}Warning: ", text):
            yield f"python warning: {next(line for line in text.splitlines() if 'Warning: ' in line)[:200]}"


def _words(case: Case, said: list[str]) -> Iterator[str]:
    for name, text in zip(("output", "stderr"), said, strict=True):
        if SECRET in text:
            yield f"secret in {name}: {_around(text, SECRET)}"
        odd = {
            c
            for c in set(text) - {"\n", "\t"}
            if unicodedata.category(c) in _CATEGORIES or c in _BIDIRECTIONAL
        }
        if odd:
            yield f"control character in {name}: {_around(text, min(odd))}"
        for line in text.split("\n"):
            start = line.lstrip()
            is_own = case.command.form == "github" and _OWN_ANNOTATION.match(line)
            if start.startswith("::") and not is_own:
                yield f"workflow command in {name}: {line[:120]!r}"
                break
            if _OLD_COMMAND.search(line) and case.command.form not in ("json", "sarif", "junit"):
                yield f"old workflow command in {name}: {line[:160]!r}"
                break


def _around(text: str, part: str) -> str:
    at = text.index(part)
    return ascii(text[max(0, at - 60) : at + 60])


def _form(case: Case, ended: Ended, output: str) -> Iterator[str]:
    """A report that a machine reads can be read; markdown shows what it holds as text."""
    if ended.status not in (0, 1, 3) or not output:
        if ended.status in (0, 1, 3) and case.command.form in ("json", "sarif", "junit"):
            yield "no report"
        return
    try:
        if case.command.form in ("json", "sarif"):
            json.loads(output)
        elif case.command.form == "junit":
            ElementTree.fromstring(ended.output)
        elif case.command.form == "markdown":
            yield from _markdown(output)
    except (ValueError, ElementTree.ParseError) as error:
        yield f"{case.command.form} cannot be read: {error}"


def _markdown(output: str) -> Iterator[str]:
    for block in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(output):
        for token in (block, *(block.children or ())):
            if token.type in ("html_block", "html_inline"):
                yield from (f"markdown: HTML {tag!r}" for tag in _TAG.findall(token.content) if "fuzz" in tag)
            elif token.type in ("image", "link_open") and "fuzz" in str(token.attrs):
                yield f"markdown: link {token.attrs}"
            elif token.type == "text" and "@fuzz" in token.content:
                yield f"markdown: mention {token.content[:100]!r}"


def _touched(case: Case, area: Area, before: Mapping[str, State]) -> Iterator[str]:
    if area.ran.exists():
        yield "code of the repository ran"
    for name, old in before.items():
        new = state(area.root / name)
        changed = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
        if name == "repository":
            changed = [path for path in changed if not _allowed(path, case.command.writes)]
        if changed:
            words = {True: {True: "changed", False: "removed"}, False: {True: "made"}}
            path = changed[0]
            yield f"{name}: {words[path in old][path in new]} {path!r}, {len(changed)} in all"
    unexpected = {path.name for path in area.root.iterdir()} - {*before, "ran", "cache"}
    if unexpected:
        yield f"beside the repository: {sorted(unexpected)[:3]}"


def _allowed(path: str, writes: tuple[str, ...]) -> bool:
    """Whether a command may change it; the folders that lead there too."""
    return any(path.startswith(start) or start.startswith(f"{path}/") for start in writes)


def _notes(area: Area, noted: Mapping[str, list[str]]) -> Iterator[str]:
    if noted.get("read"):
        yield f"read outside: {noted['read'][0]}"
    if noted.get("ran"):
        yield f"code ran: {noted['ran'][0]}"
    if noted.get("connections"):
        yield f"connection: {noted['connections'][0]}"
    own = tuple(f"{place}/" for place in (area.repository, area.temporary, area.cache))
    for path in noted.get("written", ()):
        if os.path.isabs(path) and not f"{path}/".startswith(own) and path not in ("/dev/null", "/dev/tty"):
            yield f"wrote outside: {path}"
            break
    for program in noted.get("programs", ()):
        if not _PROGRAMS.fullmatch(program) or program.startswith(str(area.repository)):
            yield f"program: {program}"
            break
