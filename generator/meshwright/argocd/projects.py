"""What an AppProject permits its Applications.

source: argo-cd v3.5.1, pkg/apis/application/v1alpha1/app_project_types.go, IsSourcePermitted and
isDestinationMatched: patterns with ``!`` deny, all others permit, and the default is to deny.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshwright.argocd.application import Application
from meshwright.argocd.glob import denies, permits
from meshwright.finding import Finding, Severity
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import items_of, mapping_of

_IN_CLUSTER_SERVER = "https://kubernetes.default.svc"
_IN_CLUSTER_NAME = "in-cluster"


class Projects:
    """The AppProjects of a repository, each with the cluster of its folder."""

    def __init__(self, files: RepositoryFiles, projects: Iterable[tuple[str, BuiltObject]]) -> None:
        self._files = files
        self._projects = list(projects)

    def findings(self, application: Application, cluster: str) -> Iterator[Finding]:
        """Sources and destinations that the Application's project does not permit."""
        name = application.project
        project = self._find(name, cluster)
        if project is None:
            if name != "default" and self._projects:
                yield self._missing(application)
            return
        title = f"AppProject {name}"
        for source in application.sources:
            if not source_permitted(project.data, source.repository):
                at = source.at("repoURL")
                where = position_of(self._files, project, ("spec", "sourceRepos"), key=True)
                text = (
                    f"{application.title} reads '{source.repository}', which {title} ({where}) does not allow"
                )
                yield Finding("build/project-source", at, text, _FIX_SOURCE, application.title)
        if not destination_permitted(project.data, application.destination):
            yield self._refused_destination(application, project)

    def _refused_destination(self, application: Application, project: BuiltObject) -> Finding:
        destination = application.destination
        namespace = str(destination.get("namespace") or "")
        cluster = destination.get("server") or destination.get("name") or "no cluster"
        into = f"namespace '{namespace}' of" if namespace else "no namespace of"
        where = position_of(self._files, project, ("spec", "destinations"), key=True)
        pointer = ("namespace",) if namespace else ()
        return Finding(
            "build/project-destination",
            application.position("spec", "destination", *pointer, key=not pointer),
            f"{application.title} deploys into {into} {cluster}, "
            f"which AppProject {application.project} ({where}) does not allow",
            "add it to the project's destinations"
            if namespace
            else "name a namespace that the project allows, or allow '*'",
            application.title,
        )

    def _find(self, name: str, cluster: str) -> BuiltObject | None:
        named = [(place, project) for place, project in self._projects if project.name == name]
        near = [project for place, project in named if place == cluster]
        return next(iter([*near, *(project for _, project in named)]), None)

    def _missing(self, application: Application) -> Finding:
        near = did_you_mean(application.project, [project.name for _, project in self._projects])
        return Finding(
            "build/missing-project",
            application.position("spec", "project"),
            f"{application.title} names AppProject '{application.project}', which no file defines{near}",
            "",
            application.title,
            Severity.WARNING,
        )


_FIX_SOURCE = "add it to the project's sourceRepos, or use a permitted repository"


def source_permitted(project: Mapping[str, Any], url: str) -> bool:
    """Whether sourceRepos permit a repository or a chart repository."""
    wanted, allowed = _normalised(url), False
    for entry in items_of(mapping_of(project.get("spec")).get("sourceRepos")):
        pattern = str(entry)
        pattern = f"!{_normalised(pattern[1:])}" if denies(pattern) else _normalised(pattern)
        if permits(pattern, wanted, "/"):
            allowed = True
        elif denies(pattern):
            return False
    return allowed


def destination_permitted(project: Mapping[str, Any], destination: Mapping[str, Any]) -> bool:
    """Whether destinations permit a cluster and namespace.

    Only Argo CD can map another cluster's name to its server; entries that depend on that are permitted.
    """
    server, name = str(destination.get("server") or ""), str(destination.get("name") or "")
    if server.rstrip("/") == _IN_CLUSTER_SERVER or name == _IN_CLUSTER_NAME:
        server, name = _IN_CLUSTER_SERVER, _IN_CLUSTER_NAME
    namespace = str(destination.get("namespace") or "")
    allowed = False
    for entry in items_of(mapping_of(project.get("spec")).get("destinations")):
        item = mapping_of(entry)
        item_name, item_server = str(item.get("name") or ""), str(item.get("server") or "")
        item_namespace = str(item.get("namespace") or "")
        name_fits = bool(name) and permits(item_name, name)
        server_fits = bool(server) and permits(item_server, server)
        namespace_fits = permits(item_namespace, namespace)
        unknown = (not server and bool(item_server) and not item_name) or (
            not name and bool(item_name) and not item_server
        )
        if namespace_fits and (name_fits or server_fits or unknown):
            allowed = True
        elif (
            (name and not name_fits and denies(item_name))
            or (server and not server_fits and denies(item_server) and namespace_fits)
            or (not namespace_fits and denies(item_namespace) and (server_fits or unknown))
        ):
            return False
    return allowed


def _normalised(url: str) -> str:
    """Normalise a URL like Argo CD (util/git, NormalizeGitURL): ssh forms are equal, https differs."""
    text = url.strip().lower()
    if re.match(r"^(?:ssh://)?[^/:]*@[^@]+$", text) and not text.startswith("ssh://"):
        text = text.replace(":", "/", 1)
    return text.removesuffix(".git").removeprefix("ssh://")
