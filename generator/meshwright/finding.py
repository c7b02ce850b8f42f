"""The results of a check: findings, and things that it could not check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from meshwright.errors import Position
from meshwright.inert import printable


class Severity(StrEnum):
    """An error fails the check; a warning does not. An info is true and rarely matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One fault, in one line.

    ``id`` is ``<step>/<what>`` or a rule's ID, such as MW301, and never changes between versions;
    ``name`` is the rule's name, such as inject-on-workload, and empty for any other finding;
    ``message`` names everything involved; ``fix`` says what to do; ``subject`` is the affected object, such
    as ``HelmRelease linkerd/linkerd-viz``.
    """

    id: str
    position: Position
    message: str
    fix: str = ""
    subject: str = ""
    severity: Severity = Severity.ERROR
    name: str = ""

    def __post_init__(self) -> None:
        for name in ("id", "message", "fix", "subject"):
            _keep_printable(self, name)

    @property
    def names(self) -> tuple[str, ...]:
        """What a suppression, a baseline or an option may call it."""
        return (self.id, self.name) if self.name else (self.id,)

    @property
    def label(self) -> str:
        """How reports for people show it: id and name."""
        return " ".join(self.names)

    @property
    def step(self) -> str:
        """The part of the check that found it: schema, build, kubeconform, values, rules and so on."""
        return "rules" if self.id.startswith("MW") else self.id.partition("/")[0]

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Sorts by position, then by ID and message, so that the order is reproducible."""
        at = self.position
        return (at.path, at.line, at.column, self.id, self.message)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Finding:
        """The finding that ``dataclasses.asdict`` made ``data`` from.

        Raises LookupError, TypeError or ValueError for anything else.
        """
        place, severity = Position(**data["position"]), Severity(data["severity"])
        return cls(**{**data, "position": place, "severity": severity})


@dataclass(frozen=True)
class UnseenScope:
    """Which objects something that is not seen may bring.

    ``cluster`` is empty if it may be any. ``namespaces`` are those that all of its objects are in, () for
    any, and ``likely`` those where they probably are. ``entry`` is a remote entry of a kustomization, ``url``
    where it is read from, ``project`` the AppProject of an Application.
    """

    cluster: str = ""
    namespaces: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    entry: str = ""
    url: str = ""
    project: str = ""


@dataclass(frozen=True)
class NotSeen:
    """Something that could not be checked, and why; not a fault.

    ``scope`` is None if it brings no objects.
    """

    subject: str
    reason: str
    position: Position
    scope: UnseenScope | None = None

    def __post_init__(self) -> None:
        for name in ("subject", "reason"):
            _keep_printable(self, name)

    @property
    def sort_key(self) -> tuple[Position, str, str]:
        """Sorts by position."""
        return (self.position, self.subject, self.reason)


def encodable(text: str) -> str:
    """``text`` made encodable as UTF-8: a file name may contain arbitrary bytes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _keep_printable(item: Finding | NotSeen, name: str) -> None:
    text: str = getattr(item, name)
    safe = printable(text)
    if safe is not text:
        object.__setattr__(item, name, safe)
