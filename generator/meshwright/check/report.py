"""The outcome of a check, in an order that does not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from meshwright.check.order.line import Line
from meshwright.errors import ExitCode
from meshwright.finding import Finding, NotSeen, Severity


@dataclass(frozen=True)
class RootSummary:
    """A root as a report lists it."""

    kind: str
    path: str
    name: str
    cluster: str
    built: bool
    objects: int


@dataclass(frozen=True)
class Report:
    """Everything a check found. ``tools`` gives versions by name; ``kubernetes`` is such as 1.36."""

    findings: tuple[Finding, ...]
    not_seen: tuple[NotSeen, ...]
    roots: tuple[RootSummary, ...]
    tools: dict[str, str]
    kubernetes: str
    # Only when it was asked for.
    order: tuple[Line, ...] = ()

    @property
    def errors(self) -> int:
        """Findings that fail the check."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def warnings(self) -> int:
        """Findings that do not."""
        return len(self.findings) - self.errors

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
        """Clean unless there is an error."""
        return ExitCode.FINDINGS if self.errors else ExitCode.CLEAN


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
