"""What follows from a finding, which orders a report: leaked keys first, what is only untidy last."""

from __future__ import annotations

from enum import StrEnum
from functools import cache


class Consequence(StrEnum):
    """The members are in the order of a report."""

    LEAKED = "leaked"
    NOT_CHECKED = "not-checked"
    NOT_APPLIED = "not-applied"
    HANGS = "hangs"
    UNMESHED = "unmeshed"
    LOST = "lost"
    UNTIDY = "untidy"

    @property
    def heading(self) -> str:
        """What it is called in reports for people."""
        return _HEADINGS[self]

    @property
    def rank(self) -> int:
        """Its place in a report, from 0."""
        return _RANKS[self]


_RANKS = {consequence: number for number, consequence in enumerate(Consequence)}
_HEADINGS = {
    Consequence.LEAKED: "leaked keys and passwords",
    Consequence.NOT_CHECKED: "not checked",
    Consequence.NOT_APPLIED: "cannot be applied",
    Consequence.HANGS: "hangs or fails",
    Consequence.UNMESHED: "comes up unmeshed or open",
    Consequence.LOST: "lost on an upgrade",
    Consequence.UNTIDY: "untidy",
}

# Ids by consequence: the longest beginning that fits counts.
_IDS = {
    Consequence.LEAKED: "MW901 MW902",
    Consequence.NOT_CHECKED: "internal/ limit/ kubeconform/no-answer build/no-helm",
    Consequence.NOT_APPLIED: (
        "schema/ mesh/ generate/ build/ kubeconform/ values/type values/required values/value values/yaml "
        "MW412 MW414 MW421 MW601 MW68 MW705 MW706 MW806 MW809 MW815 MW816 MW903"
    ),
    Consequence.HANGS: (
        "layout/ values/ MW001 MW002 MW003 MW006 MW007 MW008 MW009 MW010 MW2 MW305 MW311 MW312 MW313 MW317 "
        "MW320 MW404 MW408 MW411 MW413 MW419 MW422 MW423 MW424 MW425 MW426 MW5 MW602 MW610 MW621 MW623 MW627 "
        "MW628 MW631 MW633 MW635 MW636 MW64 MW65 MW66 MW67 MW7 MW8 MW911 MW912 MW921 MW922 MW927 MW928"
    ),
    Consequence.UNMESHED: (
        "MW004 MW005 MW3 MW4 MW513 MW604 MW605 MW606 MW607 MW608 MW632 MW672 MW805"
    ),
    Consequence.LOST: (
        "MW1 MW204 MW205 MW206 MW215 MW218 MW225 MW226 MW603 MW609 MW624 MW625 MW626 MW630 MW709 MW802 "
        "MW804 MW810 MW813 MW923 MW924 MW925 MW926 layout/rejected schema/template"
    ),
    Consequence.UNTIDY: (
        "suppression/ baseline/ layout/backup layout/unlisted layout/unapplied generate/foreign MW307 MW315 "
        "MW318 MW505 MW506 MW507 MW516 MW622 MW629 MW913 MW914"
    ),
}  # fmt: skip
_BY_BEGINNING = {begin: consequence for consequence, ids in _IDS.items() for begin in ids.split()}


@cache
def consequence_of(id: str) -> Consequence:
    """What follows from a finding with this id."""
    return _BY_BEGINNING.get(beginning_of(id), Consequence.NOT_APPLIED)


def beginning_of(id: str) -> str:
    """The longest beginning of an id that decides about it; empty if none does."""
    return next((id[:end] for end in range(len(id), 0, -1) if id[:end] in _BY_BEGINNING), "")
