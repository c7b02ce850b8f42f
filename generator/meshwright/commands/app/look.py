"""Looks at a new application, a folder or a chart, and proposes the files that make it an application."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.apps.base import build_bases, read_bases
from meshwright.apps.inspection.chartapps import Chart, base_files, read_chart, render_chart
from meshwright.apps.inspection.chartview import view
from meshwright.apps.inspection.folders import refuse_synced, refuse_unclear
from meshwright.apps.inspection.gathering import gather
from meshwright.apps.inspection.homes import home_namespace, written_namespace
from meshwright.apps.inspection.inputs import barred, encrypted_input, unreplaced
from meshwright.apps.inspection.listing import has_kustomization, propose_listing
from meshwright.apps.inspection.proposal import Proposal, propose
from meshwright.apps.inspection.remarks import Remark, remarks
from meshwright.apps.inspection.status import WorkloadStatus, plain_statuses
from meshwright.apps.inspection.takeover import Takeover, take_over
from meshwright.apps.loading import FOLDER
from meshwright.apps.model import AppsContext, Base
from meshwright.apps.names import name_problem
from meshwright.apps.overlay.engines import engine_findings
from meshwright.apps.overlay.patchtargets import helm_findings
from meshwright.apps.releases import releases_of
from meshwright.errors import MeshwrightError
from meshwright.finding import Finding
from meshwright.manifests.inside import folders_inside, leads_out
from meshwright.words import did_you_mean

# What is applied already, by the first part of its path.
_RESERVED = {
    "clusters": "this one holds what the engine reads first",
    "mesh": "this one holds what `meshwright generate` writes",
    "platform": "this one is a layer of the platform",
}

# What is more than one application.
_WHOLE = {
    ".": "this one is the whole repository",
    "apps": "this one holds your applications",
}


@dataclass(frozen=True)
class Look:
    """What was found, and the proposed files by path; ``notes`` say what could not be seen.

    ``creates`` are the namespaces that the application brings.
    """

    name: str
    statuses: list[WorkloadStatus]
    remarks: list[Remark]
    proposal: Proposal
    files: dict[str, str]
    notes: list[str]
    creates: frozenset[str] = frozenset()


def context_of(root: Path, cluster: str | None = None) -> AppsContext:
    """The applications and settings of ``cluster``, or of the first. Raises MeshwrightError without any."""
    contexts = gather(root, cluster).contexts
    if not contexts:
        raise MeshwrightError(
            f"{root}: no cluster yet: an application is inspected with the settings of a cluster"
        )
    return contexts[0]


def look(
    root: Path,
    name: str,
    *,
    path: str | None,
    chart: str | None,
    charts: Path | None,
    namespace: str | None,
    cluster: str | None = None,
    taken_from: str | None = None,
    made: frozenset[str] = frozenset(),
    context: AppsContext | None = None,
) -> Look:
    """Look at the folder ``path``, by default apps/NAME, or at ``chart``, which is URL/NAME@VERSION.

    ``taken_from`` is a file with a Flux Kustomization or an Argo CD Application that applies it so far.
    ``charts`` is a folder of charts; ``made`` are namespaces that other new applications create. The
    application is for all clusters, seen with the settings of the first, or for ``cluster`` alone. Pass the
    ``context`` that `context_of` returns to look at several folders. Raises MeshwrightError when there is
    nothing to look at, or when a file of the application exists.
    """
    context = context or context_of(root, cluster)
    if problem := name_problem(name, context.settings.layers):
        raise MeshwrightError(f"'{name}' cannot be an application's name: {problem}")
    spec = root / "apps" / name / "mesh.yaml"
    if spec.exists() or spec.is_symlink():
        raise MeshwrightError(f"{spec}: already exists; `meshwright app show {name}` shows it")
    if taken_from is not None:
        if path is not None or chart is not None:
            raise MeshwrightError(
                "--from cannot be combined with --path or --chart: the file names the folder"
            )
        taken = take_over(root, name, taken_from, context)
        where, space = taken.path, namespace or taken.namespace or None
        return _only_on(cluster, _look_at_folder(root, name, where, space, context, charts, taken))
    if chart is None:
        found = _look_at_folder(root, name, path, namespace, context, charts, created=made)
        return _only_on(cluster, found)
    if path is not None:
        raise MeshwrightError("--path and --chart cannot be combined: an application is a folder or a chart")
    return _only_on(
        cluster, _look_at_chart(root, name, read_chart(chart), charts, namespace or name, context)
    )


def _only_on(cluster: str | None, found: Look) -> Look:
    if cluster is not None:
        found.proposal.data["clusters"] = [cluster]
        found.files[f"apps/{found.name}/mesh.yaml"] = found.proposal.text
    return found


def _look_at_folder(
    root: Path,
    name: str,
    told: str | None,
    namespace: str | None,
    context: AppsContext,
    charts: Path | None,
    taken: Takeover | None = None,
    created: frozenset[str] = frozenset(),
) -> Look:
    settings = context.settings
    made = created.union(context.namespace_creators)
    path = posixpath.normpath((told or f"apps/{name}").strip("/"))
    if reason := leads_out(root, path):
        raise MeshwrightError(f"{path}: {reason}; name a folder of the repository")
    if not (root / path).is_dir():
        where = (
            "" if told else _similar(root, name) or "; give its folder with --path, or its chart with --chart"
        )
        raise MeshwrightError(f"{path}: no such folder in {root.resolve()}{where}")
    files: dict[str, str] = {}
    notes: list[str] = []
    findings: list[Finding] = []
    owner = _WHOLE.get(path) or ("" if taken else _RESERVED.get(path.partition("/")[0]))
    if owner:
        raise MeshwrightError(f"{path}: name a folder with your own manifests, such as apps/{name}: {owner}")
    if taken is None:
        refuse_synced(root, path, name, settings.engine)
        refuse_unclear(root, path, name, settings.engine)
    if not has_kustomization(root / path):
        recurse = taken is None or taken.recurse
        listing = propose_listing(root, path, namespace or name, recurse=recurse)
        files[f"{path}/kustomization.yaml"] = listing.text
        notes.append(
            f"{path} has no kustomization.yaml: one is proposed that lists {', '.join(listing.resources)}"
        )
        if listing.left_out:
            notes.append(f"not listed in it, because they are not manifests: {', '.join(listing.left_out)}")
        bases = {path: listing.base}
    else:
        bases, findings = read_bases(root, [path])
        if bases[path].charts and not bases[path].helm:
            # ConfigMaps with values may be generated.
            bases, findings = build_bases(root, [path])
    base = bases[path]
    if findings and not base.objects:
        raise MeshwrightError(f"{findings[0].position}: {findings[0].message}")
    for fault in helm_findings(base) if settings.engine == "flux" else ():
        raise MeshwrightError(f"{fault.position}: {fault.message}; {fault.fix}")
    for fault in engine_findings(base, settings.engine):
        raise MeshwrightError(f"{fault.position}: {fault.message}; {fault.fix}")
    encrypted = encrypted_input(root, path)
    if encrypted and settings.engine == "argocd":
        raise MeshwrightError(
            f"{encrypted}: encrypted with SOPS, which Argo CD does not decrypt; use External Secrets or "
            "Sealed Secrets"
        )
    target = taken.target if taken else ""
    releases = releases_of(base, settings.engine)
    otherwise = written_namespace(root, path) or name
    home = target or home_namespace(base, releases, namespace) or otherwise
    views = [view(release, base, root, charts, home) for release in releases]
    proposal = propose(
        name,
        base,
        settings,
        namespace=namespace,
        made=made,
        views=views,
        target=target,
        encrypted=encrypted,
        otherwise=otherwise,
    )
    if taken is not None:
        proposal.data.update(taken.data)
        notes += taken.notes
    proposal.before += unreplaced(base, settings.engine, "postBuild" in proposal.data)
    if settings.engine == "argocd":
        proposal.before += barred(root, settings.cluster, proposal.data["namespace"])
    notes += proposal.notes
    notes += [f"not seen: {entry}" for entry in base.not_seen if entry not in base.charts]
    notes += [note for seen in views for note in seen.notes]
    whole = replace(base, objects=(*base.objects, *(item for seen in views for item in seen.objects)))
    return Look(
        name,
        plain_statuses(whole, proposal.data["namespace"], settings),
        remarks(whole, settings),
        proposal,
        {**files, f"apps/{name}/mesh.yaml": proposal.text},
        notes,
        _namespaces(base, proposal),
    )


def _namespaces(base: Base, proposal: Proposal) -> frozenset[str]:
    own = {item.name for item in base.objects if item.kind == "Namespace" and not item.group}
    return frozenset(own | ({proposal.data["namespace"]} if proposal.data.get("createNamespace") else set()))


def _similar(root: Path, name: str) -> str:
    """The folder in apps/ that was probably meant, as a question."""
    return did_you_mean(name, folders_inside(root, FOLDER))


def _look_at_chart(
    root: Path, name: str, chart: Chart, charts: Path | None, namespace: str, context: AppsContext
) -> Look:
    settings, made = context.settings, frozenset(context.namespace_creators)
    rendered = render_chart(chart, name, namespace, charts)
    notes = []
    if rendered is None:
        notes.append(
            f"chart {chart.name} {chart.version} was not found, so its workloads are unknown: "
            "put it into a folder and name that folder with --charts, or add it, "
            "run meshwright charts pull and look at it with meshwright app show"
        )
    seen = Base(f"apps/{name}", rendered.objects if rendered else (), (name,))
    bring = namespace not in made | settings.platform_namespaces
    made |= {namespace} if bring else set()
    proposal = propose(name, seen, settings, namespace=namespace, made=made, chart=name)
    if rendered is None and bring:
        proposal.data |= {"inject": "enabled", "scope": "namespace"}
    files = base_files(name, chart, namespace, settings, bring=bring)
    for path in files:
        if (root / path).exists():
            raise MeshwrightError(f"{path}: already exists and is not overwritten; move it, or use --path")
    files[f"apps/{name}/mesh.yaml"] = proposal.text
    return Look(
        name, plain_statuses(seen, namespace, settings), remarks(seen, settings), proposal, files, notes
    )
