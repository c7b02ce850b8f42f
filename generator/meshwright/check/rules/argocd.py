"""Argo CD: fields of Applications and annotations of objects that have no effect, or another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from meshwright.apps.base.plain import CLUSTER_SCOPED
from meshwright.apps.kindscopes import is_namespaced
from meshwright.argocd.projects import destination_permitted
from meshwright.argocd.syncphases import is_hook, phase_and_wave
from meshwright.check.model.index import CONTROL_PLANE, Item, Model
from meshwright.check.rules.rule import Engine, Hit, Severity, rule
from meshwright.patterns.shell import matches
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

# Cluster, namespace and name of an Application.
_Sync = tuple[str, str, str]
_GROUP = "argoproj.io"
_HOOK, _WAVE = "argocd.argoproj.io/hook", "argocd.argoproj.io/sync-wave"
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
# A version alone, as in apiVersion of the core group.
_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]+)?\Z")
# Ways to write the field with all versions of a CRD.
_VERSIONS = frozenset({"/spec", "/spec/versions", ".spec", ".spec.versions", ".spec.versions[]"})
_HOOKS = ("PreSync", "Sync", "PostSync", "SyncFail", "Skip", "PreDelete", "PostDelete")
_DEGRADED = (
    ("Certificate", "cert-manager.io"),
    ("Issuer", "cert-manager.io"),
    ("ClusterIssuer", "cert-manager.io"),
)


def _specs(model: Model) -> Iterator[tuple[Item, Pointer]]:
    """Each Application, and the template of each ApplicationSet, with the pointer to its spec."""
    for item in model.items("Application", _GROUP):
        yield item, ("spec",)
    for item in model.items("ApplicationSet", _GROUP):
        yield item, ("spec", "template", "spec")


@rule(
    "MW801",
    "source-and-sources",
    "source is ignored because sources is set",
    why="If sources is set, Argo CD does not read source and deploys nothing from it.",
    fix="move it to sources",
    source="argo-cd pkg/apis/application/v1alpha1, ApplicationSpec.GetSources",
    engine=Engine.ARGOCD,
)
def two_sources(model: Model) -> Iterator[Hit]:
    for item, pointer in _specs(model):
        if item.mapping(*pointer, "source") and item.list(*pointer, "sources"):
            at = item.at(*pointer, "source", key=True)
            yield Hit(at, f"{item.title} sets both source and sources", subject=item.title)


@rule(
    "MW802",
    "ignoredifferences-group-version",
    "ignoreDifferences matches nothing",
    why="group is the API group without a version; with a version it matches no object.",
    fix="write only the group, such as apps",
    source="argo-cd util/argo/normalizers/diff_normalizer.go",
    engine=Engine.ARGOCD,
)
def group_with_version(model: Model) -> Iterator[Hit]:
    for item, pointer in _specs(model):
        for number, entry in enumerate(item.list(*pointer, "ignoreDifferences")):
            group = entry.get("group") if isinstance(entry, Mapping) else None
            if isinstance(group, str) and ("/" in group or _VERSION.match(group)):
                at = item.at(*pointer, "ignoreDifferences", number, "group")
                yield Hit(
                    at,
                    f"{item.title} ignores differences of group '{group}', which contains a version",
                    subject=item.title,
                )


@rule(
    "MW803",
    "sync-gives-up-on-certificate",
    "A sync gives up while a certificate is being issued",
    why="Before a later wave or phase, and while a hook runs, a sync waits for health. A Certificate that is "
    "not ready yet is Degraded, which fails the sync. Argo CD tries five times, and then never again for the "
    "same commit. A sync of one wave without hooks does not wait.",
    fix="set syncPolicy.retry.limit: -1, or move the certificate to the last wave",
    source="argo-cd gitops-engine pkg/sync/sync_context.go; controller/appcontroller.go, default retry limit 5",
    engine=Engine.ARGOCD,
    severity=Severity.WARNING,
)
def gives_up(model: Model) -> Iterator[Hit]:
    told = set()
    for kind, group in _DEGRADED:
        for item in model.items(kind, group):
            application = item.root.application
            if application is None or id(application) in told:
                continue
            if not _is_awaited(model, item):
                continue
            policy = mapping_of(application.spec.get("syncPolicy"))
            limit = mapping_of(policy.get("retry")).get("limit")
            if not isinstance(policy.get("automated"), Mapping) or (
                isinstance(limit, int) and not 0 <= limit < 10
            ):
                continue
            told.add(id(application))
            shown = f"after {limit} retries" if isinstance(limit, int) else "after five attempts"
            text = (
                f"{application.title} gives up {shown}, but {item.title} ({item.at()}) is not ready at first"
            )
            yield Hit(application.position("spec", "syncPolicy"), text, subject=application.title)


def _is_awaited(model: Model, item: Item) -> bool:
    """Whether the sync that applies an object goes on after it, or runs a hook beside it."""
    own = phase_and_wave(item.annotations)
    steps = model.once(_steps).get(_sync_of(item), set())
    return own is not None and any(place > own or (hook and place == own) for place, hook in steps)


def _steps(model: Model) -> dict[_Sync, set[tuple[tuple[int, int], bool]]]:
    """Per Application the phases and waves of its objects, and whether each is a hook's."""
    found: dict[_Sync, set[tuple[tuple[int, int], bool]]] = {}
    for item in model.all_items():
        place = phase_and_wave(item.annotations) if item.root.application is not None else None
        if place is not None:
            found.setdefault(_sync_of(item), set()).add((place, is_hook(item.annotations)))
    return found


