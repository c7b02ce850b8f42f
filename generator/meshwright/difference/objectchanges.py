"""Compares the old and the new objects of a root."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from meshwright.difference.chartchanges import is_chart_object, versions
from meshwright.difference.definitions import is_definition, schema_changes, without_schemas
from meshwright.difference.embeddedyaml import K3S_VALUES, inside_texts
from meshwright.difference.fields import differences
from meshwright.difference.generatednames import texts_in, with_base_names
from meshwright.difference.model import ChangeKind, Effect, Field, Follower, ObjectDifference, SchemaChange
from meshwright.difference.podchanges import effect_of
from meshwright.difference.redaction import Secrets, redacted
from meshwright.difference.snapshot import Identity, Snapshot, SnapshotRoot
from meshwright.flux.helmrelease import is_helm_release, values_references
from meshwright.manifests.unit import BuiltObject

# Fields of a HelmRelease that change what its chart renders.
_OF_CHARTS = tuple(("spec", name) for name in ("chart", "chartRef", "values", "valuesFrom", "postRenderers"))
_OF_K3S_CHARTS = (
    K3S_VALUES,
    *(("spec", name) for name in ("chart", "chartContent", "repo", "set", "version")),
)

# Cluster, and name of a generated object without its hash.
Generated = tuple[str, str]


@dataclass
class Renaming:
    """Base names of a cluster's generated objects whose hash changed, by old and by new name."""

    old: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)


def renamings(old: Snapshot, new: Snapshot) -> dict[str, Renaming]:
    """The changed hashes by cluster; names that exist on one side only are left out."""
    found: dict[str, Renaming] = {}
    for cluster, names in old.hashed.items():
        others = new.hashed.get(cluster, {})
        for name, base in names.items():
            if name not in others and base in others.values():
                found.setdefault(cluster, Renaming()).old[name] = base
        for name, base in others.items():
            if name not in names and base in names.values():
                found.setdefault(cluster, Renaming()).new[name] = base
    return found


