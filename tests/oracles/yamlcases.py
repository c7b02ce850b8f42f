"""Cases about YAML and the variables in it."""

from __future__ import annotations

from random import Random
from typing import Any

from oracles.vocabulary import ARGUMENTS, KEYS, ODD_SCALARS, PLAIN_WORDS, SCALARS, VALUES, VARIABLES, WORDS

_ENDS = ["\n", "\n", "", "\n...\n", "\n---\nb: 1\n"]
_MARKS = ["|", "|-", "|+", ">", ">-", ">+", "|2", "|1-"]
_NUMBERS = [0, 1, -1, 1.5, 1e21, 1e-7, True, False, None, 2**53, 2**63, 123456789, 0.1, 1e20, -0.5, 1e6]
_OPERATORS = ["", "", "", ":-", ":=", "=", ":+", ":?", "#", "##", "%", "%%", "/", "//", "/#", "/%"]
_OPERATORS += ["^", "^^", ",", ",,"]


def document(random: Random) -> dict[str, Any]:
    """A text that may be YAML."""
    if random.random() < 0.03:
        return {"text": random.choice(SCALARS + ODD_SCALARS)}
    return {"text": "\n".join(_block(random, 2, "")) + random.choice(_ENDS)}


def _block(random: Random, depth: int, indent: str) -> list[str]:
    lines: list[str] = []
    sequence = random.random() < 0.25
    for _ in range(random.randrange(1, 4)):
        start = "- " if sequence else f"{_key(random)}: "
        chance = random.random()
        if depth and chance < 0.3:
            anchor = random.choice(["", "", "", "&x", "&a", "!!map", "!foo", "!!seq"])
            inner = _block(random, depth - 1, indent + "  ")
            lines += [f"{indent}{start}{anchor}".rstrip() if not sequence else f"{indent}-", *inner]
        elif chance < 0.37:
            text = [f"{indent}  {_scalar(random)}", f"{indent}    a", f"{indent}  b"]
            lines += [f"{indent}{start}{random.choice(_MARKS)}", *text]
        elif chance < 0.45:
            lines.append(f"{indent}{start}{_flow(random, 2)}")
        else:
            lines.append(f"{indent}{start}{_scalar(random)}")
    return lines


def _flow(random: Random, depth: int) -> str:
    if depth and random.random() < 0.4:
        return "[" + ", ".join(_flow(random, depth - 1) for _ in range(random.randrange(3))) + "]"
    if depth and random.random() < 0.4:
        entries = [f"{_key(random)}: {_flow(random, depth - 1)}" for _ in range(random.randrange(3))]
        return "{" + ", ".join(entries) + "}"
    return _scalar(random)


def _scalar(random: Random) -> str:
    return random.choice(SCALARS if random.random() < 0.88 else ODD_SCALARS)


def _key(random: Random) -> str:
    return random.choice(KEYS[:8] if random.random() < 0.7 else KEYS)


def thing(random: Random) -> dict[str, Any]:
    """An object to be written."""
    words = WORDS if random.random() < 0.1 else PLAIN_WORDS
    return {"object": {random.choice(words): _value(random, 3, words) for _ in range(random.randrange(1, 4))}}


def _value(random: Random, depth: int, words: list[str]) -> Any:
    chance = random.random()
    if depth and chance < 0.2:
        return [_value(random, depth - 1, words) for _ in range(random.randrange(4))]
    if depth and chance < 0.45:
        return {random.choice(words): _value(random, depth - 1, words) for _ in range(random.randrange(4))}
    return random.choice(_NUMBERS if chance < 0.55 else words)


def template(random: Random) -> dict[str, Any]:
    """A text with expressions in it."""
    text = ""
    for _ in range(random.randrange(1, 5)):
        text += random.choice(["", "x", " ", "$", "}", "a\n", "é"]) + _expression(random, VALUES)
    if random.random() < 0.1:
        at = random.randrange(len(text))
        text = text[:at] + random.choice("${}:/#%\\ ") + text[at + 1 :]
    return {"text": text, "variables": _variables(random, VALUES)}


def substituted(random: Random) -> dict[str, Any]:
    """An object with expressions in it."""
    words = [*PLAIN_WORDS[:30], *(_expression(random, WORDS) for _ in range(20))]
    words += ["a ${A}", "${A}: b", "${A}\n${B}\n", "${A}${B}"]
    spec = {random.choice(words) or "a": _value(random, 3, words) for _ in range(random.randrange(1, 4))}
    metadata = {"name": random.choice(["web", "${A}", "x-${B}"]), "namespace": "default"}
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": metadata, "spec": spec}
    values = [word.replace("\n", "") for word in WORDS]
    return {"object": thing, "variables": {"Z": "z", **_variables(random, values)}}


def _variables(random: Random, words: list[str]) -> dict[str, str]:
    return {name: random.choice(words) for name in VARIABLES if random.random() < 0.95}


def _expression(random: Random, words: list[str]) -> str:
    name = random.choice(VARIABLES if random.random() < 0.98 else ["NONE"])
    argument, operator = random.choice(ARGUMENTS + words[:8]), random.choice(_OPERATORS)
    if operator.startswith("/"):
        return f"${{{name}{operator}{argument}/{random.choice(ARGUMENTS)}}}"
    if operator in ("", "^", "^^", ",", ",,"):
        plain = f"${{{name}{operator}}}"
        return random.choice([plain, plain, f"${{#{name}}}", f"${name}", f"$${{{name}}}"])
    if random.random() < 0.1:
        return f"${{{name}:{random.choice('0123')}:{random.choice(['1', '2', '-1', 'x'])}}}"
    return f"${{{name}{operator}{argument}}}"