def _sync_of(item: Item) -> _Sync:
    application = item.root.application
    assert application is not None
    return item.cluster, application.built.namespace, application.built.name


@rule(
    "MW804",
    "crd-upgrade-ignored",
    "CRD upgrades are ignored",
    why="With RespectIgnoreDifferences the ignored field keeps its old value, so a new version of the kind "
    "is never applied.",
    fix="ignore less than /spec/versions, or remove RespectIgnoreDifferences",
    source="argo-cd, Sync Options: RespectIgnoreDifferences",
    engine=Engine.ARGOCD,
)
def ignored_versions(model: Model) -> Iterator[Hit]:
    for item, pointer in _specs(model):
        options = item.list(*pointer, "syncPolicy", "syncOptions")
        for number, entry in enumerate(item.list(*pointer, "ignoreDifferences")):
            given = mapping_of(entry)
            paths = [*items_of(given.get("jsonPointers")), *items_of(given.get("jqPathExpressions"))]
            crd = given.get("kind") == "CustomResourceDefinition"
            if (
                crd
                and "RespectIgnoreDifferences=true" in options
                and any(path in paths for path in _VERSIONS)
            ):
                at = item.at(*pointer, "ignoreDifferences", number)
                yield Hit(
                    at,
                    f"{item.title} ignores /spec/versions of CRDs and sets RespectIgnoreDifferences=true",
                    subject=item.title,
                )


@rule(
    "MW805",
    "namespace-metadata-ignored",
    "managedNamespaceMetadata has no effect",
    why="Argo CD reads managedNamespaceMetadata only with CreateNamespace=true, and a Namespace manifest "
    "of the same name overrides it, so an inject annotation there has no effect.",
    fix="set labels and annotations in one place: the Namespace manifest, or here with CreateNamespace=true",
    source="argo-cd, Sync Options: namespace metadata",
    engine=Engine.ARGOCD,
)
def namespace_metadata(model: Model) -> Iterator[Hit]:
    for item, pointer in _specs(model):
        here = (*pointer, "syncPolicy", "managedNamespaceMetadata")
        if not item.mapping(*here):
            continue
        name = str(item.get(*pointer, "destination", "namespace") or "")
        namespace = model.find(item.cluster, "Namespace", "", name)
        if "CreateNamespace=true" not in item.list(*pointer, "syncPolicy", "syncOptions"):
            text = f"{item.title} sets managedNamespaceMetadata without CreateNamespace=true"
            yield Hit(item.at(*here, key=True), text, subject=item.title)
        elif namespace is not None:
            text = f"{item.title} sets managedNamespaceMetadata, but {namespace.title} ({namespace.at()}) overrides it"
            yield Hit(item.at(*here, key=True), text, subject=item.title)


