"""The pipelines of Go templates: fields, variables, constants, and calls of functions.

source: Go 1.26 text/template: exec.go and parse/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.gotemplate.functions import FUNCTIONS, LAZY
from meshwright.gotemplate.values import Unsupported, is_true

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))"""
    r"""|(?P<variable>\$\w*)|(?P<field>\.\w+)|(?P<dot>\.)|(?P<word>\w+)|(?P<sign>:=|=|\||\(|\)|,))"""
)
_MOST_STEPS = 20_000


class MissingKey(Exception):
    """A template reads a key that its data lacks; the argument is the key's path."""


@dataclass
class State:
    """The variables of a template while it is filled, and the steps so far."""

    variables: list[tuple[str, Any]]
    strict: bool
    steps: int = 0

    def count(self) -> None:
        """Count a step. Raises Unsupported for a template that takes too many."""
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise Unsupported("it is too long")


Value = Callable[[Any, State], Any]


def pipeline(text: str) -> tuple[tuple[str, ...], Value]:
    """The variables that a pipeline sets, with their sign, and its value."""
    tokens = list(_tokens(text))
    names: tuple[str, ...] = ()
    signs = [token for kind, token in tokens[:4] if kind == "sign" and token in (":=", "=")]
    if signs:
        end = next(number for number, (_, token) in enumerate(tokens) if token == signs[0])
        names = (*(token for kind, token in tokens[:end] if kind == "variable"), signs[0])
        tokens = tokens[end + 1 :]
    value = _piped(tokens)
    if tokens:
        raise Unsupported(f"'{tokens[0][1]}' is not expected")
    return names, value


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise Unsupported(f"'{text[at:].split()[0][:40]}' is not evaluated offline")
        kind = str(found.lastgroup)
        joined = kind == "field" and found.start() == found.start("field") and at > 0
        yield ("chain" if joined else kind), found[kind]
        at = found.end()


def _piped(tokens: list[tuple[str, str]]) -> Value:
    value = _command(tokens, None)
    while tokens and tokens[0] == ("sign", "|"):
        tokens.pop(0)
        value = _command(tokens, value)
    return value


def _command(tokens: list[tuple[str, str]], piped: Value | None) -> Value:
    if not tokens:
        raise Unsupported("a pipeline is empty")
    if tokens[0][0] == "word" and tokens[0][1] not in ("true", "false", "nil"):
        name = tokens.pop(0)[1]
        call = FUNCTIONS.get(name)
        if call is None and name not in LAZY:
            raise Unsupported(f"function {name} is not evaluated offline")
        arguments: list[Value] = []
        while (tokens and tokens[0][0] != "sign") or (tokens and tokens[0][1] == "("):
            arguments.append(_operand(tokens))
        if piped is not None:
            arguments.append(piped)
        if call is None:
            return _lazy(name, arguments, piped)
        return lambda dot, state: call(*(argument(dot, state) for argument in arguments))
    if piped is not None:
        raise Unsupported("a value is piped into something that is not a function")
    return _operand(tokens)


def _lazy(name: str, arguments: list[Value], piped: Value | None) -> Value:
    """The function ``and`` or ``or``, which evaluate no further than they need."""
    if not arguments:
        raise Unsupported(f"{name} needs a value")

    def evaluate(dot: Any, state: State) -> Any:
        value = None
        # What is piped has its value before the function is called.
        last = piped(dot, state) if piped is not None else None
        for argument in arguments:
            value = last if argument is piped else argument(dot, state)
            if is_true(value) is LAZY[name]:
                break
        return value

    return evaluate


def _operand(tokens: list[tuple[str, str]]) -> Value:
    kind, token = tokens.pop(0)
    start: Value
    path: list[str] = []
    if kind == "sign" and token == "(":
        start = _piped(tokens)
        if not tokens or tokens.pop(0) != ("sign", ")"):
            raise Unsupported("a parenthesis is not closed")
    elif kind in ("string", "number", "word"):
        constant = _constant(kind, token)
        return lambda _, __: constant
    elif kind == "variable":
        start = lambda _, state: _variable(state, token)  # noqa: E731
    elif kind in ("field", "chain", "dot"):
        start = lambda dot, _: dot  # noqa: E731
        path += [token[1:]] if kind != "dot" else []
    else:
        raise Unsupported(f"'{token}' is not expected")
    while tokens and tokens[0][0] == "chain":
        path.append(tokens.pop(0)[1][1:])
    return lambda dot, state: _follow(start(dot, state), path, state)


def _constant(kind: str, token: str) -> Any:
    if kind == "number":
        return float(token) if "." in token else int(token)
    if kind == "word":
        if token not in ("true", "false", "nil"):
            # A function without arguments is used nowhere as an argument.
            raise Unsupported(f"'{token}' is not evaluated offline")
        return {"true": True, "false": False, "nil": None}[token]
    if token.startswith("`"):
        return token[1:-1]
    simple = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: simple.get(found[1], found[1]), token[1:-1])


def _variable(state: State, name: str) -> Any:
    for known, value in reversed(state.variables):
        if known == name:
            return value
    raise Unsupported(f"the variable {name} is not declared")


def _follow(value: Any, path: list[str], state: State) -> Any:
    for number, name in enumerate(path):
        if not isinstance(value, Mapping):
            if value is None and not state.strict:
                return None
            raise MissingKey(".".join(path[: number + 1]))
        if name not in value:
            if state.strict:
                raise MissingKey(".".join(path[: number + 1]))
            value = None
        else:
            value = value[name]
    return value
