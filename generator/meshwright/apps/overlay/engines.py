"""Objects of the other engine: Argo CD installs nothing from a HelmRelease or a Flux Kustomization."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.apps.model import Base
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import mapping_of

_FLUX = {
    "helm.toolkit.fluxcd.io": "install the chart with helmCharts in its kustomization.yaml",
    "kustomize.toolkit.fluxcd.io": "make its folder an application of its own",
}


def is_encrypted(item: BuiltObject) -> bool:
    """Whether SOPS encrypted an object, whose metadata of SOPS may still be there."""
    return item.encrypted or "mac" in mapping_of(item.data.get("sops"))


def engine_findings(base: Base, engine: str) -> Iterator[Finding]:
    """A finding for each object that only Flux reads or decrypts, in a repository for Argo CD."""
    for item in base.objects if engine == "argocd" else ():
        if is_encrypted(item):
            text = f"{item.short_title} is encrypted with SOPS, which Argo CD does not decrypt"
            fix = "use External Secrets or Sealed Secrets"
            yield Finding("mesh/engine", item.origin.position, text, fix)
        if item.group in _FLUX:
            text = f"{item.short_title} has no effect: Flux reads it, but this repository uses Argo CD"
            yield Finding("mesh/engine", item.origin.position, text, _FLUX[item.group])
