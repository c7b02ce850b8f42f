"""Cases for the oracles: seeded, plausible first, odd often enough."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from oracles import yamlcases
from oracles.templatecases import template_case
from oracles.vocabulary import (
    FILES,
    GLOB_ODD,
    GLOB_PARTS,
    LINE_PARTS,
    LINES,
    NAMES,
    PATH_ODD,
    PATH_PARTS,
    REGEX_ODD,
    REGEX_PARTS,
)

Case = dict[str, Any]


def cases(kind: str, number: int, seed: int = 1) -> Iterator[Case]:
    """``number`` cases of a kind; the same ones for the same seed."""
    for count in range(number):
        yield {"kind": kind, **_MAKERS[kind](Random(f"{kind}-{seed}-{count}"))}


def as_line(case: Case) -> str:
    """A case as the Go program reads it."""
    return json.dumps(case, ensure_ascii=False) + "\n"


def _gitignore(random: Random) -> Case:
    paths: list[str] = []
    for path in [_path(random) for _ in range(16)]:
        # A path is a file or a folder, not both.
        if not any(known.startswith(f"{path}/") or path.startswith(f"{known}/") for known in paths):
            paths.append(path)
    folders = sorted({path[: path.rfind("/")] for path in paths if "/" in path})
    places = random.choice([[""], [""], [""], [], ["", *folders[:1]], folders[-2:], folders[:3]])
    ignores = {place: _ignore_text(random) for place in places}
    ignore = _ignore_text(random) if random.random() < 0.2 else None
    return {"ignores": ignores, "ignore": ignore, "paths": sorted(set(paths))}


def _path(random: Random, deepest: int = 3) -> str:
    folders = [random.choice(NAMES) for _ in range(random.randrange(deepest + 1))]
    return "/".join([*folders, random.choice(FILES + NAMES)])


def _ignore_text(random: Random) -> str:
    lines = [_line(random) for _ in range(random.choice([1, 1, 1, 2, 2, 3, 5]))]
    return "\n".join(lines) + random.choice(["\n", "\n", ""])


def _line(random: Random) -> str:
    if random.random() < 0.25:
        return random.choice(LINES)
    parts = [random.choice(LINE_PARTS) for _ in range(random.choice([1, 1, 1, 2, 2, 3, 4]))]
    line = random.choice(["", "", "", "/"]) + "/".join(parts) + random.choice(["", "", "", "/", " ", "/ "])
    return random.choice(["", "", "", "!"]) + line


def _glob(random: Random) -> Case:
    pattern = _pattern(random, GLOB_PARTS, GLOB_ODD)
    return {"pattern": pattern, "text": _text_for(random, pattern), "separators": random.choice(["", "/"])}


def _path_match(random: Random) -> Case:
    pattern = _pattern(random, PATH_PARTS, PATH_ODD)
    return {"pattern": pattern, "text": _text_for(random, pattern)}


def _regexp(random: Random) -> Case:
    pattern = _pattern(random, REGEX_PARTS, REGEX_ODD)
    texts = ["", "a", "b", "web", "web-a", "app", "A", "a.b", "é", "É", "ab", "aab", "a\n", "a\nb", "web\n"]
    return {"pattern": pattern, "text": random.choice([*texts, _text_for(random, pattern)])}


def _semver(random: Random) -> Case:
    groups = [_range(random) for _ in range(random.choice([1, 1, 1, 2]))]
    text = _version(random, 3 if random.random() < 0.95 else 2)
    return {"pattern": random.choice(["||", " || "]).join(groups), "text": text}


def _range(random: Random) -> str:
    if random.random() < 0.1:
        return f"{_bound(random)} - {_bound(random)}"
    operators = ["", "", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "^", "==", "!"]
    parts = [
        random.choice(operators) + random.choice(["", "", " "]) + _bound(random)
        for _ in range(random.choice([1, 1, 1, 2, 2, 3]))
    ]
    return random.choice([" ", ",", ", ", " , "]).join(parts) + random.choice(["", "", "", " ", ",", " y"])


def _bound(random: Random) -> str:
    if random.random() < 0.2:
        return random.choice(
            ["*", "x", "1.x", "1.X.x", "0.x", "1.*", "0.0.x", "x.1", "1.x.2", "1|2", "00.1", "1.2.3.4"]
        )
    return _version(random, random.choice([1, 2, 3, 3]))


def _version(random: Random, numbers: int) -> str:
    text = ".".join(random.choice(["0", "0", "1", "1", "2", "3", "10"]) for _ in range(numbers))
    tails = [
        "-alpha",
        "-alpha.1",
        "-alpha.10",
        "-beta",
        "-1",
        "-0",
        "-rc.1.2",
        "-01",
        "+build.1",
        "-rc.1+b",
        "-",
    ]
    return random.choice(["", "", "v"]) + text + (random.choice(tails) if random.random() < 0.2 else "")


def _pattern(random: Random, parts: list[str], odd: list[str]) -> str:
    chosen = [random.choice(parts) for _ in range(random.randrange(1, 7))]
    if random.random() < 0.25:
        chosen.insert(random.randrange(len(chosen) + 1), random.choice(odd))
    return "".join(chosen)


def _text_for(random: Random, pattern: str) -> str:
    """A text that has something to do with a pattern."""
    text = ""
    for char in pattern:
        if char in "*?":
            text += "".join(random.choice("abc/é-.") for _ in range(random.randrange(3)))
        elif char not in "[]{}\\!,^" and random.random() < 0.9:
            text += char
    return text if random.random() < 0.8 else text + random.choice("abc/é")


_MAKERS: dict[str, Callable[[Random], Case]] = {
    "gitignore": _gitignore,
    "glob": _glob,
    "path": _path_match,
    "regexp": _regexp,
    "semver": _semver,
    "yaml": yamlcases.document,
    "yaml-write": yamlcases.thing,
    "envsubst": yamlcases.template,
    "substitute": yamlcases.substituted,
    "gotemplate": template_case,
}
KINDS = tuple(_MAKERS)
