"""What differs between two states of a repository, as objects and fields of what they render."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from meshwright.manifests.pointer import dotted


class ChangeKind(StrEnum):
    """What happened to a root, an object or a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"  # an object that another root applies now
    REORDERED = "reordered"  # the items of a list that are in both


class Effect(StrEnum):
    """What a change means for the pods of a workload."""

    STARTS = "starts"
    STOPS = "stops"
    RESTARTS = "restarts"
    NEXT_RUN = "next-run"  # a CronJob: its next Job has them
    ON_DELETE = "on-delete"  # updateStrategy OnDelete: when somebody deletes them
    RUNS_AGAIN = "runs-again"  # a Job that its engine makes anew
    IMMUTABLE = "immutable"  # a Job's template: refused unless the Job is deleted first


@dataclass(frozen=True)
class Key:
    """The item of a list that has these fields, such as name: web."""

    fields: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        shown = [str(value) for name, value in self.fields if (name, value) != ("protocol", "TCP")]
        return "/".join(value for value in shown if value)


Step = str | int | Key
Path = tuple[Step, ...]


@dataclass(frozen=True)
class Field:
    """One field that differs; ``old`` is nothing when it was added, ``new`` when it was removed.

    ``inner`` leads on inside a text that is YAML itself, such as the values in a ConfigMap. ``index`` is the
    place of an added item in the new list, of a removed one in the old. A reordered list has the keys of the
    items that are in both, in the old and in the new order. A hidden field has no values: they are secret.
    ``layout`` says that a text which is YAML has the same content, with other comments or in another form.
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
    """A chart whose version changed; empty where it is not written."""

    chart: str
    old: str
    new: str


@dataclass(frozen=True)
class Follower:
    """An object that differs only by the new name of a generated one."""

    title: str
    effect: Effect | None = None


@dataclass(frozen=True)
class SchemaChange:
    """What changed in one version of a CustomResourceDefinition; paths such as ``spec.replicas``."""

    version: str
    change: ChangeKind
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    # Fields whose description alone changed.
    described: int = 0


@dataclass(frozen=True)
class ObjectDifference:
    """One object; ``name`` is without the hash that a generator adds.

    ``fields`` are empty for an object that was added or removed. ``source`` is where a moved one came
    from. ``renamed`` says that the hash in the name is another one, and ``followers`` who only follows.
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

    @property
    def title(self) -> str:
        """``Kind namespace/name``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class RootDifference:
    """What differs in one root: a Flux Kustomization, an Application, or a folder that nothing reaches."""

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
        """How many objects have that change."""
        return sum(item.change is change for item in self.objects)


@dataclass(frozen=True)
class NotCompared:
    """What could not be compared, or not wholly, and why; ``side`` is old, new or both."""

    subject: str
    side: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """Everything that differs, in an order that does not depend on the machine."""

    roots: tuple[RootDifference, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()

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
        """How many objects have that change."""
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
