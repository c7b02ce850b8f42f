"""The outcome of a check, in an order that does not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from meshwright.check.causes import Cause, causes_of
from meshwright.check.order.line import Line
from meshwright.errors import ExitCode
from meshwright.finding import Finding, NotSeen, Severity


@dataclass(frozen=True)
class RootSummary:
    """A root as a report lists it.

    Of a root that was not judged, ``why`` is the id of the finding that says the reason, empty if the reason
    is listed as not seen; ``matters`` says whether its files have objects of the mesh or of an engine.
    """

    kind: str
    path: str
    name: str
    cluster: str
    built: bool
    objects: int
    why: str = ""
    matters: bool = False

    @property
    def judged(self) -> bool:
        """Whether at least a part of it was built, or it is empty."""
        return self.built or self.objects > 0

    @property
    def title(self) -> str:
        """Kind and name, for people."""
        kind = {"flux": "Kustomization", "argocd": "Application"}.get(self.kind, self.kind)
        return f"{kind} {self.name}"


@dataclass(frozen=True)
class Report:
    """Everything a check found, in order of place.

    ``tools`` gives versions by name; ``kubernetes`` is such as 1.36. ``hidden`` counts infos that are left
    out. With ``each``, findings that share a cause are reported apart. ``allow_unseen`` lets a check pass
    that could not judge everything.
    """

    findings: tuple[Finding, ...]
    not_seen: tuple[NotSeen, ...]
    roots: tuple[RootSummary, ...]
    tools: dict[str, str]
    kubernetes: str
    # Only when it was asked for.
    order: tuple[Line, ...] = ()
    hidden: int = 0
    each: bool = False
    allow_unseen: bool = False

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """The findings by cause, most serious consequences first."""
        return causes_of(self.findings, each=self.each)

    def count(self, severity: Severity) -> int:
        """How many causes have a severity."""
        return sum(cause.finding.severity is severity for cause in self.causes)

    @property
    def errors(self) -> int:
        """Causes that fail the check."""
        return self.count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """Causes that do not."""
        return self.count(Severity.WARNING)

    @property
    def not_judged(self) -> tuple[RootSummary, ...]:
        """Roots of which no object could be built."""
        return tuple(root for root in self.roots if not root.judged)

    @property
    def unseen(self) -> tuple[RootSummary, ...]:
        """Those of them that fail the check, because they have objects of the mesh or of an engine."""
        return () if self.allow_unseen else tuple(root for root in self.not_judged if root.matters)

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to judge, so that silence means nothing."""
        return bool(self.roots) and not self.objects and not self.findings and not self.allow_unseen

    @property
    def objects(self) -> int:
        """Objects of all roots; one that two roots apply counts twice."""
        return sum(root.objects for root in self.roots)

    @property
    def is_whole(self) -> bool:
        """Whether everything was done: another run of a report that is not may say more."""
        return not any(is_ours(finding) for finding in self.findings)

    @property
    def exit_code(self) -> ExitCode:
        """Clean unless there is an error, a root that matters was not judged, or nothing was found."""
        if self.errors or self.unseen:
            return ExitCode.FINDINGS
        return ExitCode.COULD_NOT_RUN if self.is_empty else ExitCode.CLEAN


_OURS = ("internal/", "limit/", "kubeconform/no-answer")


def is_ours(finding: Finding) -> bool:
    """Whether it is about the check itself, not about the repository."""
    return finding.id.startswith(_OURS)


# So many things with one reason are one line: a repository may hold a hundred objects of one kind.
_SAID_APART = 3


def summarised(items: Iterable[NotSeen]) -> tuple[NotSeen, ...]:
    """By place, each once; what is not seen for the same reason many times is said at the first place."""
    by_reason: dict[str, list[NotSeen]] = {}
    for item in sorted({replace(item, scope=None) for item in items}, key=lambda item: item.sort_key):
        by_reason.setdefault(item.reason, []).append(item)
    found: list[NotSeen] = []
    for same in by_reason.values():
        if len(same) <= _SAID_APART:
            found += same
        else:
            first = same[0]
            found.append(replace(first, subject=f"{first.subject} and {len(same) - 1} more"))
    return tuple(sorted(found, key=lambda item: item.sort_key))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, by place: a shared base is built by many roots and faulty only once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key))
