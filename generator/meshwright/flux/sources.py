"""Which Flux sources refer to this repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.flux.discovery import FluxDiscovery
from meshwright.flux.kustomization import FluxKustomization, SourceReference
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.folders import with_parents
from meshwright.manifests.gitremote import bare, remotes

_REPOSITORY_KINDS = frozenset({"GitRepository", "OCIRepository", "Bucket"})
# What flux bootstrap and flux-operator call the repository that they sync.
_CONVENTION = "flux-system"


class OwnSources:
    """The sources that refer to this repository, inferred from its files.

    A source refers to this repository if a Kustomization with that source builds a folder that contains
    Kustomizations, if its URL is a remote of the checkout, if most of the folders that its Kustomizations
    build are here (so that one misspelled path hides nothing), or if the repository does not define the
    source but contains the requested path.
    """

    def __init__(self, files: RepositoryFiles, discovery: FluxDiscovery) -> None:
        self._files = files
        self._defined = discovery.sources
        kustomizations = discovery.kustomizations
        folders = with_parents({posixpath.dirname(item.origin) or "." for item in kustomizations})
        self._own: set[SourceReference] = set()
        for item in kustomizations:
            with contained(discovery.findings, "reading a Kustomization", Position(item.origin)):
                # "." proves nothing: it contains everything, and other repositories are built from it too.
                if (item.path != "." and item.path in folders) or self._is_undefined_here(item):
                    self._own.add(item.source)
        self._own |= self._whose_folders_are_here(kustomizations)
        checkout = remotes(files.checkout)
        self._own |= {source for source, url in self._defined.items() if bare(url) in checkout}
        if not self._own:
            self._own = {item.source for item in kustomizations if item.path == "."}
        self._own = {source for source in self._own if source.kind in _REPOSITORY_KINDS}

    def __contains__(self, source: SourceReference) -> bool:
        return source in self._own

    def is_same_repository(self, source: SourceReference) -> bool:
        """Whether a source is of this repository, also if only its URL says so, or only its name."""
        if source in self._own or source not in self._defined:
            return True
        urls = {bare(self._defined.get(own, "")) for own in self._own} - {""}
        return bare(self._defined[source]) in urls

    def url(self, source: SourceReference) -> str:
        """The URL of a source, empty if the repository does not define it."""
        return self._defined.get(source, "")

    def reason(self, kustomization: FluxKustomization) -> str:
        """Why a Kustomization with another source is not read."""
        source = kustomization.source
        if not source.name:
            return "it has no sourceRef name"
        if source in self._defined:
            url = self._defined[source]
            return f"it reads {source}{f' ({url})' if url else ''}, which is not this repository"
        return f"it reads {source}, which this repository does not define"

    def _whose_folders_are_here(self, kustomizations: Iterable[FluxKustomization]) -> set[SourceReference]:
        folders: dict[SourceReference, set[str]] = {}
        for item in kustomizations:
            if item.path != ".":
                folders.setdefault(item.source, set()).add(item.path)
        found = {source: sum(map(self._files.is_folder, paths)) for source, paths in folders.items()}
        # A single folder proves nothing: `deploy` and `kustomize` are in many repositories.
        return {source for source, here in found.items() if here > 1 and 2 * here > len(folders[source])}

    def _is_undefined_here(self, item: FluxKustomization) -> bool:
        if item.source in self._defined:
            return False
        return item.source.name == _CONVENTION or (item.path != "." and self._files.is_folder(item.path))
