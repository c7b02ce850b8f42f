"""A rule: a small pure function over the model, with what a person has to know about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from meshwright.errors import MeshwrightError, Position
from meshwright.manifests.finding import Severity

if TYPE_CHECKING:
    from meshwright.check.model.index import Model

__all__ = ["RULES", "Engine", "Hit", "Rule", "Severity", "rule"]


class Engine(StrEnum):
    """The GitOps engine that a rule is about."""

    ANY = "any"
    FLUX = "flux"
    ARGOCD = "argocd"


@dataclass(frozen=True)
class Hit:
    """One place where a rule fires; ``message`` names both parties.

    ``fix`` stands in place of the rule's own, where the way out is known more exactly. ``severity`` too.
    """

    position: Position
    message: str
    fix: str = ""
    subject: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Rule:
    """``since`` and ``until`` are Linkerd chart versions, such as 2026.5.2; ``until`` is the first without.

    A rule with either is run only when Linkerd's version is known. ``source`` says where the fact was read.
    """

    id: str
    title: str
    severity: Severity
    why: str
    fix: str
    source: str
    find: Callable[[Model], Iterable[Hit]]
    engine: Engine = Engine.ANY
    since: str = ""
    until: str = ""


# Every rule by id; a family's module fills it when it is imported.
RULES: dict[str, Rule] = {}

_Find = Callable[["Model"], Iterable[Hit]]


def rule(
    id: str,
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
    """Make a rule of a function from the model to its hits. Raises MeshwrightError when the id is taken."""

    def register(find: _Find) -> _Find:
        if id in RULES:
            raise MeshwrightError(f"rule {id} stands twice, once in {find.__module__}")
        RULES[id] = Rule(id, title, severity, why, fix, source, find, engine, since, until)
        return find

    return register
