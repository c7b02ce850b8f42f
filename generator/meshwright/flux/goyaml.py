"""Writes and reads YAML as Flux does around substitution: Go's yaml.v2 rules, which are those of YAML 1.1.

kustomize-controller writes an object as text with sigs.k8s.io/yaml 1.6, built on yaml.v2, substitutes in
the text and parses it again: quotes are only where yaml.v2 needs them, every multi-line text is a block,
an unquoted ``on``, ``yes`` or ``n`` that a variable put there is a boolean, ``1_000`` is a number, and a
date stays text.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from meshwright.yaml.resolve import AMBIGUOUS

_TAG = "tag:yaml.org,2002:"
_BOOL = re.compile(
    r"^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)\Z"
)
_NULL = re.compile(r"^(?:~|null|Null|NULL|)\Z")
_INT = re.compile(r"^(?:[-+]?(?:[1-9][0-9_]*|0|0[0-7_]+|0[oO][0-7_]+|0[xX][0-9a-fA-F_]+|0[bB][01_]+))\Z")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_MERGE = re.compile(r"^<<\Z")


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own attribute


def _construct_bool(loader: _Loader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node))[0] in "yYtT" or str(node.value).lower() == "on"


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int | float:
    text = str(loader.construct_scalar(node)).replace("_", "")
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    number = int(text, 8 if octal else 0)
    return number if -(2**63) <= number < 2**64 else float(number)


def _construct_float(loader: _Loader, node: yaml.ScalarNode) -> float | str:
    written = str(loader.construct_scalar(node))
    text = written.replace("_", "").lower()
    if text.endswith(("inf", "nan")):
        # Go reads it, and then has no JSON for it.
        raise yaml.constructor.ConstructorError(None, None, f"JSON has no number {written}", node.start_mark)
    number = float(text)
    if math.isinf(number):
        return written
    return int(number) if number.is_integer() and abs(number) < 1e21 else number


# The first that matches wins, as in Go: a number is an integer before it is a float.
_Loader.add_implicit_resolver(f"{_TAG}bool", _BOOL, list("yYtTnNfFoO"))
_Loader.add_implicit_resolver(f"{_TAG}int", _INT, list("-+0123456789"))
_Loader.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+.0123456789"))
_Loader.add_implicit_resolver(f"{_TAG}null", _NULL, ["~", "n", "N", ""])
_Loader.add_implicit_resolver(f"{_TAG}merge", _MERGE, ["<"])
_Loader.add_constructor(f"{_TAG}bool", _construct_bool)
_Loader.add_constructor(f"{_TAG}int", _construct_int)
_Loader.add_constructor(f"{_TAG}float", _construct_float)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return True


def _represent_str(dumper: _Dumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else '"' if AMBIGUOUS.match(value) else None
    return dumper.represent_scalar(f"{_TAG}str", value, style=style)


_Dumper.add_representer(str, _represent_str)


def write(data: Any) -> str:
    """One document, lines never folded."""
    return str(yaml.dump(data, Dumper=_Dumper, width=2**20, allow_unicode=True, default_flow_style=False))


def read(text: str) -> Any:
    """The first document of ``text``. Raises ValueError with one line that says what is wrong."""
    loader = _Loader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
        return loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        raise ValueError(str(error.problem or error.context or "not YAML")) from None
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    finally:
        loader.dispose()
