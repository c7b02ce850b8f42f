"""What the package answers to the oracles' cases, and when two answers are the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from meshwright.argocd import glob
from meshwright.charts.versions import Range, read_version
from meshwright.flux import goyaml
from meshwright.flux.envsubst import evaluate
from meshwright.flux.expression import Expression
from meshwright.flux.ignore import SourceIgnore
from meshwright.gotemplate import MissingKey, Unsupported, execute
from meshwright.patterns import regexp, shell

Answer = dict[str, Any]
# What a pattern that is refused means to whoever asks: that nothing fits.
_FITS_NOTHING = frozenset({"glob", "path"})


class _Files:
    """The files of a case."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._texts = {
            f"{folder}/.sourceignore".lstrip("/"): text for folder, text in case["ignores"].items()
        }
        self.paths = sorted({*case["paths"], *self._texts})

    def peek(self, path: str, limit: int) -> bytes:  # noqa: ARG002 - of RepositoryFiles
        return str(self._texts[path]).encode()


def answer(case: dict[str, Any]) -> Answer:
    """The package's answer; ``error`` when it refuses the case. Raises whatever else goes wrong."""
    try:
        return _ANSWERERS[case["kind"]](case)
    except ValueError as error:
        return {"error": str(error)}


def _kept(case: dict[str, Any]) -> Answer:
    files = _Files(case)
    ignored = SourceIgnore(files, case["ignore"] or "")  # type: ignore[arg-type] # a stand-in with the methods that it calls
    return {"kept": [path for path in files.paths if not ignored(path)]}


def _undefined(expression: Expression) -> str:
    raise ValueError(f"variable not set: {expression.name}")


def _evaluated(text: str, case: dict[str, Any]) -> str:
    return evaluate(text, case["variables"], _undefined)


_ANSWERERS: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "gitignore": _kept,
    "glob": lambda case: {"match": glob.matches(case["pattern"], case["text"], case["separators"])},
    "path": lambda case: {"match": shell.matches(case["pattern"], case["text"])},
    "semver": lambda case: {"match": read_version(case["text"]) in Range(case["pattern"])},
    "regexp": lambda case: {"match": regexp.compile_anchored(case["pattern"]).found_in(case["text"])},
    "yaml": lambda case: {"value": goyaml.read(case["text"])},
    "yaml-write": lambda case: {"text": goyaml.write(case["object"])},
    # The oracle prints JSON, which has no half characters.
    "envsubst": lambda case: {"text": regexp.as_text(_evaluated(case["text"], case))},
    "gotemplate": lambda case: _template(case),
    "substitute": lambda case: {"value": goyaml.read(_evaluated(goyaml.write(case["object"]), case))},
}


def _template(case: dict[str, Any]) -> Answer:
    try:
        return {"text": execute(case["text"], case["object"], strict=case["strict"])}
    except MissingKey:
        return {"missing": True}
    except Unsupported:
        return {"unsupported": True}


def is_defined(theirs: Answer) -> bool:
    """Whether Go gives one answer; where two keys become one, it takes any."""
    return "undefined" not in theirs


def same(kind: str, ours: Answer, theirs: Answer) -> bool:
    """Whether two answers are one; the words of an error are the library's own."""
    # What is not evaluated here is said to be not seen, whatever Go makes of it. A key may be missing before
    # Go finds that the types do not fit.
    if "unsupported" in ours or ("missing" in ours and "error" in theirs):
        return True
    return _comparable(kind, ours) == _comparable(kind, theirs)


def _comparable(kind: str, given: Answer) -> str:
    if "error" in given:
        given = {"match": False} if kind in _FITS_NOTHING else {"error": True}
    # Beyond 53 bits a number is what a float makes of it to whoever reads JSON.
    return json.dumps(json.loads(json.dumps(given), parse_int=_number), sort_keys=True)


def _number(digits: str) -> float | int:
    return int(digits) if abs(int(digits)) < 2**53 else float(digits)
