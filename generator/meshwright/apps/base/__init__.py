"""What an application's own manifests hold, read without a process for the usual ones."""

from meshwright.apps.base.reader import read_bases

__all__ = ["read_bases"]
