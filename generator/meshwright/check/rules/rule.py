"""A rule: a small pure function over the model, with what a person has to know about it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from meshwright.check.model.unseen import Absence
from meshwright.errors import Position
from meshwright.finding import Severity

if TYPE_CHECKING:
    from meshwright.check.model.index import Model

__all__ = ["REGISTERED", "Absence", "Engine", "Hit", "Rule", "Severity", "rule"]


class Engine(StrEnum):
    """The GitOps engine that a rule is about."""

    ANY = "any"
    FLUX = "flux"
    ARGOCD = "argocd"


@dataclass(frozen=True)
class Hit:
    """One place where a rule fires; ``message`` names both parties.

    ``fix`` and ``severity`` replace those of the rule where more is known.
    ``absent`` is the object that is missing: the hit is dropped if something that was not seen may bring it.
    """

    position: Position
    message: str
    fix: str = ""
    subject: str = ""
    severity: Severity | None = None
    absent: Absence | None = None


@dataclass(frozen=True)
class Rule:
    """``name`` says in words what the rule finds; users may write ``id`` or ``name``.

    ``since`` and ``until`` are Linkerd chart versions, such as 2026.5.2; ``until`` is the first to which the
    rule no longer applies. In a repository without a control plane, such a rule assumes the pinned Linkerd,
    and its findings are warnings. ``source`` says where the fact was read.
    """

    id: str
    name: str
    title: str
    severity: Severity
    why: str
    fix: str
    source: str
    find: Callable[[Model], Iterable[Hit]]
    line: int
    engine: Engine = Engine.ANY
    since: str = ""
    until: str = ""

    @property
    def module(self) -> str:
        """The module of this package that has it, such as policy."""
        return self.find.__module__.rpartition(".")[2]

    @property
    def place(self) -> str:
        """Where it is registered, such as policy:118."""
        return f"{self.module}:{self.line}"


# Every rule in the order of registration; a module adds its own when it is imported.
REGISTERED: list[Rule] = []

_Find = Callable[["Model"], Iterable[Hit]]


def rule(
    id: str,
    name: str,
    title: str,
    *,
    why: str,
    fix: str,
    source: str,
    severity: Severity = Severity.ERROR,
    engine: Engine = Engine.ANY,
    since: str = "",
    until: str = "",
) -> Callable[[_Find], _Find]:
    """Make a rule of a function from the model to its hits."""

    line = sys._getframe(1).f_lineno

    def register(find: _Find) -> _Find:
        REGISTERED.append(Rule(id, name, title, severity, why, fix, source, find, line, engine, since, until))
        return find

    return register
