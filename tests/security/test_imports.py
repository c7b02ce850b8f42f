"""Only one module starts programs, one connects to the network, one runs git; read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "generator/meshwright"
STARTS = "programs.py"
MODULES = {"subprocess", "_posixsubprocess", "pty", "sh", "pexpect", "runpy", "code", "ctypes", "cffi"}
FUNCTIONS = ("system", "popen", "exec", "spawn", "posix_spawn", "startfile")
CONNECTS = "web.py"
# urllib.parse only splits text.
NETWORK = (
    "socket", "ssl", "http", "urllib.request", "urllib.error", "urllib.robotparser", "urllib3", "requests",
    "httpx", "httpcore", "aiohttp", "asyncio", "ftplib", "imaplib", "poplib", "smtplib", "telnetlib",
    "xmlrpc", "socketserver", "selectors",
)  # fmt: skip
# What the one module may be used by: a command that fetches, and the installation of tools.
FETCHES = {"tools/download.py", "charts/"}
# An exception's class starts no program.
HARMLESS = {("plumbum", "ProcessExecutionError")}
KNOWN = {
    # renameat2, which Python does not have.
    "apps/exchange.py": ["ctypes"],
    # The commands' modules, by the names that cli.py lists.
    "commands/group.py": ["an import by a computed name"],
    # The rules' own modules, by their file names.
    "check/rules/registry.py": ["an import by a computed name"],
}

# Modules that read JSON which the package itself holds or has written in the same run.
OWN_JSON = {
    "apps/inspection/status.py",
    "apps/inspection/takeover.py",
    "apps/loading.py",
    "apps/syncfields.py",
    "bootstrap/provenance.py",
    "check/cache/buildcache.py",
    "check/schema/answersfile.py",
    "check/schema/chartvalues.py",
    "check/schema/schemas.py",
    "check/verdict/configuration.py",
    "tools/download.py",
    "update/renderer.py",
}


def sources() -> dict[str, ast.Module]:
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
    }


def starts(tree: ast.Module) -> Iterator[str]:
    """Each way to start a program that a module names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if is_starter(name.name))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                if (is_starter(node.module) or is_starter(full)) and (node.module, name.name) not in HARMLESS:
                    yield full
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "os" and node.attr.startswith(FUNCTIONS):
                yield f"os.{node.attr}"
            if node.attr in ("create_subprocess_exec", "create_subprocess_shell"):
                yield node.attr
        elif isinstance(node, ast.Call) and is_named(node.func, "__import__", "import_module"):
            yield "an import by a computed name"
        elif isinstance(node, ast.Call) and is_named(node.func, "get_context") and not is_fork(node):
            yield "multiprocessing that does not fork"


def is_starter(module: str) -> bool:
    parts = module.split(".")
    if parts[0] == "os" and len(parts) > 1:
        return parts[1].startswith(FUNCTIONS)
    return parts[0] in MODULES or parts[0] == "plumbum" or module.startswith("asyncio.subprocess")


def is_fork(node: ast.Call) -> bool:
    # Any other way starts a Python anew, with the folders that this one has on its path.
    return [ast.unparse(word) for word in node.args] == ["'fork'"]


def is_named(function: ast.expr, *names: str) -> bool:
    return getattr(function, "id", None) in names or getattr(function, "attr", None) in names


def test_one_module_starts_programs() -> None:
    found = {path: sorted(set(starts(tree))) for path, tree in sources().items()}

    assert found.pop(STARTS) == ["subprocess"]
    wrong = {path: names for path, names in found.items() if names and KNOWN.get(path) != names}
    assert wrong == {}


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_network(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in NETWORK)


def test_one_module_connects() -> None:
    found = {path for path, tree in sources().items() if any(map(is_network, imported(tree)))}

    assert found == {CONNECTS}


def test_only_what_fetches_uses_it() -> None:
    found = {path for path, tree in sources().items() if "meshwright.web" in set(imported(tree))}

    assert found
    assert {path for path in found if not path.startswith(tuple(FETCHES))} == set()


def test_only_the_command_charts_pull_fetches_charts() -> None:
    found = {
        path
        for path, tree in sources().items()
        if not path.startswith("charts/")
        and any(name.startswith("meshwright.charts") for name in imported(tree))
    }

    assert found <= {"commands/charts.py"}


@pytest.mark.parametrize(
    "text",
    [
        "import socket",
        "from urllib import request",
        "import urllib.request as net",
        "from http import client",
    ],
)
def test_each_way_to_connect_is_known(text: str) -> None:
    assert any(map(is_network, imported(ast.parse(text))))


def test_one_package_runs_git() -> None:
    found = set()
    for path, tree in sources().items():
        for node in ast.walk(tree):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            if any(name.split(".")[0] in ("git", "gitdb") for name in names):
                found.add(path)

    assert found == {"git/gitpython.py"}


def test_git_is_named_as_a_program_in_one_place() -> None:
    """A list of words that begins with git is a command."""
    found = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple)
        and node.elts
        and isinstance(node.elts[0], ast.Constant)
        and node.elts[0].value == "git"
    }

    assert found == set()


def test_json_of_others_is_read_in_one_place() -> None:
    """json.loads fails with RecursionError on deep text; the files of the package itself are not deep."""
    found = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("load", "loads")
        and isinstance(node.value, ast.Name)
        and node.value.id == "json"
    }

    assert found == {"jsontext.py", *OWN_JSON}


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess",
        "from subprocess import run",
        "import os\nos.system('x')",
        "import os\nos.execvp('x', [])",
        "import os\nos.posix_spawn('x', [], {})",
        "from os import popen",
        "import asyncio\nasyncio.create_subprocess_exec('x')",
        "from asyncio import subprocess",
        "import pty",
        "import plumbum",
        "from plumbum import local",
        "import importlib\nimportlib.import_module(name)",
        "from multiprocessing import get_context\nget_context('spawn')",
    ],
)
def test_each_way_is_known(text: str) -> None:
    assert list(starts(ast.parse(text)))
