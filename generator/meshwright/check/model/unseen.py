"""What was not seen, and which objects it may bring: a rule is silent about those, and about no others."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from fnmatch import fnmatchcase

from meshwright.check.model.repository import Repository, Root
from meshwright.errors import Position
from meshwright.faults import ID as INTERNAL
from meshwright.finding import UnseenScope
from meshwright.flux.kustomization import other_cluster, place_of
from meshwright.manifests.manifestfile import object_name
from meshwright.yaml.pointer import items_of, mapping_of

# Owners on GitHub whose release manifests contain their own project, and nothing of this repository's mesh.
_PROJECTS = frozenset(
    {
        "argoproj",
        "argoproj-labs",
        "bitnami-labs",
        "cert-manager",
        "cilium",
        "cloudnative-pg",
        "external-secrets",
    }
    | {
        "external-secrets-inc",
        "fluxcd",
        "grafana",
        "jetstack",
        "kedacore",
        "knative",
        "kubernetes",
        "kubevirt",
    }
    | {"kubernetes-csi", "kubernetes-sigs", "longhorn", "metallb", "open-telemetry", "projectcalico"}
    | {"prometheus-operator", "rancher", "stakater", "tektoncd", "traefik", "vmware-tanzu"}
)
_HOSTS = re.compile(r"(?:^|//|@)(?:github\.com|raw\.githubusercontent\.com)[/:]([^/]+)/([^/]+)")
# Kinds that users write for their own applications, never a project for all of its users.
_OF_USERS = frozenset(
    {"AuthorizationPolicy", "Bundle", "Link", "MeshTLSAuthentication", "Middleware", "NetworkAuthentication"}
    | {"Server", "Kustomization", "HelmRelease", "HelmRepository", "GitRepository", "OCIRepository", "Bucket"}
)
_LINKERD = frozenset({"linkerd", "linkerd-viz", "linkerd-multicluster", "linkerd-cni", "linkerd-jaeger"})
_CRD = "CustomResourceDefinition"
# Namespaces of Applications that only apply other Applications, whose objects go anywhere.
_OF_ENGINES = frozenset({"", "argocd", "argo-cd", "default", "openshift-gitops"})


class Doubt(IntEnum):
    """Whether something that was not seen may be what a rule misses."""

    NONE = 0
    SLIGHT = 1  # possible, but not what it is there for: the finding is a warning that says so
    REAL = 2


@dataclass(frozen=True)
class Absence:
    """An object that a rule misses in ``cluster``: one of ``kinds``, or of any kind if there are none.

    ``namespace`` is "" for a kind that has none, and None if the object may be in any namespace. ``other`` is
    another object that would do as well.
    """

    cluster: str
    kinds: tuple[str, ...] = ()
    namespace: str | None = None
    other: Absence | None = None


@dataclass(frozen=True)
class Gap:
    """Something that was not seen.

    ``namespaces`` are patterns for where all of its objects are, () for anywhere, and ``likely`` where they
    probably are. ``is_project`` means a release of a public project, ``only_crds`` that it has no other
    kinds, ``no_cluster_kinds`` that it may bring no objects without a namespace. A root (``is_root``) brings
    objects to no other cluster, while others may be for any if their own is unknown.
    """

    subject: str
    position: Position
    cluster: str = ""
    namespaces: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    is_project: bool = False
    only_crds: bool = False
    no_cluster_kinds: bool = False
    is_root: bool = False
    # A file that nothing applies: what it refers to is where it would be applied.
    is_unapplied: bool = False

    def doubt(self, absence: Absence) -> Doubt:
        """Whether what is missing may come from here."""
        most = self._doubt(absence)
        return most if absence.other is None else max(most, self.doubt(absence.other))

    def _doubt(self, absence: Absence) -> Doubt:
        if self.cluster != absence.cluster and (self.is_root or (self.cluster and absence.cluster)):
            return Doubt.NONE
        kinds, namespace = absence.kinds, absence.namespace
        if self.only_crds and kinds and _CRD not in kinds:
            return Doubt.NONE
        if self.is_project and (namespace in _LINKERD or (kinds and _OF_USERS.issuperset(kinds))):
            return Doubt.NONE
        if namespace == "":
            if self.no_cluster_kinds:
                return Doubt.NONE
            return Doubt.SLIGHT if self.namespaces or self.likely else Doubt.REAL
        if namespace is None:
            return Doubt.REAL
        if self.namespaces:
            fits = any(fnmatchcase(namespace, pattern) for pattern in self.namespaces)
            return Doubt.REAL if fits else Doubt.NONE
        return Doubt.SLIGHT if self.likely and namespace not in self.likely else Doubt.REAL


def gaps_of(repository: Repository) -> Iterator[Gap]:
    """Everything that was not seen and may bring objects; linear in roots and in what was not seen."""
    for root in repository.roots:
        if root.path in repository.unapplied:
            yield Gap(f"'{root.path}'", root.position, root.cluster, is_root=True, is_unapplied=True)
        elif root.faults or not (root.built or _lacks_only_named(root) or _lacks_only_charts(root)):
            yield Gap(_title(root), root.position, root.cluster, _namespaces(repository, root), is_root=True)
    for finding in repository.findings:
        if finding.id == INTERNAL:
            yield Gap(finding.subject or "a part of this repository", finding.position)
    for item in repository.not_seen:
        if item.scope is not None:
            yield _gap(repository, item.subject, item.position, item.scope)
    yield from _of_one_name(repository)


def _of_one_name(repository: Repository) -> Iterator[Gap]:
    """What goes to a cluster by a kubeconfig whose name another namespace has, too: it may be one cluster."""
    found: dict[tuple[str, str], dict[str, Gap]] = {}
    applied = [
        (root.hub, root.kustomization.built, root.position) for root in repository.roots if root.kustomization
    ]
    applied += [
        (root.cluster, built, built.origin.position)
        for root, built in repository.by_kind.get("HelmRelease", [])
    ]
    for hub, built, position in applied:
        namespace, _, name = other_cluster(built).partition("/")
        if name:
            found.setdefault((hub, name), {})[namespace] = Gap(built.title, position, place_of(built, hub))
    for gaps in found.values():
        for own in gaps.values():
            yield from (
                replace(gap, cluster=own.cluster, is_root=True) for gap in gaps.values() if gap is not own
            )


def _gap(repository: Repository, subject: str, at: Position, scope: UnseenScope) -> Gap:
    namespaces, closed = scope.namespaces, False
    if scope.entry:
        own = repository.index.get(posixpath.dirname(at.path) or ".")
        fixed = own.data.get("namespace") if own is not None else None
        namespaces = (fixed,) if isinstance(fixed, str) and fixed else namespaces
        subject = f"'{scope.entry}'"
    elif scope.project:
        namespaces, closed = _allowed(repository, scope.project)
    likely = () if _OF_ENGINES.intersection(scope.likely) else scope.likely
    found = _HOSTS.search(scope.url)
    crds = "gateway-api" in scope.url or "crd" in posixpath.basename(scope.entry.partition("?")[0])
    return Gap(
        subject,
        at,
        scope.cluster,
        namespaces,
        likely,
        found is not None and found[1].lower() in _PROJECTS,
        crds,
        closed,
    )


def _allowed(repository: Repository, project: str) -> tuple[tuple[str, ...], bool]:
    """The namespaces that an AppProject allows, () for all; and whether it allows no cluster-scoped kinds."""
    for _, built in repository.by_kind.get("AppProject", []):
        if object_name(built.data) == project:
            spec = mapping_of(built.data.get("spec"))
            named = tuple(
                str(mapping_of(entry).get("namespace") or "*") for entry in items_of(spec.get("destinations"))
            )
            is_open = not named or any(pattern == "*" or pattern.startswith("!") for pattern in named)
            return (() if is_open else named), not items_of(spec.get("clusterResourceWhitelist"))
    return (), False


def _lacks_only_named(root: Root) -> bool:
    """Whether all that a root lacks are entries on the network, each of which is a gap of its own."""
    inputs = root.unit.inputs if root.unit is not None else None
    return (
        inputs is not None and bool(inputs.remote) and not (inputs.findings or inputs.withheld or inputs.helm)
    )


def _lacks_only_charts(root: Root) -> bool:
    """Whether a chart was rendered without its dependencies, which are releases of their own."""
    return root.unit is not None and root.unit.lacks_charts and bool(root.objects)


def _title(root: Root) -> str:
    """The root as people call it."""
    if root.kustomization is not None:
        return root.kustomization.title
    if root.release is not None:
        return root.release.title
    return root.application.title if root.application is not None else f"'{root.path}'"


def _namespaces(repository: Repository, root: Root) -> tuple[str, ...]:
    """Where all objects of a root are, as far as it fixes that."""
    fixed = root.kustomization.spec.get("targetNamespace") if root.kustomization is not None else None
    if not fixed and root.unit is not None:
        own = repository.index.get(root.unit.folder)
        fixed = own.data.get("namespace") if own is not None else None
    return (fixed,) if isinstance(fixed, str) and fixed else ()
