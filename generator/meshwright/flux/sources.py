"""Which sources are this repository itself."""

from __future__ import annotations

import posixpath

from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.flux.discovery import FluxDiscovery
from meshwright.flux.kustomization import FluxKustomization, SourceReference
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.folders import with_above
from meshwright.manifests.gitremote import bare, remotes

_REPOSITORY_KINDS = frozenset({"GitRepository", "OCIRepository", "Bucket"})
# What flux bootstrap and flux-operator call the repository that they sync.
_CONVENTION = "flux-system"


class OwnSources:
    """Tells this repository's own sources from others, by what the repository shows.

    A source is its own when a Kustomization on it builds the folder that Kustomizations stand in,
    when its URL is a remote of the checkout, or when the repository does not define it and has the
    path that is asked for.
    """

    def __init__(self, files: RepositoryFiles, discovery: FluxDiscovery) -> None:
        self._files = files
        self._defined = discovery.sources
        kustomizations = discovery.kustomizations
        folders = with_above({posixpath.dirname(item.origin) or "." for item in kustomizations})
        self._own: set[SourceReference] = set()
        for item in kustomizations:
            with contained(discovery.findings, "reading a Kustomization", Position(item.origin)):
                # "." holds everything and is also what other repositories are built from: no evidence.
                if (item.path != "." and item.path in folders) or self._is_undefined_here(item):
                    self._own.add(item.source)
        checkout = remotes(files.checkout)
        self._own |= {source for source, url in self._defined.items() if bare(url) in checkout}
        if not self._own:
            self._own = {item.source for item in kustomizations if item.path == "."}
        self._own = {source for source in self._own if source.kind in _REPOSITORY_KINDS}

    def __contains__(self, source: SourceReference) -> bool:
        return source in self._own

    def reason(self, kustomization: FluxKustomization) -> str:
        """Why a Kustomization on another source is not seen."""
        source = kustomization.source
        if not source.name:
            return "it names no source"
        if source in self._defined:
            url = self._defined[source]
            return f"it reads {source}{f' ({url})' if url else ''}, which is not this repository"
        return f"it reads {source}, which this repository does not define"

    def _is_undefined_here(self, item: FluxKustomization) -> bool:
        if item.source in self._defined:
            return False
        return item.source.name == _CONVENTION or (item.path != "." and self._files.is_folder(item.path))
