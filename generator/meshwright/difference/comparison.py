"""Compares what two folders render, such as two states of one repository."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.check.schema.schemas import choose_minor
from meshwright.difference.model import ChangeKind, Difference, NotCompared, ObjectDifference, RootDifference
from meshwright.difference.objectchanges import (
    ComparedObjects,
    ObjectComparison,
    added_or_removed,
    in_order,
    objects_in,
)
from meshwright.difference.redaction import Secrets, without_secrets
from meshwright.difference.secretvalues import values_in_files, values_of
from meshwright.difference.sharing import SharedBuilds, SideBuilds, changed_paths
from meshwright.difference.snapshot import UNAPPLIED, Identity, RootKey, Snapshot, SnapshotRoot, read_snapshot
from meshwright.errors import MeshwrightError
from meshwright.faults import contained
from meshwright.finding import Finding
from meshwright.gcpause import no_collection
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.progress import say
from meshwright.words import plural


def compare(old: Path, new: Path, *, checkout: Path | None = None, charts: Path | None = None) -> Difference:
    """The differences between the objects that the repositories at ``old`` and ``new`` render.

    Both are folders; nothing is written into them. ``checkout`` is the Git checkout that they belong to or
    were copied from: its remotes tell which sources are this repository. ``charts`` is a folder with charts
    to render. Raises MeshwrightError if neither is a GitOps repository or a tool is missing.
    """
    for folder in (old, new):
        if not folder.is_dir():
            raise MeshwrightError(f"{folder}: not a folder; compare needs two folders")
    before, after = RepositoryFiles(old, checkout=checkout), RepositoryFiles(new, checkout=checkout)
    return compare_files(before, after, changed_paths(before, after), charts)


def compare_files(
    before: RepositoryFiles, after: RepositoryFiles, changed: frozenset[str], charts: Path | None = None
) -> Difference:
    """As ``compare``; ``changed`` are the files that differ."""
    if not changed:
        return Difference()
    with no_collection():
        after.share(before, frozenset(before.paths) - changed)
        return _SnapshotComparison(*_read(before, after, changed, charts)).difference()


def _read(
    before: RepositoryFiles, after: RepositoryFiles, changed: frozenset[str], charts: Path | None
) -> tuple[Snapshot, Snapshot]:
    """Both sides, built as far as the comparison needs."""
    minor = choose_minor(None)
    sharing = SharedBuilds(changed, before, after)
    builds = sharing.side(before), sharing.side(after)
    with ExitStack() as stack:

        def read(files: RepositoryFiles, builds: SideBuilds, name: str) -> Snapshot:
            say(f"building the {name} state")
            workspace = stack.enter_context(Workspace(files.root))
            return read_snapshot(files, workspace, charts, minor, builds)

        while True:
            # The first side builds what both share; it is usually the work tree, which has the files.
            new = read(after, builds[1], "new")
            old = read(before, builds[0], "old")
            wanted = (_possibly_changed(old, new) & sharing.deferred) - sharing.needed
            if not wanted:
                break
            # These builds were deferred as unchanged, but their root has changed.
            sharing.needed |= wanted
    if old.nothing and new.nothing:
        raise new.nothing
    return old, new


def _possibly_changed(old: Snapshot, new: Snapshot) -> set[str]:
    """The builds of roots that may differ."""
    found: set[str] = set()
    for key in {**old.roots, **new.roots}:
        pair = old.roots.get(key), new.roots.get(key)
        if pair[0] is None or pair[1] is None or not pair[0].equals(pair[1]):
            found |= {digest for root in pair if root for digest in root.digests if digest}
    return found


@dataclass
class _Pair:
    old: SnapshotRoot | None
    new: SnapshotRoot | None
    scope: ComparedObjects = ComparedObjects.ALL

    @property
    def shown(self) -> SnapshotRoot:
        root = self.new or self.old
        assert root is not None
        return root


class _SnapshotComparison:
    def __init__(self, old: Snapshot, new: Snapshot) -> None:
        self._old = old
        self._new = new
        self._secrets = Secrets(_secret_values(old, new))
        self._objects = ObjectComparison(old, new, self._secrets)
        self._not_compared: list[NotCompared] = []

    def difference(self) -> Difference:
        pairs = [pair for pair in self._pairs() if self._is_comparable(pair)]
        removed = self._removed(pairs)
        found: list[tuple[_Pair, list[ObjectDifference]]] = []
        for pair in pairs:
            items: list[ObjectDifference] = []
            faults: list[Finding] = []
            with contained(faults, "comparing"):
                items.extend(self._in_root(pair, removed))
            for fault in faults:
                self._report(pair, "both", fault.message)
            found.append((pair, items))
        # What is still in ``removed`` has not moved to another root.
        for pair, items in found:
            items += [
                added_or_removed(ChangeKind.REMOVED, identity, built)
                for identity, built in self._missing(pair)
                if (pair.shown.cluster, identity) in removed
            ]
        roots = [self._root(pair, items) for pair, items in found if items]
        self._report_unlisted_followers()
        roots.sort(key=lambda root: (root.path, root.cluster, root.name))
        skipped = sorted(set(self._not_compared), key=lambda item: (item.subject, item.side, item.reason))
        return without_secrets(Difference(tuple(roots), tuple(skipped)), self._secrets)

    def _pairs(self) -> list[_Pair]:
        keys = sorted({**self._old.roots, **self._new.roots})
        both = [(self._old.roots.get(key), self._new.roots.get(key)) for key in keys]
        pairs = [_Pair(old, new) for old, new in both if not (old and new and old.equals(new))]
        return list(_with_renamed(pairs))

    def _is_comparable(self, pair: _Pair) -> bool:
        old, new = pair.old, pair.new
        if old is None or new is None:
            if self._was_reached(pair):
                return False
            reason = self._why_absent(pair)
            if reason:
                self._report(pair, "new" if new is None else "old", reason)
            return not reason
        for root, side in ((old, "old"), (new, "new")):
            if not root.built:
                self._report(pair, side, f"it cannot be built: {_first(root)}")
                # The charts that it installs are still known.
                pair.scope = ComparedObjects.CHARTS
            elif root.faults:
                count = plural(len(root.faults), "fault")
                self._report(pair, side, f"its build has {count}, the rest is compared: {_first(root)}")
        common = old.charts & new.charts
        alone = ((old.charts - old.rendered) ^ (new.charts - new.rendered)) & common
        if alone and pair.scope is ComparedObjects.ALL:
            pair.scope = ComparedObjects.UNRENDERED
            names = ", ".join(sorted(alone))
            self._report(
                pair,
                "new" if alone & old.rendered else "old",
                f"chart {names} is available in one version only; its rendered objects are not compared",
            )
        return True

    def _was_reached(self, pair: _Pair) -> bool:
        """Whether an engine applies this folder on the other side, where it is reported."""
        there = self._old if pair.old is None else self._new
        return pair.shown.key[0] in UNAPPLIED and pair.shown.path in there.reached

    def _why_absent(self, pair: _Pair) -> str:
        """Why a root that is still referenced is missing on one side; empty if it was removed."""
        root = pair.shown
        here, there = (self._old, self._new) if pair.new is None else (self._new, self._old)
        if root.title in there.reasons:
            return there.reasons[root.title]
        if fault := there.fault_of(root.origin):
            return fault
        applier = here.applier(root)
        other = there.roots.get(applier.key) if applier else None
        if other is not None and (not other.built or other.faults):
            return f"{other.title}, which applies it, cannot be built: {_first(other)}"
        return ""

    def _report(self, pair: _Pair, side: str, reason: str) -> None:
        self._not_compared.append(NotCompared(pair.shown.title, side, reason))

    def _removed(self, pairs: list[_Pair]) -> dict[tuple[str, Identity], tuple[SnapshotRoot, BuiltObject]]:
        """Objects that their root no longer applies; those that another root applies are taken out later."""
        return {
            (pair.shown.cluster, identity): (pair.old, built)
            for pair in pairs
            for identity, built in self._missing(pair)
            if pair.old
        }

    def _missing(self, pair: _Pair) -> Iterator[tuple[Identity, BuiltObject]]:
        kept = objects_in(pair.new, pair.scope)
        for identity, built in objects_in(pair.old, pair.scope).items():
            if identity not in kept:
                yield identity, built

    def _in_root(
        self, pair: _Pair, removed: dict[tuple[str, Identity], tuple[SnapshotRoot, BuiltObject]]
    ) -> Iterator[ObjectDifference]:
        before = objects_in(pair.old, pair.scope)
        for identity, built in objects_in(pair.new, pair.scope).items():
            assert pair.new is not None
            if identity in before and pair.old is not None:
                found = self._objects.changed(identity, before[identity], built, (pair.old, pair.new))
                if found:
                    yield found
                continue
            moved = removed.pop((pair.new.cluster, identity), None)
            if moved is None:
                yield added_or_removed(ChangeKind.ADDED, identity, built)
            else:
                root, was = moved
                found = self._objects.changed(identity, was, built, (root, pair.new), root.title)
                if found:
                    yield found

    def _root(self, pair: _Pair, items: list[ObjectDifference]) -> RootDifference:
        root = pair.shown
        change = ChangeKind.CHANGED
        if pair.old is None:
            change = ChangeKind.ADDED
        elif pair.new is None:
            change = ChangeKind.REMOVED
        followers = self._objects.followers
        complete = [
            replace(item, followers=tuple(followers.pop((root.cluster, item.name), ())))
            if item.renamed
            else item
            for item in items
        ]
        kind, cluster, name = root.key
        return RootDifference(change, kind, name, root.path, cluster, tuple(in_order(complete)))

    def _report_unlisted_followers(self) -> None:
        """Report followers of generated objects in roots that could not be compared."""
        for (_, name), followers in sorted(self._objects.followers.items()):
            titles = ", ".join(follower.title for follower in followers)
            reason = f"its generated name changed (referenced by {titles}), but its root is not compared"
            self._not_compared.append(NotCompared(name, "both", reason))


def _secret_values(*sides: Snapshot) -> Iterator[str]:
    """Secret values from built objects and from files, because unchanged roots are not built."""
    for number, side in enumerate(sides):
        for root in side.roots.values():
            for built in root.objects.values():
                if built.kind != "CustomResourceDefinition":
                    yield from values_of(built.data)
        paths = side.files.yaml_paths()
        same = side.files.same if number else frozenset()
        yield from values_in_files(side.files, (path for path in paths if path not in same))


def _first(root: SnapshotRoot) -> str:
    if not root.faults:
        return root.unseen or "a dependency is missing"
    first = min(root.faults, key=lambda finding: finding.sort_key)
    return f"{first.position}: {first.message}"


def _with_renamed(pairs: list[_Pair]) -> Iterator[_Pair]:
    """Pair folders that no engine applies by their objects, so that a moved one stays the same root."""
    gone = [pair for pair in pairs if pair.new is None and pair.shown.key[0] in UNAPPLIED]
    taken: set[RootKey] = set()
    for pair in pairs:
        if pair.old is None and pair.shown.key[0] in UNAPPLIED:
            free = [item for item in gone if item.shown.key not in taken]
            twin = max(free, key=lambda item: _shared(item, pair), default=None)
            if twin is not None and 2 * _shared(twin, pair) > len(pair.shown.objects):
                taken.add(twin.shown.key)
                pair.old = twin.old
    yield from (pair for pair in pairs if pair.new is not None or pair.shown.key not in taken)


def _shared(one: _Pair, other: _Pair) -> int:
    return len(one.shown.objects.keys() & other.shown.objects.keys())