@rule(
    "MW806",
    "sync-wave-invalid",
    "A sync wave is not a number",
    why="Argo CD treats it as wave 0 and applies the object together with everything else.",
    fix='write a whole number in quotes, such as "-1"',
    source="argo-cd gitops-engine pkg/sync/syncwaves/waves.go",
    engine=Engine.ARGOCD,
)
def unreadable_wave(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        value = item.annotations.get(_WAVE)
        if value is None:
            continue
        try:
            int(str(value))
        except ValueError:
            at = item.at("metadata", "annotations", _WAVE)
            yield Hit(
                at, f"{item.title} has sync-wave '{value}', which is not a whole number", subject=item.title
            )


@rule(
    "MW807",
    "hook-unknown",
    "Argo CD does not know a hook",
    why="The object is applied together with everything else, at no particular time.",
    fix="use PreSync, Sync, PostSync, SyncFail, Skip, PreDelete or PostDelete",
    source="argo-cd gitops-engine pkg/sync/common/types.go",
    engine=Engine.ARGOCD,
)
def unknown_hook(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        for name in (part.strip() for part in str(item.annotations.get(_HOOK, "")).split(",")):
            if name and name not in _HOOKS:
                at = item.at("metadata", "annotations", _HOOK)
                text = f"{item.title} has unknown hook '{name}'{did_you_mean(name, _HOOKS)}"
                yield Hit(at, text, subject=item.title)


@rule(
    "MW808",
    "values-and-valuesobject",
    "values is ignored because valuesObject is set",
    why="valuesObject takes precedence over values, so values has no effect.",
    fix="move everything to valuesObject",
    source="argo-cd, Helm: precedence of values",
    engine=Engine.ARGOCD,
)
def hidden_values(model: Model) -> Iterator[Hit]:
    for item, pointer in _specs(model):
        sources: list[Pointer] = [(*pointer, "source")]
        sources += [(*pointer, "sources", number) for number in range(len(item.list(*pointer, "sources")))]
        for source in sources:
            if item.mapping(*source, "helm", "valuesObject") and item.get(*source, "helm", "values"):
                at = item.at(*source, "helm", "values", key=True)
                yield Hit(at, f"{item.title} sets both values and valuesObject", subject=item.title)


@rule(
    "MW810",
    "finalizer-deletes-linkerd-crds",
    "Removing an Application would delete every policy",
    why="With this finalizer Argo CD deletes the Application's objects together with it: the CRDs of "
    "linkerd-crds, and with them every Server, policy and ServiceProfile.",
    fix="remove the finalizer from the Application of linkerd-crds",
    source="argo-cd docs/user-guide/app_deletion.md; linkerd2 charts/linkerd-crds/templates",
    engine=Engine.ARGOCD,
    severity=Severity.WARNING,
)
def deleted_with_application(model: Model) -> Iterator[Hit]:
    for release in model.charts("linkerd-crds"):
        application = release.application
        metadata = application.built.metadata if application is not None else {}
        finalizers = [str(name) for name in items_of(metadata.get("finalizers"))]
        if application is not None and any(name.startswith(_FINALIZER) for name in finalizers):
            at = application.position("metadata", "finalizers")
            yield Hit(
                at,
                f"{application.title} deletes Linkerd's CRDs when it is deleted",
                subject=application.title,
            )


@rule(
    "MW813",
    "webhook-certificate-half-ignored",
    "A webhook keeps its old certificate and gets a new CA",
    why="The chart generates both on each render. The Secret keeps its old content but the caBundle does "
    "not, so the API server rejects the webhook's certificate.",
    fix="let cert-manager create the certificates: externalSecret and injectCaFrom",
    source="linkerd2 charts, genSelfSignedCert; argo-cd, Sync Options: RespectIgnoreDifferences",
    engine=Engine.ARGOCD,
)
def half_ignored(model: Model) -> Iterator[Hit]:
    for release in model.charts(CONTROL_PLANE):
        application = release.application
        if application is None or release.value("proxyInjector", "externalSecret") is True:
            continue
        policy = application.spec.get("syncPolicy")
        options = policy.get("syncOptions") if isinstance(policy, dict) else None
        if "RespectIgnoreDifferences=true" not in items_of(options):
            continue
        entries = [
            entry for entry in items_of(application.spec.get("ignoreDifferences")) if isinstance(entry, dict)
        ]
        secrets = [n for n, entry in enumerate(entries) if entry.get("kind") == "Secret"]
        bundles = any("caBundle" in str(entry) for entry in entries)
        if secrets and not bundles:
            at = application.position("spec", "ignoreDifferences", secrets[0])
            text = f"{application.title} ignores differences of Secrets, but not of the webhooks' caBundle"
            yield Hit(at, text, subject=application.title)


@rule(
    "MW815",
    "cluster-object-not-allowed",
    "A project does not allow a cluster-scoped object",
    why="If an Application contains one object that its project does not allow, Argo CD refuses the whole sync.",
    fix="add it to the project's clusterResourceWhitelist, with its name",
    source="argo-cd v3.5.4, app_project_types.go, IsGroupKindNamePermitted",
    engine=Engine.ARGOCD,
)
def denied_cluster_objects(model: Model) -> Iterator[Hit]:
    projects = {(item.cluster, item.name): item for item in model.items("AppProject", _GROUP)}
    for item in model.all_items():
        application = item.root.application
        if application is None or (item.built.group, item.built.kind) not in CLUSTER_SCOPED:
            continue
        project = projects.get((item.root.hub, application.project))
        if project is None or _allows(project, item):
            continue
        at = project.at("spec", "clusterResourceWhitelist", key=True)
        text = f"{application.title} contains {item.built.short_title}, which {project.built.short_title} ({at}) does not allow"
        yield Hit(item.at(), text, subject=item.title)


def _allows(project: Item, item: Item) -> bool:
    return _lists(project, "clusterResourceWhitelist", item) and not _lists(
        project, "clusterResourceBlacklist", item
    )


def _lists(project: Item, field: str, item: Item) -> bool:
    """Whether a list of a project has an entry for an object."""
    return any(
        matches(str(entry.get("kind") or ""), item.built.kind)
        and matches(str(entry.get("group") or ""), item.built.group)
        and (not entry.get("name") or matches(str(entry["name"]), item.built.name))
        for entry in map(mapping_of, project.list("spec", field))
    )


@rule(
    "MW816",
    "namespaced-object-not-allowed",
    "A project does not allow an object with a namespace",
    why="If an Application contains one object that its project does not allow, Argo CD refuses the whole sync. The "
    "project decides about the kind of each object, and about its own namespace, not only about that of the "
    "Application's destination.",
    fix="add the kind to the project's namespaceResourceWhitelist or the namespace to its destinations, or move the object",
    source="argo-cd v3.5.4, app_project_types.go, IsResourcePermitted; controller/sync.go, WithPermissionValidator",
    engine=Engine.ARGOCD,
)
def denied_objects(model: Model) -> Iterator[Hit]:
    projects = {(item.cluster, item.name): item for item in model.items("AppProject", _GROUP)}
    told = set()
    for item in model.all_items():
        application = item.root.application
        project = projects.get((item.root.hub, application.project)) if application is not None else None
        if application is None or project is None or is_namespaced(item.built) is not True:
            continue
        field, pointer = _denied_by(project, item)
        key = (application.name, item.built.group, item.built.kind, item.built.namespace if pointer else "")
        if not field or key in told:
            continue
        told.add(key)
        at = project.at("spec", field, key=True)
        what = f" in namespace {item.namespace}" if pointer else ""
        text = f"{application.title} contains {item.built.short_title}{what}, which {project.built.short_title} ({at}) does not allow"
        yield Hit(item.at(*pointer), text, subject=item.title)


def _denied_by(project: Item, item: Item) -> tuple[str, Pointer]:
    """The field of a project that refuses an object, empty if none does, and the field of the object."""
    white = project.spec.get("namespaceResourceWhitelist")
    if isinstance(white, list) and not _lists(project, "namespaceResourceWhitelist", item):
        return "namespaceResourceWhitelist", ()
    if _lists(project, "namespaceResourceBlacklist", item):
        return "namespaceResourceBlacklist", ()
    application = item.root.application
    assert application is not None
    home, own = application.destination, item.built.namespace
    if not own or own == home.get("namespace") or not destination_permitted(project.built.data, home):
        return "", ()
    is_allowed = destination_permitted(project.built.data, {**home, "namespace": own})
    return ("", ()) if is_allowed else ("destinations", ("metadata", "namespace"))