class ObjectComparison:
    """Compares objects; those that refer to a changed generated name are collected in ``followers``."""

    def __init__(self, old: Snapshot, new: Snapshot, secrets: Secrets) -> None:
        self._renamings = renamings(old, new)
        self._secrets = secrets
        self._values = _values_of(old), _values_of(new)
        self.followers: dict[Generated, dict[Follower, None]] = {}

    def changed(
        self,
        identity: Identity,
        old: BuiltObject,
        new: BuiltObject,
        roots: tuple[SnapshotRoot, SnapshotRoot],
        source: str = "",
    ) -> ObjectDifference | None:
        """The difference of an object that both sides have; None if it is unchanged.

        ``source`` is the title of the root that applied it before, if it moved.
        """
        if old.data is new.data and not source:
            return None
        cluster = roots[1].cluster
        renaming = self._renamings.get(cluster, Renaming())
        before, after = with_base_names(old.data, renaming.old), with_base_names(new.data, renaming.new)
        fields = list(differences(before, after))
        raw = fields
        follows = texts_in(new.data, renaming.new) - {new.name}
        if follows or texts_in(old.data, renaming.old) - {old.name}:
            raw = list(differences(old.data, new.data))
        effect = effect_of(ChangeKind.CHANGED, new.data, [item.path for item in raw])
        title = _title(identity)
        for name in sorted(follows):
            follower = Follower(title, None if fields else effect)
            self.followers.setdefault((cluster, renaming.new[name]), {})[follower] = None
        renamed = new.name in renaming.new
        if not fields and not renamed and not source:
            return None
        return self._difference(identity, old, new, roots, fields, effect, source, renamed)

    def _difference(
        self,
        identity: Identity,
        old: BuiltObject,
        new: BuiltObject,
        roots: tuple[SnapshotRoot, SnapshotRoot],
        fields: Iterable[Field],
        effect: Effect | None,
        source: str,
        renamed: bool,
    ) -> ObjectDifference:
        schemas: tuple[SchemaChange, ...] = ()
        if is_definition(new.data):
            fields, schemas = without_schemas(fields), tuple(schema_changes(old.data, new.data))
        keys, readers = self._as_values(identity, roots)
        secrets = self._secrets.with_variables(roots[0].secrets | roots[1].secrets)
        shown = tuple(redacted(item, old.data, new.data, secrets) for item in inside_texts(fields, keys))
        _, kind, namespace, name = identity
        charts = tuple(versions(old.data, new.data))
        return ObjectDifference(
            ChangeKind.MOVED if source else ChangeKind.CHANGED,
            new.api_version,
            kind,
            namespace,
            name,
            shown,
            effect,
            charts,
            schemas,
            source,
            renamed,
            note=f"values of {', '.join(readers)}" if readers else "",
            releases=_releases(new, roots[1], shown, readers) if shown or charts else (),
        )

    def _as_values(
        self, identity: Identity, roots: tuple[SnapshotRoot, SnapshotRoot]
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """The keys of a ConfigMap that releases read values from, and the titles of these releases."""
        _, kind, namespace, name = identity
        if kind != "ConfigMap":
            return frozenset(), ()
        keys: set[str] = set()
        titles: dict[str, None] = {}
        for root, values in zip(roots, self._values, strict=True):
            for key, title in values.get((root.cluster, namespace, name), ()):
                keys.add(key)
                titles[title] = None
        return frozenset(keys), tuple(titles)


def added_or_removed(change: ChangeKind, identity: Identity, built: BuiltObject) -> ObjectDifference:
    """An object that was added or removed."""
    _, kind, namespace, name = identity
    effect = effect_of(change, built.data, ())
    return ObjectDifference(change, built.api_version, kind, namespace, name, effect=effect)


def _releases(
    built: BuiltObject, root: SnapshotRoot, fields: Iterable[Field], readers: tuple[str, ...]
) -> tuple[str, ...]:
    """The releases whose objects change with ``built`` in a way that only rendering their chart shows."""
    changed = [item for item in fields if not item.layout]
    if readers:
        return readers if any(item.inner for item in changed) else ()
    if is_chart_object(built):
        return () if built.data["chart"] in root.rendered or not changed else (built.title,)
    if is_helm_release(built) and any(item.path[:2] in _OF_CHARTS for item in changed):
        return (built.title,)
    if built.group == "helm.cattle.io" and any(item.path[:2] in _OF_K3S_CHARTS for item in changed):
        return (built.title,)
    return ()


def _title(identity: Identity) -> str:
    _, kind, namespace, name = identity
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _values_of(side: Snapshot) -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """By cluster, namespace and name of a ConfigMap: the keys that releases read, and their titles."""
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for root in side.roots.values():
        names: Mapping[str, str] = side.hashed.get(root.cluster, {})
        for built in root.objects.values():
            if is_helm_release(built):
                for reference in values_references(built):
                    name = names.get(reference.name, reference.name)
                    key = (root.cluster, built.namespace, name)
                    found.setdefault(key, []).append((reference.key, built.title))
    return found


class ComparedObjects(StrEnum):
    """Which objects of a root are compared."""

    ALL = "all"
    UNRENDERED = "unrendered"  # without objects from a chart that only one side has
    CHARTS = "charts"  # only chart objects, because the root cannot be built


def objects_in(root: SnapshotRoot | None, scope: ComparedObjects) -> dict[Identity, BuiltObject]:
    """The objects of a root to compare."""
    objects: dict[Identity, BuiltObject] = root.objects if root else {}
    if scope is ComparedObjects.UNRENDERED:
        return {key: built for key, built in objects.items() if not built.origin.is_chart}
    if scope is ComparedObjects.CHARTS:
        return {key: built for key, built in objects.items() if is_chart_object(built)}
    return objects


def in_order(items: Iterable[ObjectDifference]) -> Iterator[ObjectDifference]:
    """Sorted by kind, namespace and name."""
    yield from sorted(items, key=lambda item: (item.kind, item.namespace, item.name, item.api_version))
