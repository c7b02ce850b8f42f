"""The drawings of docs/architecture.md say what the code does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "generator/meshwright"
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
DRAWINGS = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
ROOMS = re.findall(
    r"^\| ((?:`[a-z.]+`(?:, )?)+) \| (.+?) \|", PAGE.partition("## A manifest")[0], re.MULTILINE
)


def room_paths() -> dict[str, str]:
    """Rooms by the beginning of their modules' paths."""
    found = {}
    for names, paths in ROOMS:
        rooms, places = re.findall(r"`([^`]+)`", names), re.findall(r"`([^`]+)`", paths)
        for place in places:
            found[place] = rooms[places.index(place)] if len(rooms) == len(places) else rooms[0]
    return found


PATHS = room_paths()


def room_of(path: str) -> str:
    fitting = [place for place in PATHS if path == place or (place.endswith("/") and path.startswith(place))]
    if not fitting and path == "__main__.py":
        return "commands"
    return PATHS[max(fitting, key=len)] if fitting else "base"


def sources() -> dict[str, str]:
    """Modules by dotted name, with their paths in the package."""
    return {
        ".".join(("meshwright", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
    }


def imports(tree: ast.Module, modules: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.module in modules:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in modules else node.module


@pytest.fixture(scope="module")
def arrows() -> dict[tuple[str, str], str]:
    """Pairs of rooms of which the first imports the second, with one module that does."""
    modules = sources()
    found: dict[tuple[str, str], str] = {}
    for path in modules.values():
        for imported in imports(ast.parse((PACKAGE / path).read_text(encoding="utf-8")), modules):
            pair = (room_of(path), room_of(modules[imported]))
            if pair[0] != pair[1]:
                found.setdefault(pair, f"{path} imports {imported}")
    return found


def drawn() -> set[tuple[str, str]]:
    return set(re.findall(r"^ +([a-z.]+) --> ([a-z.]+)$", DRAWINGS[0], re.MULTILINE))


def below(room: str, without: tuple[str, str] | None = None) -> set[str]:
    """Every room that the drawn arrows lead to."""
    found: set[str] = set()
    pending = [room]
    while pending:
        here = pending.pop()
        following = {other for one, other in drawn() if one == here and (one, other) != without} - found
        found |= following
        pending += following
    return found


def test_every_import_runs_along_the_arrows(arrows: Mapping[tuple[str, str], str]) -> None:
    assert {pair: why for pair, why in arrows.items() if pair[1] not in below(pair[0])} == {}


def test_every_arrow_is_an_import_and_none_follows_from_others(arrows: Mapping[tuple[str, str], str]) -> None:
    assert drawn() - arrows.keys() == set()
    assert {pair for pair in drawn() if pair[1] in below(pair[0], without=pair)} == set()


def test_there_is_no_circle(arrows: Mapping[tuple[str, str], str]) -> None:
    rooms = {room for pair in arrows for room in pair}
    assert {room for room in rooms if room in below(room)} == set()
    assert rooms == {*PATHS.values(), "base"}


STEPS = [step for drawing in DRAWINGS[1:] for step in re.findall(r'"([a-z_/]+\.py): ([a-z_]+)"', drawing)]


@pytest.mark.parametrize(("path", "function"), STEPS, ids=["-".join(step) for step in STEPS])
def test_every_step_of_a_walk_is_a_function(path: str, function: str) -> None:
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_glossary_is_short() -> None:
    terms = re.findall(r"^\| (?!Term|-)[a-z ]+ \|", PAGE.partition("## Glossary")[2], re.MULTILINE)
    assert 10 < len(terms) <= 30
    assert len(set(terms)) == len(terms)


def test_a_class_name_means_one_thing_in_the_package() -> None:
    places: dict[str, list[str]] = {}
    for path in sources().values():
        for node in ast.parse((PACKAGE / path).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(path)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
