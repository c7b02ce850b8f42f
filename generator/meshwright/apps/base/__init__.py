"""The objects of an application's own manifests, read without running kustomize where possible."""

from meshwright.apps.base.built import build_bases
from meshwright.apps.base.reader import read_bases

__all__ = ["build_bases", "read_bases"]
