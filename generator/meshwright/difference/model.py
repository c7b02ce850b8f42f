"""The data model of a difference: roots, objects and fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from meshwright.yaml.pointer import dotted


class ChangeKind(StrEnum):
    """The kind of change of a root, an object or a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"  # an object that another root now applies
    REORDERED = "reordered"  # a list whose common items have another order


class Effect(StrEnum):
    """The effect of a change on the pods of a workload."""

    STARTS = "starts"
    STOPS = "stops"
    RESTARTS = "restarts"
    NEXT_RUN = "next-run"  # a CronJob: from its next Job on
    ON_DELETE = "on-delete"  # updateStrategy OnDelete: when the user deletes them
    RUNS_AGAIN = "runs-again"  # a Job that its engine recreates
    IMMUTABLE = "immutable"  # a Job's template: rejected unless the Job is deleted first


@dataclass(frozen=True)
class Key:
    """Identifies a list item by fields, such as name: web."""

    fields: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        shown = [str(value) for name, value in self.fields if (name, value) != ("protocol", "TCP")]
        return "/".join(value for value in shown if value)


Step = str | int | Key
Path = tuple[Step, ...]


@dataclass(frozen=True)
class Field:
    """A field that differs; ``old`` is None if it was added, ``new`` if it was removed.

    ``inner`` is the path inside a YAML text, such as the values in a ConfigMap. ``index`` is the index of an
    added item in the new list, or of a removed one in the old. A reordered list has the keys of the common
    items, in the old and in the new order. A hidden field has no values, because they are secret. ``layout``
    means that a YAML text has the same content, but other comments or another layout.
    """

    path: Path
    change: ChangeKind
    old: Any = None
    new: Any = None
    index: int | None = None
    inner: Path = ()
    hidden: bool = False
    layout: bool = False

    @property
    def title(self) -> str:
        """Such as ``spec.template.spec.containers[web].image``, or ``values.yaml proxy.logLevel``."""
        return f"{self.path[-1]} {_shown(self.inner)}" if self.inner else _shown(self.path)


def _shown(path: Path) -> str:
    text = ""
    for step in path:
        if isinstance(step, Key):
            text += f"[{step}]"
        else:
            part = dotted((step,))
            text += f".{part}" if text and not part.startswith("[") else part
    return text


@dataclass(frozen=True)
class ChartVersion:
    """A chart whose version changed; an unspecified version is empty."""

    chart: str
    old: str
    new: str


@dataclass(frozen=True)
class Follower:
    """An object that differs only because it refers to the new name of a generated object."""

    title: str
    effect: Effect | None = None


@dataclass(frozen=True)
class SchemaChange:
    """The changes in one version of a CustomResourceDefinition; paths are like ``spec.replicas``."""

    version: str
    change: ChangeKind
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    # Fields of which only the description changed.
    described: int = 0


@dataclass(frozen=True)
class ObjectDifference:
    """An object that differs; ``name`` does not contain the hash that a generator adds.

    ``fields`` is empty for an object that was added or removed. ``source`` is the root that a moved object
    came from. ``renamed`` means that the hash in the name changed; ``followers`` refer to the new name.
    ``releases`` are those whose chart version or values change with the object, if their charts are not
    rendered: what happens to their pods is not known.
    """

    change: ChangeKind
    api_version: str
    kind: str
    namespace: str
    name: str
    fields: tuple[Field, ...] = ()
    effect: Effect | None = None
    charts: tuple[ChartVersion, ...] = ()
    schemas: tuple[SchemaChange, ...] = ()
    source: str = ""
    renamed: bool = False
    followers: tuple[Follower, ...] = ()
    # Such as: values of HelmRelease linkerd/linkerd-viz.
    note: str = ""
    releases: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """``Kind namespace/name``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class RootDifference:
    """The differences in one root: a Flux Kustomization, an Application, or an unreferenced folder."""

    change: ChangeKind
    kind: str
    name: str
    path: str
    cluster: str
    objects: tuple[ObjectDifference, ...]

    @property
    def title(self) -> str:
        """For people, such as ``Kustomization flux-system/linkerd-viz``."""
        noun = {"flux": "Kustomization", "argocd": "Application"}.get(self.kind, self.kind)
        return f"{noun} {self.name}"

    def count(self, change: ChangeKind) -> int:
        """The number of objects with this change."""
        return sum(item.change is change for item in self.objects)


@dataclass(frozen=True)
class NotCompared:
    """A subject that could not be compared completely, and the reason; ``side`` is old, new or both."""

    subject: str
    side: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """All differences, in an order that does not depend on the machine; ``notes`` are about both sides."""

    roots: tuple[RootDifference, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs in what could be compared."""
        return not self.roots

    @property
    def is_same(self) -> bool:
        """Whether everything could be compared, and nothing differs."""
        return not self.roots and not self.not_compared

    def objects(self) -> Iterator[tuple[RootDifference, ObjectDifference]]:
        """Every object with its root."""
        return ((root, item) for root in self.roots for item in root.objects)

    def count(self, change: ChangeKind) -> int:
        """The number of objects with this change."""
        return sum(root.count(change) for root in self.roots)

    @property
    def restarts(self) -> tuple[str, ...]:
        """Titles of the workloads whose pods restart."""
        found = [item.title for _, item in self.objects() if item.effect is Effect.RESTARTS]
        found += [
            follower.title
            for _, item in self.objects()
            for follower in item.followers
            if follower.effect is Effect.RESTARTS
        ]
        return tuple(dict.fromkeys(found))

    @property
    def releases(self) -> tuple[str, ...]:
        """Titles of the releases whose pods may restart, because their charts are not rendered."""
        return tuple(dict.fromkeys(title for _, item in self.objects() for title in item.releases))
